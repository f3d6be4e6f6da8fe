"""Aggregates that need a query of their own, as SQL of both engines: groups, histograms, order."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mlgate.tables import aggregates as ask
from mlgate.tables._sql import (
    Columns,
    all_of,
    compared,
    finite,
    found,
    name,
    number,
    numeric,
    order,
    text,
    where,
)  # fmt: skip
from mlgate.tables.aggregates import Aggregate, Value

Rows = Callable[[str], list[tuple[Any, ...]]]
"""Runs a query and gives its rows."""

_SHIFTED = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "BOOLEAN",
     "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}
)  # fmt: skip
_GLANCE = 20_000
"""Rows by which a column of too many different texts is known without grouping all of them."""


def answer(aggregate: Aggregate, source: str, columns: Columns, rows: Rows) -> Value:
    """The answer over `source`, a table expression. Raises `GateError`."""
    return _QUERIES[type(aggregate)](aggregate, source, columns, rows)


def _only(*conditions: str | None) -> str:
    given = [one for one in conditions if one]
    return f" WHERE {' AND '.join(given)}" if given else ""


def _distinct(a: ask.Distinct, source: str, c: Columns, rows: Rows) -> Value:
    found(c, a.column)
    only = _only(where(a))
    return rows(f"SELECT count(DISTINCT {name(a.column)}) FROM {source}{only}")[0][0]


def _roughly(a: ask.RoughlyDistinct, source: str, c: Columns, rows: Rows) -> Value:
    found(c, a.column)
    only = _only(where(a))
    return rows(f"SELECT approx_count_distinct({name(a.column)}) FROM {source}{only}")[0][0]


def _categories(a: ask.Categories, source: str, c: Columns, rows: Rows) -> Value:
    found(c, a.column)
    column, only = name(a.column), where(a)
    if c[a.column].type == "boolean":
        truths = _truths(f"{source}{_only(f'{column} IS NOT NULL', only)}", column, rows)
        return _bounded(truths, a.most)
    glance = f"(SELECT {column} FROM {source} LIMIT {_GLANCE})"
    if rows(f"SELECT count(DISTINCT {column}) FROM {glance}")[0][0] > a.most and not only:
        return None
    query = (
        f"SELECT {column}::string, count(*) FROM {source}"
        f"{_only(f'{column} IS NOT NULL', only)} GROUP BY {column} ORDER BY 1 LIMIT {a.most + 1}"
    )
    return _bounded(rows(query), a.most)


def _truths(source: str, column: str, rows: Rows) -> list[tuple[Any, ...]]:
    """As numbers, which are counted in half the time."""
    query = f"SELECT {column}::tinyint, count(*) FROM {source} GROUP BY 1 ORDER BY 1"
    return [("true" if truth else "false", count) for truth, count in rows(query)]


def _bounded(found_rows: list[tuple[Any, ...]], most: int) -> Value:
    return None if len(found_rows) > most else [list(row) for row in found_rows]


def _most_common(a: ask.MostCommon, source: str, c: Columns, rows: Rows) -> Value:
    found(c, a.column)
    column = name(a.column)
    query = (
        f"SELECT max(n) FROM (SELECT count(*) AS n FROM {source}"
        f"{_only(f'{column} IS NOT NULL', where(a))} GROUP BY {column})"
    )
    return rows(query)[0][0] or 0


def _groups(a: ask.Groups, source: str, c: Columns, rows: Rows) -> Value:
    for column in (*a.by, a.label):
        found(c, column)
    keys = [f"{name(column)}::string" for column in a.by]
    label = f"{name(a.label)}::string"
    positive = a.positive.replace("'", "''")
    order = ", ".join(str(i + 1) for i in range(len(keys)))
    query = (
        f"SELECT {', '.join(keys)}, count(*), count({label}), "
        f"count(*){all_of(f'''{label} = '{positive}' ''')} FROM {source}{_only(where(a))} "
        f"GROUP BY {order} ORDER BY {order} LIMIT {a.most + 1}"
    )
    found_rows = rows(query)
    if len(found_rows) > a.most:
        return None
    n = len(keys)
    return [[list(row[:n]), *row[n:]] for row in found_rows]


def bucket(columns: Columns, column: str, low: float, high: float, bins: int) -> str:
    """The bin of a finite value, from -1 to `bins`, as SQL.

    Divided by the width before anything is taken off, which is exact for powers of two.
    """
    value = f"{numeric(columns, column)}::double"
    width = (high - low) / bins
    first = number(float(math.floor(low / width)))
    return f"least(greatest(floor({value} * {number(1 / width)}) - {first}, -1), {bins})::integer"


def _histogram(a: ask.Histogram, source: str, c: Columns, rows: Rows) -> Value:
    """What lies within by one pass; what lies outside mostly by the bounds of row groups, unread.

    A range that those bounds decide is not looked at row by row, which would let NaN through; so
    `isfinite` stands beside it.
    """
    value, fit, only = numeric(c, a.column), finite(c, a.column), where(a)
    low, high = (number(_end(c, a.column, end)) for end in (a.low, a.high))
    found_rows = _bins(a, source, c, rows, fit, f"{value} >= {low}", f"{value} < {high}")
    if a.inside:
        return found_rows
    ends = [
        rows(f"SELECT count(*) FROM {source}{_only(fit, f'{value} {sign} {end}', only)}")[0][0]
        for sign, end in (("<", low), (">=", high))
    ]
    before = [[-1, ends[0]]] if ends[0] else []
    return [*before, *found_rows, *([[a.bins, ends[1]]] if ends[1] else [])]


def histogram_within(a: ask.Histogram, source: str, c: Columns, rows: Rows) -> Value:
    """The same where the values are known to be finite, and to lie within: no row is compared."""
    counts: dict[int, int] = {}
    for bin_, count in _bins(a, source, c, rows):
        kept = min(max(bin_, -1), a.bins)  # a footer that was wrong must not lose any
        counts[kept] = counts.get(kept, 0) + count
    return [list(pair) for pair in sorted(counts.items())]


def _bins(
    a: ask.Histogram, source: str, c: Columns, rows: Rows, *conditions: str | None
) -> list[list[int]]:
    binned, first = _binned(a, c)
    only = _only(f"{name(a.column)} IS NOT NULL", *conditions, where(a))
    query = f"SELECT {binned} AS __b, count(*) FROM {source}{only} GROUP BY 1 ORDER BY 1"
    return [[int(bin_) - first, count] for bin_, count in rows(query)]


def _end(columns: Columns, column: str, end: float) -> float | int:
    """An edge as the column's values compare with."""
    whole = columns[column].type not in ("float", "decimal") and float(end).is_integer()
    return int(end) if whole else float(end)


def _binned(a: ask.Histogram, c: Columns) -> tuple[str, int]:
    """What to group by, and what to take off for the number of the bin.

    Whole numbers in bins of a power of two are shifted; those in bins of one stay as they are.
    """
    width = (a.high - a.low) / a.bins
    first = math.floor(a.low / width)
    exponent = math.frexp(width)[1] - 1
    exact = math.ldexp(1.0, exponent) == width and first * width == a.low
    if (
        exact
        and width >= 1
        and c[a.column].native in _SHIFTED
        and max(abs(a.low), abs(a.high)) < 2**62
    ):
        value = numeric(c, a.column)
        return (f"({value}::bigint >> {exponent})" if exponent else value), first
    value = f"{numeric(c, a.column)}::double"
    # Divided by the width before anything is taken off, which is exact for powers of two.
    within = f"floor({value} * {number(1 / width)}) - {number(float(first))}"
    return f"({within})::integer" if exact else _clamped(within, a.bins), 0


def _clamped(within: str, bins: int) -> str:
    """Rounding may carry a value on an edge across it."""
    return f"least(greatest({within}, 0), {bins - 1})::integer"


def _cells(a: ask.Cells, source: str, c: Columns, rows: Rows) -> Value:
    found(c, a.label)
    if a.bins:
        value = bucket(c, a.column, a.low, a.high, a.bins)
        fit = finite(c, a.column) or "true"
        key = f"CASE WHEN {name(a.column)} IS NULL OR NOT {fit} THEN NULL ELSE {value} END"
    else:
        found(c, a.column)
        key = f"{name(a.column)}::string"
    label = f"{name(a.label)}::string"
    query = (
        f"SELECT {key}, {label}, count(*) FROM {source}"
        f"{_only(f'{name(a.label)} IS NOT NULL', where(a))}"
        f" GROUP BY 1, 2 ORDER BY 1, 2 LIMIT {a.most + 1}"
    )
    return _bounded(rows(query), a.most)


def _quantile(a: ask.Quantile, source: str, c: Columns, rows: Rows) -> Value:
    value = numeric(c, a.column)
    only = _only(finite(c, a.column), where(a))
    ranked = f"percentile_disc({float(a.q)!r}) WITHIN GROUP (ORDER BY {value})"
    query = f"SELECT {ranked} FROM {source}{only}"
    return rows(query)[0][0]


def _disorder(a: ask.Disorder, source: str, c: Columns, rows: Rows) -> Value:
    """Steps against the order, compared with the greatest value so far, in the file's order."""
    value = compared(c, a.column)
    best, sign, kept = order(a, c)
    query = (
        f"SELECT count(*){all_of(f'v {sign} so_far')} FROM (SELECT v, {best}(v) OVER (ROWS BETWEEN "
        f"UNBOUNDED PRECEDING AND 1 PRECEDING) AS so_far FROM (SELECT {value} AS v"
        f" FROM {source}{kept}))"
    )
    return rows(query)[0][0]


def _per_day(a: ask.PerDay, source: str, c: Columns, rows: Rows) -> Value:
    day = f"floor({numeric(c, a.column)} / 86400000000.0::double)::integer"
    only = _only(f"{name(a.column)} IS NOT NULL", finite(c, a.column), where(a))
    query = f"SELECT {day}, count(*) FROM {source}{only} GROUP BY 1 ORDER BY 1"
    return [list(row) for row in rows(query)]


def _personal(a: ask.Personal, source: str, c: Columns, rows: Rows) -> Value:
    from mlgate.tables._personal_scan import Scan, counted

    found(c, a.column)
    value, only = f"{name(a.column)}::string", where(a)

    def matching(pattern: str) -> str:
        return f"FROM {source}{_only(f'regexp_matches({value}, {text(pattern)})', only)}"

    return counted(a.kinds, Scan(
        count=lambda pattern: rows(f"SELECT count(*) {matching(pattern)}")[0][0],
        first=lambda pattern, most: [
            row[0] for row in rows(f"SELECT {value} {matching(pattern)} LIMIT {most}")
        ],
    ))  # fmt: skip


_QUERIES: dict[type[Aggregate], Callable[[Any, str, Columns, Rows], Value]] = {
    ask.Distinct: _distinct,
    ask.RoughlyDistinct: _roughly,
    ask.Categories: _categories,
    ask.MostCommon: _most_common,
    ask.Groups: _groups,
    ask.Histogram: _histogram,
    ask.Cells: _cells,
    ask.Quantile: _quantile,
    ask.Disorder: _disorder,
    ask.PerDay: _per_day,
    ask.Personal: _personal,
}
