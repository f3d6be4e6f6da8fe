"""The digest of a file's content, remembered under the file's signature as git's index does it."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, Protocol

import msgspec

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.text import shown

if TYPE_CHECKING:
    from datetime import datetime

    from mlgate.store.store import Store

_CHUNK = 1 << 20
_RACY = 2_000_000_000
"""Nanoseconds: a file that was written so shortly before it was read may change unseen."""


class Memory(Protocol):
    """What is needed to remember: a gate's context has it."""

    @property
    def store(self) -> Store | None: ...
    @property
    def now(self) -> datetime: ...


def day(ctx: Memory) -> int:
    """Today as a number, for the store's housekeeping."""
    return int(ctx.now.timestamp() // 86400)


def signature(file: str) -> tuple[int, ...]:
    """What changes when a file is written: device, inode, size, times. Raises `GateError`."""
    try:
        found = os.stat(file)
    except OSError as error:
        raise GateError(f"{shown(file)} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise GateError(f"{shown(file)} is no regular file")
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def known(ctx: Memory, file: str) -> str | None:
    """The digest that is remembered for the file as it is now."""
    if ctx.store is None:
        return None
    key = _key(file, signature(file))
    found = ctx.store.get("memos", [key], day(ctx)).get(key)
    return found.decode() if found else None


def computed(ctx: Memory, file: str) -> str:
    """The digest of the content. Raises `GateError` where it changes meanwhile."""
    before, began = signature(file), time.time_ns()
    digest = digest_of()
    try:
        with open(file, "rb", buffering=0) as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise GateError(f"{shown(file)} cannot be read: {error.strerror}") from None
    unchanged(file, before)
    found = f"blake2b:{digest.hexdigest()}"
    if ctx.store is not None and max(before[3:]) < began - _RACY:
        ctx.store.put("memos", {_key(file, before): found.encode()}, day(ctx))
    return found


def unchanged(file: str, before: tuple[int, ...]) -> None:
    """Raises `GateError` where the file is not what it was."""
    if signature(file) != before:
        raise GateError(f"{shown(file)} was written to while it was read", "run the check again")


def _key(file: str, found: tuple[int, ...]) -> bytes:
    parts = ("table-signature", os.fsencode(os.path.realpath(file)), *found)
    return digest_of(msgspec.msgpack.encode(parts)).digest()
