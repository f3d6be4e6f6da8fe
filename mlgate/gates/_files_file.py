"""One file as the rules of the `files` gate see it, and what a rule says about it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import shown

if TYPE_CHECKING:
    from mlgate.core.snapshot import Entry

SNIFFED = 8192
"""A NUL among this many first bytes makes a file binary, as git decides it."""


class Found(NamedTuple):
    """What a rule found in a file; lines count from 1."""

    rule: str
    line: int | None
    message: str
    mend: str | None = None
    """The exact command, where the rule's own advice can be made precise."""


class File(Struct, frozen=True):
    """A regular file's path, mode and bytes."""

    path: str
    mode: str
    raw: bytes

    @property
    def suffix(self) -> str:
        """The lower-case ending, with its dot."""
        return os.path.splitext(self.path)[1].lower()

    @property
    def name(self) -> str:
        """The path's last part."""
        return self.path.rpartition("/")[2]

    @property
    def binary(self) -> bool:
        """True where only the rules on bytes apply."""
        return self.raw.find(b"\0", 0, SNIFFED) >= 0

    def line_at(self, offset: int) -> int:
        """The line that holds the byte at `offset`."""
        return self.raw.count(b"\n", 0, offset) + 1


def opened(root: str, path: str, entry: Entry, limit: int) -> tuple[File | None, int]:
    """The file and its size; None instead of a file larger than `limit` bytes.

    Raises `GateError` where it is gone, unreadable, or no regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(os.path.join(root, path), flags | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise GateError(f"{shown(path)} is no regular file")
            if status.st_size > limit:
                return None, status.st_size
            raw = stream.read()
    except OSError as error:
        raise GateError(
            f"{shown(path)} cannot be read: {error.strerror}",
            "restore it, or mend its permissions, and run again",
        ) from None
    return File(path, entry.mode, raw), len(raw)


def blob_id(content: bytes, like: str) -> str:
    """Git's id of a blob, in the object format of the id `like`."""
    import hashlib

    digest = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return digest(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
