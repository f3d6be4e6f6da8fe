"""What the messages of an HDF5 object say: shape, type, place, attribute."""

from __future__ import annotations

import struct
from typing import NamedTuple

from mlgate.artifacts.outcome import malformed

_FIXED, _FLOAT, _TEXT, _BITS, _ENUM, _VLEN = 0, 1, 3, 4, 8, 9
_PLAIN = frozenset({_FIXED, _FLOAT, _TEXT, _BITS, _ENUM})
_VLEN_SIZE = 16
_IS_TEXT = 1
_COMPACT, _CONTIGUOUS = 0, 1
_NOWHERE = 0xFFFFFFFFFFFFFFFF
_MOST = 1 << 60


class Element(NamedTuple):
    """The type of one value."""

    size: int
    vlen: bool
    """Whether it is a text of its own length, which lies elsewhere in the file."""


class Attribute(NamedTuple):
    """A named value beside an object."""

    name: bytes
    element: Element
    data: bytes


def element(raw: bytes) -> Element:
    """Numbers, booleans and texts; raises `Refused` for all else, references among it."""
    kind, size = _fields("<B3xL", raw)
    if kind & 0xF == _VLEN and raw[1] & 0xF == _IS_TEXT and size == _VLEN_SIZE:
        return Element(size, vlen=True)
    if kind & 0xF not in _PLAIN or not size:
        raise malformed("its HDF5 has values of a type that Keras does not write")
    return Element(size, vlen=False)


def count(raw: bytes) -> int:
    """How many values a shape has."""
    version, rank, _, kind = _fields("<4B", raw)
    if version not in (1, 2) or rank > 32 or (version == 2 and kind > 2):
        raise malformed("its HDF5 has a shape that cannot be read")
    if version == 2 and kind == 2:
        return 0
    total = 1
    for side in _fields(f"<{rank}Q", raw[8 if version == 1 else 4 :]):
        total *= side
        if total > _MOST:
            raise malformed("an array of its HDF5 is larger than any memory")
    return total


def place(raw: bytes) -> tuple[int | None, int]:
    """Where an array's values begin, None where they lie in the object itself; and their length."""
    version, kind = _fields("<2B", raw)
    if version != 3 or kind not in (_COMPACT, _CONTIGUOUS):
        raise malformed("its HDF5 has chunked or virtual arrays, which Keras does not write")
    if kind == _COMPACT:
        (size,) = _fields("<H", raw[2:])
        if len(raw) < 4 + size:
            raise malformed("its HDF5 points outside the file")
        return None, size
    at, size = _fields("<2Q", raw[2:])
    if at == _NOWHERE and size:
        raise malformed("an array of its HDF5 has no values")
    return at, size


def attribute(raw: bytes) -> Attribute:
    """Its name as C reads it, up to the first zero, and its values."""
    version, flags, name, kind, space = _fields("<2B3H", raw)
    if version not in (1, 2, 3) or (version > 1 and flags):
        raise malformed("an attribute of its HDF5 cannot be read")
    at = 9 if version == 3 else 8
    parts = []
    for length in (name, kind, space):
        parts.append(raw[at : at + length])
        at += -(-length // 8) * 8 if version == 1 else length
    found = element(parts[1])
    size = count(parts[2]) * found.size
    if len(raw) < at + size:
        raise malformed("an attribute of its HDF5 is cut")
    return Attribute(parts[0].partition(b"\0")[0], found, raw[at : at + size])


def _fields(form: str, raw: bytes) -> tuple[int, ...]:
    if len(raw) < struct.calcsize(form):
        raise malformed("its HDF5 ends too early")
    return struct.unpack_from(form, raw)
