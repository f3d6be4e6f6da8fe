"""The footers of plain Parquet files, read without the engine, whose import costs ten times that.

Whatever is not as most files are (nested columns, rarer types, a footer that is long, damaged or
encrypted) is left to the engine. Of the bounds only those are read whose order the format defines.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mlgate.tables._footer import Facts, Footer, facts
from mlgate.tables._thrift import Fields, structure
from mlgate.tables.table import Column, Type

MOST = 1 << 19
"""Bytes of a footer from which on the engine is quicker."""
_BOOLEAN, _INT32, _INT64, _FLOAT, _DOUBLE, _BYTES, _FIXED = 0, 1, 2, 4, 5, 6, 7
_TICKS = {1: (9, 1000), 2: (10, 1)}
"""By the unit of a time: its converted type, and its microseconds; finer ones are left out."""
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years that Python knows, in microseconds from 1970 on."""


class _Kind(NamedTuple):
    """What a column holds: the engine's name of it, a policy's, and how its bounds are packed."""

    native: str
    type: Type
    packed: str | None = None
    scale: int = 1
    """Of times: microseconds in a unit of the bounds. Of decimals: units of the bounds in one."""


_PLAIN = {
    _BOOLEAN: _Kind("BOOLEAN", "boolean"),
    _INT32: _Kind("INTEGER", "integer", "<i"),
    _INT64: _Kind("BIGINT", "integer", "<q"),
    _FLOAT: _Kind("FLOAT", "float", "<f"),
    _DOUBLE: _Kind("DOUBLE", "float", "<d"),
}
"""By the physical type."""
_CONVERTED: dict[tuple[int, int | None], _Kind] = {
    (_BYTES, 0): _Kind("VARCHAR", "string"),
    (_INT32, 6): _Kind("DATE", "date", "<i", 86_400_000_000),
    (_INT32, 11): _Kind("UTINYINT", "integer", "<I"),
    (_INT32, 12): _Kind("USMALLINT", "integer", "<I"),
    (_INT32, 13): _Kind("UINTEGER", "integer", "<I"),
    (_INT64, 14): _Kind("UBIGINT", "integer", "<Q"),
    (_INT32, 15): _Kind("TINYINT", "integer", "<i"),
    (_INT32, 16): _Kind("SMALLINT", "integer", "<i"),
    (_INT32, 17): _Kind("INTEGER", "integer", "<i"),
    (_INT64, 18): _Kind("BIGINT", "integer", "<q"),
}
"""By the physical type and the converted one, as it was called before there were logical ones."""
_DECIMALS = (_INT32, _INT64, _FIXED)
_LOGICAL = {1: 0, 6: 6}
_SIZES = {(8, False): 11, (16, False): 12, (32, False): 13, (64, False): 14,
          (8, True): 15, (16, True): 16, (32, True): 17, (64, True): 18}  # fmt: skip
"""The converted type for texts and dates, and for integers by width and sign."""


def footer(file: str, wanted: Iterable[str]) -> tuple[list[Column], Footer] | None:
    """The columns of a file, and what its footer says of those wanted; None for the engine."""
    said = _said(file)
    if said is None:
        return None
    try:
        return _read(structure(said), [*wanted])
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error):
        return None  # it is not as it must be


def _said(file: str) -> bytes | None:
    try:
        with open(file, "rb") as stream:
            start, size = stream.read(4), stream.seek(0, 2)
            if size < 12 or start != b"PAR1":
                return None
            stream.seek(size - 8)
            end = stream.read(8)
            long = int.from_bytes(end[:4], "little")
            if end[4:] != b"PAR1" or long > min(MOST, size - 12):
                return None
            stream.seek(size - 8 - long)
            return stream.read(long)
    except OSError:
        return None


def _read(said: Fields, wanted: Sequence[str]) -> tuple[list[Column], Footer] | None:
    root, *leaves = said[2]
    kinds = [kind for leaf in leaves if (kind := _kind(leaf)) is not None]
    names = [leaf[4].decode() for leaf in leaves]
    count, groups = said[3], said[4]
    folded = {name.lower() for name in names}  # of columns that differ in case the engine renames
    plain = root[5] == len(leaves) == len(folded) == len(kinds) and 8 not in said
    if not plain or sum(group[3] for group in groups) != count:
        return None
    ours = said.get(6, b"").startswith(b"DuckDB")
    columns, found = [], {}
    for position, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        columns.append(Column(name, kind.type, kind.native))
        if name in wanted:
            chunks = [group[1][position] for group in groups]
            found[name] = _facts(name, kind, chunks, count, ours)
    return columns, Footer(count, found)


def _kind(leaf: Fields) -> _Kind | None:
    """What a column of the schema holds; None where it is for the engine to say."""
    physical, converted, logical = leaf.get(1), leaf.get(6), leaf.get(10)
    if physical is None or 5 in leaf or leaf.get(3) not in (0, 1):
        return None
    if converted == 5 and physical in _DECIMALS:
        return _decimal(physical, leaf[8], leaf[7])
    if logical is None:
        plain = converted is None
        return _PLAIN.get(physical) if plain else _CONVERTED.get((physical, converted))
    ((which, about),) = logical.items()
    if which == 8:
        return _time(about, converted) if physical == _INT64 else None
    same = _SIZES.get((about[1], about[2])) if which == 10 else _LOGICAL.get(which)
    return _CONVERTED.get((physical, same)) if converted in (None, same) else None


def _decimal(physical: int, precision: int, scale: int) -> _Kind | None:
    if not 0 <= scale <= precision <= 38:
        return None
    order = "big" if physical == _FIXED else "little"
    return _Kind(f"DECIMAL({precision},{scale})", "decimal", order, 10**scale)


def _time(about: Fields, converted: int | None) -> _Kind | None:
    (unit,) = about[2]
    same, scale = _TICKS.get(unit, (None, 0))
    if not scale or converted not in (None, same):
        return None
    zone = " WITH TIME ZONE" if about[1] else ""
    return _Kind(f"TIMESTAMP{zone}", "timestamp", "<q", scale)


def _facts(name: str, kind: _Kind, chunks: Sequence[Fields], count: int, ours: bool) -> Facts:
    groups = []
    for chunk in chunks:
        about = chunk[3]
        if about[3] != [name.encode()]:
            raise ValueError("columns are in another order than the schema's")
        known = about.get(12, {})
        ends = [_bound(kind, known.get(field)) for field in (6, 5)]
        groups.append((about[5], known.get(3), *ends))
    return facts(name, kind.type, groups, count, ours)


def _bound(kind: _Kind, raw: bytes | None) -> float | None:
    """A bound as a number, of times in microseconds; None where it is not known."""
    if kind.packed is None or raw is None:
        return None
    if kind.type == "decimal":
        whole = int.from_bytes(raw, "big" if kind.packed == "big" else "little", signed=True)
        return whole / kind.scale if len(raw) <= 16 else None
    value: float = struct.unpack(kind.packed, raw)[0]
    if kind.type not in ("date", "timestamp"):
        return value if math.isfinite(value) else None
    value *= kind.scale
    return value if _FIRST <= value <= _LAST else None
