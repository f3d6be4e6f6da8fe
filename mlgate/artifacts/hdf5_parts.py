"""The bytes of an HDF5 file, of which no two parts share any."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, BinaryIO

from mlgate.artifacts.outcome import Refused, malformed

if TYPE_CHECKING:
    from mlgate.artifacts.outcome import Scan

_COLLECTION = struct.Struct("<4sB3xQ")
_TEXT = struct.Struct("<2H4xQ")
_LARGEST = 64 << 20


class Parts:
    """A reader that remembers what it has read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)
        self._claimed: list[tuple[int, int]] = []

    def peek(self, at: int, size: int) -> bytes:
        """Bytes that must be there."""
        if size > _LARGEST:
            raise Refused("limit", "a part of its HDF5 is too large to be read")
        if at + size > self.size:
            raise malformed("its HDF5 points outside the file")
        self._file.seek(at)
        return self._file.read(size)

    def take(self, at: int, size: int) -> bytes:
        """The same, as a part of its own."""
        raw = self.peek(at, size)
        self.claim(at, size)
        return raw

    def claim(self, at: int, size: int) -> None:
        """A part that is not read."""
        if at + size > self.size:
            raise malformed("its HDF5 points outside the file")
        self._claimed.append((at, at + size))

    def refuse_overlaps(self, end: int) -> None:
        """Raises `Refused` where a part begins before `end`, or before another one ends."""
        for start, stop in sorted(self._claimed):
            if start < end:
                raise malformed("parts of its HDF5 overlap")
            end = stop

    def texts(self, at: int, scan: Scan) -> dict[int, bytes]:
        """A collection of texts (a global heap), by their numbers."""
        mark, version, size = _COLLECTION.unpack(self.peek(at, _COLLECTION.size))
        if mark != b"GCOL" or version != 1:
            raise malformed("a text of its HDF5 is not where it says")
        raw = self.take(at, size)
        found: dict[int, bytes] = {}
        here = _COLLECTION.size
        while here + _TEXT.size <= len(raw):
            scan.values(1)
            number, _, length = _TEXT.unpack_from(raw, here)
            if not number:
                break
            here += _TEXT.size
            if number in found or here + length > len(raw):
                raise malformed("a text of its HDF5 is not where it says")
            found[number] = raw[here : here + length]
            here += -(-length // 8) * 8
        return found
