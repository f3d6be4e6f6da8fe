"""Aggregates that one scan answers together, as expressions in SQL of both engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.tables import aggregates as ask
from mlgate.tables._sql import (
    Columns,
    all_of,
    bound,
    compared,
    condition,
    finite,
    found,
    name,
    number,
    numeric,
    text,
    where,
)  # fmt: skip
from mlgate.tables.aggregates import Aggregate, Value


def expression(aggregate: Aggregate, columns: Columns) -> str:
    """The SQL expression that answers it beside others. Raises `GateError`."""
    return _FUSED[type(aggregate)](aggregate, columns)


def fuses(aggregate: Aggregate) -> bool:
    """True if it can be answered beside others in one scan."""
    return type(aggregate) in _FUSED


def _count(*conditions: str | None) -> str:
    return f"count(*){all_of(*conditions)}"


def _rows(a: ask.Rows, _: Columns) -> str:
    return _count(where(a))


def _nulls(a: ask.Nulls, c: Columns) -> str:
    found(c, a.column)
    return _count(f"{name(a.column)} IS NULL", where(a))


def _not_finite(a: ask.NotFinite, c: Columns) -> str:
    if found(c, a.column).type != "float":
        return "(0, 0, 0)"
    column, only = name(a.column), where(a)
    ends = [_count(f"{column} = '{sign}inf'::double", only) for sign in ("", "-")]
    gone = f"{column} IS NOT NULL AND NOT {no_nan(c, a.column)}"
    return f"({_count(gone, only)}, {', '.join(ends)})"


def no_nan(columns: Columns, column: str) -> str | None:
    """The condition that a value is not NaN; None where the type has none.

    Never `isnan`: where a Parquet file's bounds leave NaN out, as Arrow writes them, DuckDB takes
    them at their word and decides `isnan(x)` as false, and `x <= 9` as true, without reading a row
    (seen in 2.0.0).
    """
    if columns[column].type != "float":
        return None
    quoted = name(column)
    return f"(isfinite({quoted}) OR {quoted} = 'inf'::double OR {quoted} = '-inf'::double)"


def _extreme(function: str) -> Callable[[Any, Columns], str]:
    def render(a: ask.OfColumn, c: Columns) -> str:
        return f"{function}({compared(c, a.column)}){all_of(finite(c, a.column), where(a))}"

    return render


def _extent(a: ask.Extent, c: Columns) -> str:
    value = numeric(c, a.column)
    tests = [f"{value} >= {number(float(a.low))}"] if a.low is not None else []
    tests += [f"{value} < {number(float(a.high))}"] if a.high is not None else []
    only = all_of(finite(c, a.column), *tests, where(a))
    return f"(min({value}){only}, max({value}){only})"


def _mean(a: ask.Mean, c: Columns) -> str:
    value, only = numeric(c, a.column), all_of(finite(c, a.column), where(a))
    return f"(count({value}){only}, avg({value}){only})"


def _moments(a: ask.Moments, c: Columns) -> str:
    value, only = numeric(c, a.column), all_of(finite(c, a.column), where(a))
    n = f"count({value}){only}"
    return f"({n}, avg({value}){only}, var_pop({value}){only} * {n})"


def _sum(a: ask.Sum, c: Columns) -> str:
    only = all_of(finite(c, a.column), where(a))
    return f"coalesce(sum({numeric(c, a.column)}){only}, 0)"


def _below(a: ask.Below, c: Columns) -> str:
    sign = "<=" if a.inclusive else "<"
    test = f"{compared(c, a.column)} {sign} {bound(c, a.column, a.bound)}"
    return _count(test, no_nan(c, a.column), where(a))


def _between(a: ask.Between, c: Columns) -> str:
    value = compared(c, a.column)
    tests = [f"{name(a.column)} IS NOT NULL"]
    tests += [f"{value} >= {bound(c, a.column, a.low)}"] if a.low is not None else []
    tests += [f"{value} <= {bound(c, a.column, a.high)}"] if a.high is not None else []
    return _count(*tests, no_nan(c, a.column), where(a))


def _in_set(a: ask.InSet, c: Columns) -> str:
    kind = found(c, a.column).type
    if kind == "boolean":
        values = [str(value).lower() for value in a.values if isinstance(value, bool)]
        return _count(f"{name(a.column)} IN ({', '.join(values)})" if values else "false", where(a))
    if any(isinstance(value, bool) for value in a.values):
        raise GateError(f"{shown(a.column)} is {kind}: true and false are no values of it")
    values = [bound(c, a.column, value) for value in a.values]
    return _count(f"{compared(c, a.column)} IN ({', '.join(values)})" if values else "false",
                  where(a))  # fmt: skip


def _texts(columns: Columns, column: str) -> str:
    kind = found(columns, column).type
    if kind != "string":
        raise GateError(f"{shown(column)} is {kind}, not text")
    return name(column)


def _matching(a: ask.Matching, c: Columns) -> str:
    return _count(f"regexp_matches({_texts(c, a.column)}, {text(a.regex)})", where(a))


def _length_between(a: ask.LengthBetween, c: Columns) -> str:
    length = f"length({_texts(c, a.column)})"
    most = f"{length} <= {a.high}" if a.high is not None else None
    return _count(f"{length} >= {a.low}", most, where(a))


def _lengths(a: ask.Lengths, c: Columns) -> str:
    length, only = f"length({_texts(c, a.column)})", all_of(where(a))
    return f"(min({length}){only}, max({length}){only})"


def _truth(a: ask.Truth, _: Columns) -> str:
    holds, only = f"{condition(a.condition)}::boolean", where(a)
    tests = (holds, f"NOT {holds}", f"{holds} IS NULL")
    return f"({', '.join(_count(test, only) for test in tests)})"


def _digest(a: ask.Digest, c: Columns) -> str:
    """The sum of two 64-bit hashes of each row: no order, and repeated rows count."""
    row = ", ".join(name(column) for column in c)
    only = all_of(where(a))
    halves = [f"coalesce(sum(hash({salt}, {row})::hugeint){only}, 0)" for salt in ("'a'", "'b'")]
    return f"({', '.join(f'({half})::string' for half in halves)})"


_FUSED: dict[type[Aggregate], Callable[[Any, Columns], str]] = {
    ask.Rows: _rows,
    ask.Nulls: _nulls,
    ask.NotFinite: _not_finite,
    ask.Minimum: _extreme("min"),
    ask.Maximum: _extreme("max"),
    ask.Extent: _extent,
    ask.Mean: _mean,
    ask.Moments: _moments,
    ask.Sum: _sum,
    ask.Below: _below,
    ask.Between: _between,
    ask.InSet: _in_set,
    ask.Matching: _matching,
    ask.LengthBetween: _length_between,
    ask.Lengths: _lengths,
    ask.Truth: _truth,
    ask.Digest: _digest,
}


def decoded(aggregate: Aggregate, value: Value) -> Value:
    """A fused answer in the vocabulary's form."""
    if isinstance(aggregate, ask.Digest):
        low, high = (int(half) % (1 << 64) for half in value)
        return f"{(high << 64) | low:032x}"
    return value
