"""Columns of numbers from a query of DuckDB, through the Arrow C stream interface.

DuckDB fills numpy's arrays value by value, which takes half as long again as to decode a Parquet
file; a stream hands over whole buffers. Neither side needs pyarrow. The structures are those of
https://arrow.apache.org/docs/format/CDataInterface.html and .../CStreamInterface.html.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_CAPSULE = b"arrow_array_stream"
_TYPES = {
    "c": "i1", "C": "u1", "s": "i2", "S": "u2", "i": "i4", "I": "u4", "l": "i8", "L": "u8",
    "f": "f4", "g": "f8",
}  # fmt: skip
"""Arrow's formats whose buffer of values is numpy's array."""


class _Schema(ctypes.Structure):
    """ArrowSchema."""


class _Array(ctypes.Structure):
    """ArrowArray."""


class _Stream(ctypes.Structure):
    """ArrowArrayStream."""


_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))),
    ("private_data", ctypes.c_void_p),
]
_Stream._fields_ = [
    (
        "get_schema",
        ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Schema)),
    ),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array))),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_Stream))),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Stream))),
    ("private_data", ctypes.c_void_p),
]


def numbers(database: Any, query: str, rows: int) -> dict[str, Array] | None:
    """The columns of a query for so many rows, by name; None where one of them is not of numbers,
    has nulls, or cannot be read: why, DuckDB's own ways of fetching say."""
    import duckdb

    with database.cursor() as cursor:
        try:
            capsule = cursor.sql(query).__arrow_c_stream__()
        except duckdb.Error:
            return None
        found = _numbers(capsule, rows)
        del capsule  # releases the stream, while its connection is there
        return found


def _numbers(capsule: Any, rows: int) -> dict[str, Array] | None:
    import numpy as np

    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    stream = ctypes.cast(pointer(capsule, _CAPSULE), ctypes.POINTER(_Stream))
    types = _types(stream)
    if types is None:
        return None
    found = {name: np.empty(rows, dtype) for name, dtype in types.items()}
    at = 0
    while (part := _next(stream)) is not None:
        try:
            if at + part.length > rows or not _copied(part, [*found.values()], at):
                return None
            at += part.length
        finally:
            part.release(ctypes.byref(part))
    return found if at == rows else None


def _types(stream: Any) -> dict[str, str] | None:
    """The type of each column by its name; None where one is not of numbers."""
    schema = _Schema()
    if stream.contents.get_schema(stream, ctypes.byref(schema)):
        return None
    try:
        columns = [schema.children[at].contents for at in range(schema.n_children)]
        formats = {one.name.decode(): one.format.decode() for one in columns}
        if not all(one in _TYPES for one in formats.values()):
            return None
        return {name: _TYPES[one] for name, one in formats.items()}
    finally:
        schema.release(ctypes.byref(schema))


def _next(stream: Any) -> Any:
    """The next rows; None at the end, or where they cannot be read."""
    part = _Array()
    if stream.contents.get_next(stream, ctypes.byref(part)) or not part.release:
        return None
    return part


def _copied(part: Any, columns: list[Array], at: int) -> bool:
    """True if the rows were copied into the columns from place `at`: none of them is null."""
    for number, column in enumerate(columns):
        values = part.children[number].contents
        if values.null_count:
            return False
        size = column.dtype.itemsize
        if values.length:
            start = values.buffers[1] + values.offset * size
            ctypes.memmove(column.ctypes.data + at * size, start, values.length * size)
    return True
