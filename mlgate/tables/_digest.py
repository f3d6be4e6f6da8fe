"""What a file's content is known by: its digest, or its signature as git's index has it."""

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


def stated(file: str) -> str | None:
    """What stands for the content of a file that nobody has digested: where it lies, and its
    signature; None where it was written so lately that it may change unseen.

    Reading ten million rows to digest them costs as much as deciding on them, and whoever remembers
    the digest of a file believes its signature too. No program sets the change time in it; only a
    clock that was put back, or a machine's image restored in the middle of a run, can deceive it.
    """
    found = signature(file)
    if max(found[3:]) > time.time_ns() - _RACY:
        return None
    parts = ("table-signature", os.fsencode(os.path.realpath(file)), *found)
    return f"file:{digest_of(msgspec.msgpack.encode(parts)).hexdigest()}"


def computed(file: str) -> str:
    """The digest of the content. Raises `GateError` where it changes meanwhile."""
    before = signature(file)
    digest = digest_of()
    try:
        with open(file, "rb", buffering=0) as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise GateError(f"{shown(file)} cannot be read: {error.strerror}") from None
    unchanged(file, before)
    return f"blake2b:{digest.hexdigest()}"


def unchanged(file: str, before: tuple[int, ...]) -> None:
    """Raises `GateError` where the file is not what it was."""
    if signature(file) != before:
        raise GateError(f"{shown(file)} was written to while it was read", "run the check again")
