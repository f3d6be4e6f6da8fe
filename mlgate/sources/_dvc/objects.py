"""Where DVC keeps objects, and which of them a folder of this machine holds, with their sizes."""

from __future__ import annotations

import contextlib
import gc
import os
import stat
from collections.abc import Iterator
from hashlib import md5

from mlgate.sources._dvc.facts import LEGACY

_CHUNK = 1 << 20
_FEW = 1000
_TEXT = bytes(range(32, 127)) + b"\n\r\t\f\b"

Key = tuple[str, str]
"""An object: algorithm and hash."""

Wanted = dict[str, set[str]]
"""Objects: algorithm to hashes."""

Sizes = dict[str, dict[str, int]]
"""Algorithm to hash to bytes, of those that are there."""


def place(algorithm: str, hash_: str) -> str:
    """Where an object lies below a cache or a remote; objects of DVC 2 lie at its top."""
    top = "" if algorithm == LEGACY else "files/md5/"
    return f"{top}{hash_[:2]}/{hash_[2:]}"


def sizes(folder: str, wanted: Wanted) -> Sizes:
    """The size of each wanted object that a cache or remote, which is a folder, holds.

    Nothing but the folders in which they would lie is listed. Raises `OSError` where one of these
    cannot be read.
    """
    found: Sizes = {}
    for algorithm, hashes in wanted.items():
        top = os.path.join(folder, *place(algorithm, "").split("/")[:-2])
        found[algorithm] = _listed(top, hashes) if len(hashes) > _FEW else _asked(top, hashes)
    return found


def size(folder: str, key: Key) -> int | None:
    """The size of one object; None where it is not there. Raises `OSError`."""
    return sizes(folder, {key[0]: {key[1]}})[key[0]].get(key[1])


def _asked(top: str, hashes: set[str]) -> dict[str, int]:
    found = {}
    for hash_ in hashes:
        try:
            status = os.stat(os.path.join(top, hash_[:2], hash_[2:]))
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISREG(status.st_mode):
            found[hash_] = status.st_size
    return found


def _listed(top: str, hashes: set[str]) -> dict[str, int]:
    """By listing the folders of the first two digits, which is a fifth of the work of asking."""
    found: dict[str, int] = {}
    with uncollected():
        for prefix in map("{:02x}".format, range(256)):
            try:
                with os.scandir(os.path.join(top, prefix)) as entries:
                    for entry in entries:
                        hash_ = prefix + entry.name
                        if hash_ in hashes:
                            found[hash_] = entry.stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                continue
    return found


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Makes very many objects without the collector looking at all of them again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def read(folder: str, algorithm: str, hash_: str, largest: int) -> bytes | None:
    """The bytes of an object in a cache or remote that is a folder; None where it is not there.

    Raises `OSError` where it cannot be read, or is larger than `largest` bytes.
    """
    try:
        with open(os.path.join(folder, place(algorithm, hash_)), "rb") as file:
            raw = file.read(largest + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    if len(raw) > largest:
        raise OSError(27, f"larger than {largest >> 20} MiB")
    return raw


def copy(folder: str, key: Key, target: str) -> None:
    """Copy an object of a folder to the file `target`, where it is there. Raises `OSError`."""
    import shutil

    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        shutil.copyfile(os.path.join(folder, place(*key)), target)


def file_hash(path: str, algorithm: str, dir_fd: int | None = None) -> str:
    """The hash that DVC gives the file at `path`. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0), dir_fd=dir_fd)
    total = md5(usedforsecurity=False)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(22, "no regular file")
        buffer = bytearray(_CHUNK)
        view = memoryview(buffer)
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            while count := file.readinto(buffer):
                total.update(view[:count] if algorithm != LEGACY else _as_unix(buffer[:count]))
    finally:
        os.close(descriptor)
    return total.hexdigest()


def bytes_hash(content: bytes, algorithm: str) -> str:
    """The hash that DVC gives a file with these bytes."""
    if algorithm != LEGACY:
        return md5(content, usedforsecurity=False).hexdigest()
    total = md5(usedforsecurity=False)
    for start in range(0, len(content), _CHUNK):
        total.update(_as_unix(content[start : start + _CHUNK]))
    return total.hexdigest()


def _as_unix(chunk: bytes | bytearray) -> bytes:
    """DVC 2's reading of one chunk: CRLF is LF where the chunk's beginning looks like text."""
    block = bytes(chunk[:512])
    if b"\0" in block or len(block.translate(None, _TEXT)) > 0.30 * len(block):
        return bytes(chunk)
    return bytes(chunk).replace(b"\r\n", b"\n")
