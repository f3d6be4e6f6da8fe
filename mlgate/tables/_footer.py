"""What the footers of Parquet files prove, without a page of data being read.

Believed are row counts, null counts, and the least and greatest of numbers and times. Texts may be
cut there, and a float's bounds say nothing of NaN unless the file is DuckDB's, which then leaves
the bounds out.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from mlgate.tables import aggregates as ask
from mlgate.tables._queries import Rows
from mlgate.tables._sql import Columns, microseconds, text
from mlgate.tables.aggregates import Aggregate, Value

UNKNOWN = object()
"""The footer does not decide it."""


class Facts(Struct, frozen=True):
    """What is known of a column in one file: rows, nulls, bounds; None where unknown."""

    rows: int
    nulls: int | None
    low: float | int | None
    high: float | int | None
    whole: bool
    """True if there is no NaN and no infinity, for certain."""
    groups: tuple[tuple[int, int], ...] = ()
    """The bounds of each row group, where all are known whole numbers."""


class Footer(Struct, frozen=True):
    """What a file's footer says."""

    rows: int
    columns: dict[str, Facts]


def read(file: str, wanted: Iterable[str], columns: Columns, rows: Rows) -> Footer:
    """The footer of one file, as to the columns that are wanted."""
    about = f"parquet_file_metadata({text(file)})"
    count, author = rows(f"SELECT num_rows, created_by FROM {about}")[0]
    ours = (author or "").startswith("DuckDB")
    names = [name for name in dict.fromkeys(wanted) if name in columns]
    if not names:
        return Footer(count, {})
    listed = ", ".join(text(name) for name in names)
    query = (
        "SELECT path_in_schema, row_group_id, num_values, stats_null_count, stats_min_value,"
        f" stats_max_value FROM parquet_metadata({text(file)}) WHERE path_in_schema IN ({listed})"
        " ORDER BY row_group_id"
    )
    groups: dict[str, list[tuple[Any, ...]]] = {name: [] for name in names}
    for column, _, values, nulls, *ends in rows(query):
        if columns[column].native == "FLOAT":
            ends = [*map(_single, ends)]
        groups[column].append((values, nulls, *ends))
    found = {
        name: facts(name, columns[name].type, groups[name], count, ours)
        for name in names
        if groups[name] or not count
    }
    return Footer(count, found)


def whole_numbers(
    files: Sequence[str], column: str, columns: Columns, rows: Rows
) -> dict[str, Facts]:
    """What the footers of many files say of a column of whole numbers; no file of other types."""
    if column not in columns or columns[column].type != "integer":
        return {}
    listed = "[" + ", ".join(map(text, files)) + "]"
    counts: dict[str, int] = dict(
        rows(f"SELECT file_name, num_rows FROM parquet_file_metadata({listed})")
    )
    query = (
        "SELECT file_name, type, num_values, stats_null_count, stats_min_value, stats_max_value"
        f" FROM parquet_metadata({listed}) WHERE path_in_schema = {text(column)}"
    )
    groups: dict[str, list[tuple[Any, ...]]] = {}
    odd = set()
    for file, kind, *said in rows(query):
        groups.setdefault(file, []).append(tuple(said))
        odd |= {file} if kind not in ("INT32", "INT64") else set()
    return {
        file: facts(column, "integer", found, counts[file], False)
        for file, found in groups.items()
        if file not in odd
    }


def facts(
    column: str, kind: str, groups: Sequence[tuple[Any, ...]], count: int, ours: bool
) -> Facts:
    """What a column's row groups prove, each given as (values, nulls, least, greatest)."""
    complete = sum(values for values, *_ in groups) == count  # else it is nested
    known = complete and all(gone is not None and 0 <= gone <= n for n, gone, *_ in groups)
    nulls = sum(nulls for _, nulls, *_ in groups) if known else None
    filled = [(low, high) for values, gone, low, high in groups if gone is None or gone < values]
    bounds = [_bounds(column, kind, low, high) for low, high in filled]
    if not known or not bounds or None in bounds:
        return Facts(count, nulls, None, None, False)
    pairs = [pair for pair in bounds if pair is not None]
    low, high = min(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
    whole = kind != "float" or (ours and math.isfinite(low) and math.isfinite(high))
    exact = tuple(pairs) if kind == "integer" else ()
    return Facts(count, nulls, low, high, whole, exact)  # type: ignore[arg-type]


def _single(bound: str | None) -> str | None:
    """A bound of single-precision numbers as the value it stands for, which has more digits than
    the engine shows."""
    return None if bound is None else repr(struct.unpack("<f", struct.pack("<f", float(bound)))[0])


_PARSED: dict[str, Callable[[str, str], float | int]] = {
    "integer": lambda _, value: int(value),
    "float": lambda _, value: float(value),
    "decimal": lambda _, value: float(value),
    "timestamp": lambda column, value: microseconds(column, value),
    "date": lambda column, value: microseconds(column, value),
}


def _bounds(
    column: str, kind: str, low: str | None, high: str | None
) -> tuple[float | int, float | int] | None:
    parse = _PARSED.get(kind)
    if parse is None or low is None or high is None:
        return None
    try:
        pair = parse(column, low), parse(column, high)
    except Exception:  # a year beyond Python's, a form that is new: then it is read from the data
        return None
    return pair if pair[0] <= pair[1] else None  # false for NaN


_PROVABLE = (ask.Rows, ask.Nulls, ask.NotFinite, ask.Minimum, ask.Maximum, ask.Extent, ask.Between)


def may_prove(aggregate: Aggregate) -> bool:
    """True for what footers answer, if not those of every file."""
    return isinstance(aggregate, _PROVABLE) and aggregate.where is None


def proven(aggregate: Aggregate, footer: Footer, columns: Columns) -> Value:
    """The answer that the footer proves, or `UNKNOWN`."""
    if aggregate.where is not None:
        return UNKNOWN
    if isinstance(aggregate, ask.Rows):
        return footer.rows
    if not isinstance(aggregate, ask.OfColumn) or aggregate.column not in footer.columns:
        return UNKNOWN
    facts, kind = footer.columns[aggregate.column], columns[aggregate.column].type
    match aggregate:
        case ask.Nulls():
            return UNKNOWN if facts.nulls is None else facts.nulls
        case ask.NotFinite() if kind != "float" or facts.whole:
            return [0, 0, 0]
        case ask.Minimum() if facts.whole:
            return facts.low
        case ask.Maximum() if facts.whole:
            return facts.high
        case ask.Extent(low=None, high=None) if facts.whole:
            return [facts.low, facts.high]
        case ask.Between(low=low, high=high) if facts.whole and facts.nulls is not None:
            return _between(facts, *(_bound(aggregate.column, kind, b) for b in (low, high)))
    return UNKNOWN


def _bound(column: str, kind: str, bound: ask.Bound) -> float | int | None:
    """A bound as the footer's numbers compare with; NaN, which compares with none, for others."""
    if bound is None:
        return None
    if kind in ("timestamp", "date"):
        return microseconds(column, bound)
    return math.nan if isinstance(bound, str) else bound


def _between(facts: Facts, low: float | int | None, high: float | int | None) -> Value:
    if facts.low is None or facts.high is None or facts.nulls is None:
        return UNKNOWN
    inside = (low is None or facts.low >= low) and (high is None or facts.high <= high)
    return facts.rows - facts.nulls if inside else UNKNOWN


def within(a: ask.Histogram, footer: Footer) -> bool:
    """True if all values of the column are finite, and lie in one of the bins."""
    facts = footer.columns.get(a.column)
    if facts is None or not facts.whole or facts.low is None or facts.high is None:
        return False
    return a.low <= facts.low and facts.high < a.high
