"""Bytes read forward through one small buffer, however large the file is."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from mlgate.artifacts.outcome import malformed

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

_CHUNK = 256 << 10
_LONGEST_LINE = 1 << 20


class Feed:
    """A forward reader; `buffer` and `at` are open to the loops that cannot afford a call."""

    def __init__(self, read: Callable[[int], bytes], seek: Callable[[int], bool] | None = None):
        self._read = read
        self._seek = seek
        self.buffer = b""
        self.at = 0
        self._before = 0

    @property
    def position(self) -> int:
        """Bytes consumed."""
        return self._before + self.at

    def more(self) -> bool:
        """Add a chunk to the buffer; False at the end."""
        chunk = self._read(_CHUNK)
        if not chunk:
            return False
        self._before += self.at
        self.buffer = self.buffer[self.at :] + chunk
        self.at = 0
        return True

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end, without consuming them."""
        missing = size - (len(self.buffer) - self.at)
        if missing > 0:
            parts = [self.buffer[self.at :]]
            while missing > 0 and (chunk := self._read(_CHUNK)):
                parts.append(chunk)
                missing -= len(chunk)
            self._before += self.at
            self.buffer, self.at = b"".join(parts), 0
        return self.buffer[self.at : self.at + size]

    def take(self, size: int) -> bytes:
        """The next `size` bytes, which must be there."""
        at = self.at
        part = self.buffer[at : at + size]
        if len(part) < size:
            part = self.peek(size)
            if len(part) < size:
                raise malformed("it ends too early")
            at = self.at
        self.at = at + size
        return part

    def skip(self, size: int) -> None:
        """Pass over `size` bytes, which must be there."""
        here = len(self.buffer) - self.at
        if size <= here:
            self.at += size
            return
        self._before += len(self.buffer)
        self.buffer, self.at = b"", 0
        rest = size - here
        if self._seek is not None:
            if not self._seek(rest):
                raise malformed("it ends too early")
            self._before += rest
            return
        while rest:
            part = self._read(min(rest, _CHUNK))
            if not part:
                raise malformed("it ends too early")
            self._before += len(part)
            rest -= len(part)

    def skip_rest(self) -> None:
        """Read to the end, where a compressed stream or a member compares its checksum."""
        self.at = len(self.buffer)
        while self.more():
            self.at = len(self.buffer)

    def line(self, longest: int = _LONGEST_LINE) -> bytes:
        """The next bytes up to a line feed, without it."""
        while True:
            end = self.buffer.find(b"\n", self.at)
            if end >= 0:
                line = self.buffer[self.at : end]
                self.at = end + 1
                return line
            here = len(self.buffer) - self.at
            if here > longest or len(self.peek(2 * here + 1)) == here:  # in all, read once
                raise malformed("a line of it does not end")

    def long_line(self) -> tuple[bytes, bytes]:
        """The next bytes up to a line feed, however many: those first, and the last one."""
        first, last = b"", b""
        while True:
            end = self.buffer.find(b"\n", self.at)
            part = self.buffer[self.at : end if end >= 0 else len(self.buffer)]
            first, last = first or part[:_CHUNK], part[-1:] or last
            if end >= 0:
                self.at = end + 1
                return (first if len(part) == len(first) else first + b"...", last)
            self.at = len(self.buffer)
            if not self.more():
                raise malformed("a line of it does not end")

    def ended(self) -> bool:
        """True if nothing is left."""
        return not self.peek(1)


def of_file(file: BinaryIO) -> Feed:
    """A feed from where `file`, which can seek, stands."""
    start = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(start)

    def seek(step: int) -> bool:
        return step <= size and file.seek(step, os.SEEK_CUR) <= size

    return Feed(file.read, seek)


def of_bytes(content: bytes) -> Feed:
    """A feed of bytes that are already here."""
    return Feed(io.BytesIO(content).read)
