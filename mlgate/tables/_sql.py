"""Names, values and bounds as SQL that DuckDB and Spark both read.

Names and texts are quoted, numbers written as doubles where a column is one: bare decimals would
go through DECIMAL, which costs three times the scan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.tables import aggregates as ask
from mlgate.tables.aggregates import Aggregate
from mlgate.tables.table import Column, Type

_COMPARED: frozenset[Type] = frozenset(
    {"integer", "float", "decimal", "string", "date", "timestamp", "boolean"}
)
_NUMBERS: frozenset[Type] = frozenset({"integer", "float", "decimal", "boolean"})
_TIMES: frozenset[Type] = frozenset({"date", "timestamp"})
_NANOSECONDS = frozenset({"TIMESTAMP_NS", "TIMESTAMPTZ_NS"})

Columns = Mapping[str, Column]


def name(column: str) -> str:
    """A column's name as SQL holds it."""
    return '"' + column.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as SQL holds it."""
    return "'" + value.replace("'", "''") + "'"


def number(value: float) -> str:
    """A number as SQL holds it: whole ones exactly, others as doubles."""
    if isinstance(value, int):
        return str(value)
    if math.isfinite(value):
        return f"{value!r}::double"
    return f"'{value}'::double"


def found(columns: Columns, column: str) -> Column:
    """The column of that name. Raises `GateError`."""
    if column in columns:
        return columns[column]
    raise GateError(f"there is no column {shown(column)}", "see them: mlgate data profile TABLE")


def compared(columns: Columns, column: str) -> str:
    """A column's values as what compares: times as microseconds. NaN is left in."""
    kind = found(columns, column).type
    if kind not in _COMPARED:
        raise GateError(f"{shown(column)} is {kind}: its values have no order to check")
    quoted = name(column)
    if columns[column].native in _NANOSECONDS:
        nanoseconds = f"epoch_ns({quoted})"  # of which `epoch_us` would round
        return f"(({nanoseconds} - ({nanoseconds} % 1000 + 1000) % 1000) // 1000)"
    if kind in _TIMES:
        return f"epoch_us({quoted})"
    if kind in ("float", "decimal"):
        return f"{quoted}::double"
    return f"{quoted}::integer" if kind == "boolean" else quoted


def numeric(columns: Columns, column: str) -> str:
    """A column's values as numbers. Raises `GateError` where they are none."""
    kind = found(columns, column).type
    if kind not in _NUMBERS | _TIMES:
        raise GateError(f"{shown(column)} is {kind}, not a number")
    return compared(columns, column)


def finite(columns: Columns, column: str) -> str | None:
    """The condition that a value is finite; None where the type has nothing else."""
    return f"isfinite({name(column)})" if columns[column].type == "float" else None


def bound(columns: Columns, column: str, value: ask.Bound) -> str:
    """A bound as what the column's values compare with. Raises `GateError` for another type."""
    kind = found(columns, column).type
    if kind in _TIMES:
        return str(microseconds(column, value))
    if isinstance(value, str) is not (kind == "string"):
        wanted = "text" if kind == "string" else "number"
        raise GateError(f"{shown(column)} is {kind}: its bounds must be given as {wanted}s")
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int | float):
        return number(float(value) if kind in ("float", "decimal") else value)
    raise GateError(f"{shown(column)} has a bound that is none")


def microseconds(column: str, value: ask.Bound) -> int:
    """A bound of a time as Parquet counts it, since 1970 in UTC. Raises `GateError`."""
    from datetime import UTC, datetime

    if isinstance(value, int):
        return value
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise GateError(f"{shown(column)} holds times: write its bounds as 2026-01-31") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds


def condition(expression: str) -> str:
    """An expression that was checked, in brackets that no comment of it swallows."""
    return f"(\n{expression}\n)"


def all_of(*conditions: str | None) -> str:
    """` FILTER (WHERE ...)` of those that are given."""
    given = [one for one in conditions if one]
    return f" FILTER (WHERE {' AND '.join(given)})" if given else ""


def where(aggregate: Aggregate) -> str | None:
    """The aggregate's own condition on rows."""
    return condition(aggregate.where) if aggregate.where else None


def order(a: ask.Disorder, columns: Columns) -> tuple[str, str, str]:
    """What keeps the best value so far, how one that breaks the order compares with it, and which
    rows are looked at."""
    best, sign = ("min", ">") if a.descending else ("max", "<")
    given = [f"{name(a.column)} IS NOT NULL", finite(columns, a.column), where(a)]
    only = f" WHERE {' AND '.join(filter(None, given))}"
    return best, sign + ("=" if a.strict else ""), only
