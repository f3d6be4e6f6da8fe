"""What Parquet footers know of columns and Spark does not tell: nanoseconds, unsigned integers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from mlgate.tables import _sql
from mlgate.tables import aggregates as ask
from mlgate.tables._spark_otherwise import Otherwise, unless
from mlgate.tables._spark_sql import spoken
from mlgate.tables.aggregates import Aggregate

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Kind = Literal["unsigned", "nanoseconds", "nanoseconds UTC"]

MARK = "mlgate"
"""The key of a column's metadata that holds its kind."""
_PARTIAL = "a time holds parts of a microsecond"
_DOUBTFUL = ("bigint", "decimal(20,0)")
"""What Spark reads them as: times as the nanoseconds since 1970, which `nanosAsLong` asks for."""
_IN_MICROSECONDS = (
    ask.Nulls, ask.NotFinite, ask.Minimum, ask.Maximum, ask.Extent, ask.Mean, ask.Moments, ask.Sum,
    ask.Below, ask.Between, ask.InSet, ask.Histogram, ask.Quantile, ask.Disorder, ask.PerDay,
    ask.RoughlyDistinct,
)  # fmt: skip
"""Aggregates that look at whole microseconds of a time in any engine."""


def exact(wanted: Iterable[Aggregate]) -> frozenset[str] | None:
    """The columns whose times are asked for to the nanosecond; None: any may be."""
    names: set[str] = set()
    for a in wanted:
        if a.where or isinstance(a, ask.Truth | ask.Digest):
            return None
        names |= set() if isinstance(a, _IN_MICROSECONDS) else {*ask.columns_of(a)}
    return frozenset(names)


def understood(found: DataFrame, files: tuple[str, ...], whole: frozenset[str] | None) -> DataFrame:
    """The frame with its times in microseconds, and unsigned integers marked as such.

    Times are rounded down, but a column of `whole` (None: any) must hold whole microseconds.
    """
    doubtful = [f.name for f in found.schema.fields if f.dataType.simpleString() in _DOUBTFUL]
    if not doubtful:
        return found
    for name, kind in _kinds(files, doubtful).items():
        if kind == "unsigned":
            found = found.withMetadata(name, {MARK: kind})
        else:
            found = found.withColumns({name: _expr(_time(name, kind, whole))})
    return found


def _time(name: str, kind: Kind, whole: frozenset[str] | None) -> str:
    given = _sql.name(name)
    value = f"timestamp_micros(({given} - pmod({given}, 1000)) div 1000)"
    if whole is None or name in whole:
        value = unless(f"{given} % 1000 <> 0", value, _PARTIAL)
    return spoken(value if kind == "nanoseconds UTC" else f"({value})::timestamp_ntz")


def _expr(expression: str) -> object:
    from pyspark.sql.functions import expr

    return expr(expression)


def _kinds(files: tuple[str, ...], names: list[str]) -> dict[str, Kind]:
    """What the footers say of those columns. Raises `Otherwise` where they differ."""
    from pyarrow import parquet  # type: ignore[import-untyped]

    kinds: dict[str, Kind | None] = {}
    for file in dict.fromkeys(files):
        schema = parquet.read_metadata(file).schema
        for number in range(len(schema)):
            column = schema.column(number)
            if column.path != column.name or column.name not in names:
                continue
            kind = _kind(column.logical_type.to_json())
            if kinds.setdefault(column.name, kind) != kind:
                raise Otherwise("a column of another type in some of the files")
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _kind(logical: str) -> Kind | None:
    import json

    told = json.loads(logical)
    if told.get("timeUnit") == "nanoseconds" and told["Type"] == "Timestamp":
        return "nanoseconds UTC" if told["isAdjustedToUTC"] else "nanoseconds"
    unsigned = told["Type"] == "Int" and not told["isSigned"] and told["bitWidth"] == 64
    return "unsigned" if unsigned else None
