"""Finds what readers that do not start at the first byte would read in a file of another format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlgate.artifacts.outcome import malformed

if TYPE_CHECKING:
    from typing import BinaryIO

_ZIP_END, _ZIP_ENTRY = b"PK\x05\x06", b"PK\x01\x02"
_ZIP_END_SIZE = 22
_LONGEST_COMMENT = (1 << 16) - 1
_HDF5 = b"\x89HDF\r\n\x1a\n"
_FIRST_HDF5 = 512


def refuse(file: BinaryIO, *, zips: bool) -> None:
    """Raises `Refused` where another format lies in the file: a zip, which is found from the end
    (`zipfile`, so skops and Keras), unless `zips` are known to lie in it; HDF5, which may begin at
    512 bytes or any doubling of it (h5py, so Keras)."""
    size = file.seek(0, os.SEEK_END)
    if not zips and _ends_as_zip(file, size):
        raise malformed("it also reads as a zip archive, from its end")
    at = _FIRST_HDF5
    while at < size:
        file.seek(at)
        if file.read(len(_HDF5)) == _HDF5:
            raise malformed(f"it also reads as HDF5, from byte {at:,}")
        at *= 2


def _ends_as_zip(file: BinaryIO, size: int) -> bool:
    """As `zipfile` looks for it: the last mark, behind a directory of the size that it tells."""
    file.seek(max(0, size - _ZIP_END_SIZE - _LONGEST_COMMENT))
    start, tail = file.tell(), file.read()
    at = tail.rfind(_ZIP_END)
    if at < 0 or len(tail) - at < _ZIP_END_SIZE:
        return False
    directory = start + at - int.from_bytes(tail[at + 12 : at + 16], "little")
    if directory < 0:
        return tail[at + 12 : at + 16] == b"\xff" * 4  # told by the zip64 record
    file.seek(directory)
    return file.read(4) in (_ZIP_ENTRY, _ZIP_END)
