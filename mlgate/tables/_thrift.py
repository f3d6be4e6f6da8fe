"""Reads Thrift's compact protocol, in which a Parquet file's footer is written.

Of https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md what Parquet
uses: no maps, no sets. Fields have numbers and no names; a structure is a mapping of those.
"""

from __future__ import annotations

from typing import Any

Fields = dict[int, Any]
"""A structure: whole numbers, bytes, truths, lists, and structures, by the number of the field."""

_DEEPEST = 16
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64 = 1, 2, 3, 4, 5, 6
_DOUBLE, _BINARY, _LIST, _STRUCT = 7, 8, 9, 12


def structure(data: bytes) -> Fields:
    """The structure at the start of `data`. Raises `ValueError` where that is none."""
    try:
        return _structure(data, 0, 0)[0]
    except IndexError:
        raise ValueError("it ends too early") from None


def _structure(data: bytes, at: int, depth: int) -> tuple[Fields, int]:
    if depth > _DEEPEST:
        raise ValueError("it is too deep")
    found: Fields = {}
    number = 0
    while head := data[at]:
        at += 1
        kind = head & 15
        if head > 15:
            number += head >> 4
        else:
            number, at = _whole(data, at)
        if kind in (_I32, _I64):  # nearly all of them; most are short
            value = data[at]
            if value < 128:
                found[number], at = (value >> 1) ^ -(value & 1), at + 1
            else:
                found[number], at = _whole(data, at)
        elif kind <= _FALSE:
            found[number] = kind == _TRUE
        else:
            found[number], at = _value(data, at, kind, depth)
    return found, at + 1


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    """One value; not a truth, which is written differently in a list than in a structure."""
    if kind == _STRUCT:
        return _structure(data, at, depth + 1)
    if kind == _BINARY:
        size, at = _varint(data, at)
        return data[at : _within(data, at + size)], at + size
    if kind == _LIST:
        return _list(data, at, depth + 1)
    if kind in (_I16, _I32, _I64):
        return _whole(data, at)
    if kind == _BYTE:
        return data[at], at + 1
    if kind == _DOUBLE:
        return data[at : _within(data, at + 8)], at + 8
    raise ValueError(f"it has a value of kind {kind}")


def _list(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    head = data[at]
    size, kind, at = head >> 4, head & 15, at + 1
    if size == 15:
        size, at = _varint(data, at)
    _within(data, at + size)  # none takes less than a byte
    if depth > _DEEPEST:
        raise ValueError("it is too deep")
    found = []
    for _ in range(size):
        value, at = (data[at] == 1, at + 1) if kind <= _FALSE else _value(data, at, kind, depth)
        found.append(value)
    return found, at


def _whole(data: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(data, at)
    return (value >> 1) ^ -(value & 1), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while (byte := data[at]) & 128:
        value |= (byte & 127) << shift
        shift, at = shift + 7, at + 1
        if shift > 63:
            raise ValueError("it has a number of more than 64 bits")
    return value | byte << shift, at + 1


def _within(data: bytes, end: int) -> int:
    if end > len(data):
        raise ValueError("it ends too early")
    return end
