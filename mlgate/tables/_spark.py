"""Answers aggregates on Spark: the same SQL as the embedded engine's, on a session of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.errors import GateError, ToolMissing
from mlgate.tables import _conditions, _queries, _scan, _spark_order, _spark_sql, _sql
from mlgate.tables import aggregates as ask
from mlgate.tables._aggregate import _plain, conditions_of, unfit
from mlgate.tables._protocol import Aggregates, Line, Request, Several, Source
from mlgate.tables._spark_conditions import alike
from mlgate.tables._spark_footer import exact
from mlgate.tables._spark_session import columns, frame, session
from mlgate.tables.aggregates import Aggregate, Value
from mlgate.tables.table import Column

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_FUNCTIONS = (
    "isfinite(x DOUBLE) RETURNS BOOLEAN RETURN abs(x) < 'inf'::double",
    "epoch_us(x TIMESTAMP_LTZ) RETURNS BIGINT RETURN unix_micros(x)",
    "regexp_matches(x STRING, pattern STRING) RETURNS BOOLEAN RETURN x RLIKE pattern",
)
"""DuckDB's functions that our SQL uses and Spark calls otherwise."""


def answers(request: Request, asked: Aggregates | Several) -> Iterator[Line]:
    """Each file's answers, then those of the whole table; one table after the other."""
    spark = session(request.spark)
    for function in _FUNCTIONS:
        spark.sql(f"CREATE OR REPLACE TEMPORARY FUNCTION {function}")
    for number, one in enumerate(asked.asks if isinstance(asked, Several) else [asked]):
        for line in _Work(spark, one).lines():
            yield msgspec.structs.replace(line, table=number)


class _Work:
    """One table."""

    def __init__(self, spark: SparkSession, asked: Aggregates) -> None:
        self._spark = spark
        self._asked = asked

    def lines(self) -> Iterator[Line]:
        """Parts first, as the embedded engine does."""
        table: Source = self._asked.table
        for number, wanted in self._asked.parts.items():
            schema = self._open((table.files[number],), wanted)
            values = self._answered(wanted, schema)
            yield Line(part=number, schema=schema, values=values, scanned=True)
        if self._asked.whole:
            schema = self._open(table.files, self._asked.whole)
            yield Line(values=self._answered(self._asked.whole, schema), scanned=True)

    def _open(self, files: tuple[str, ...], wanted: Sequence[Aggregate]) -> list[Column]:
        found = frame(self._spark, self._asked.table, files, exact(wanted))
        schema = columns(found)
        found.createOrReplaceTempView("rows_of_table")
        return schema

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._spark.sql(_spark_sql.spoken(query)).collect()]

    def _answered(self, wanted: Sequence[Aggregate], schema: list[Column]) -> list[Value]:
        named = {column.name: column for column in schema}
        known: dict[Aggregate, Value] = {}
        fused: dict[Aggregate, str] = {}
        for a, meant in zip(wanted, _meant(wanted, named), strict=True):
            try:
                if isinstance(meant, ask.Digest):
                    fused[a] = _digest(meant, named)
                elif _scan.fuses(meant):
                    fused[a] = _scan.expression(meant, named)
                else:
                    known[a] = _plain(self._query(meant, named))
            except GateError as error:
                known[a] = unfit(error)
        if fused:
            row = self._rows(f"SELECT {', '.join(fused.values())} FROM rows_of_table")[0]
            pairs = zip(fused, row, strict=True)
            known |= {a: _plain(_scan.decoded(a, value)) for a, value in pairs}
        return [known[a] for a in wanted]

    def _query(self, a: Aggregate, named: dict[str, Column]) -> Value:
        if isinstance(a, ask.Duplicates):
            return self._duplicates(a, named)
        if isinstance(a, ask.Disorder):
            return _spark_order.disorder(self._spark, self._asked.table, a, named)
        return _queries.answer(a, "rows_of_table", named, self._rows)

    def _duplicates(self, a: ask.Duplicates, named: dict[str, Column]) -> Value:
        for column in a.columns:
            _sql.found(named, column)
        keys = ", ".join(map(_sql.name, a.columns))
        present = " AND ".join(f"{_sql.name(column)} IS NOT NULL" for column in a.columns)
        only = _sql.where(a)
        base = f"FROM rows_of_table{f' WHERE {only}' if only else ''}"
        total, filled = self._rows(f"SELECT count(*), count(*) FILTER (WHERE {present}) {base}")[0]
        each = f"SELECT DISTINCT {keys} {base} {'AND' if only else 'WHERE'} {present}"
        different = self._rows(f"SELECT count(*) FROM ({each})")[0][0]
        return [filled - different, total - filled]


def _digest(a: ask.Digest, named: dict[str, Column]) -> str:
    """The sum of two 64-bit hashes of each row, as the embedded engine has it with its own hash."""
    row, only = ", ".join(map(_sql.name, named)), _sql.all_of(_sql.where(a))
    halves = [f"coalesce(sum(xxhash64('{salt}', {row})::decimal(20, 0)){only}, 0)" for salt in "ab"]
    return f"({', '.join(f'({half})::string' for half in halves)})"


def _meant(wanted: Sequence[Aggregate], named: dict[str, Column]) -> list[Aggregate]:
    """The aggregates with their conditions in Spark's words.

    Refuses what the embedded engine refuses, whose grammar conditions are written in.
    """
    conditions = {condition for a in wanted for condition in conditions_of(a)}
    regexes = {a.regex for a in wanted if isinstance(a, ask.Matching)}
    if not (conditions or regexes):
        return list(wanted)
    try:
        import duckdb
    except ImportError:
        raise ToolMissing("conditions and regular expressions are read by duckdb",
                          "pip install 'mlgate[data]'") from None  # fmt: skip
    with duckdb.connect() as connection:

        def rows(query: str) -> list[tuple[Any, ...]]:
            return list(connection.execute(query).fetchall())

        for regex in sorted(regexes):
            _conditions.check_regex(regex, rows)
        spoken = {c: alike(c, _conditions.check(c, named, rows), named) for c in sorted(conditions)}
    return [_with(a, spoken) for a in wanted]


def _with(a: Aggregate, spoken: dict[str, str]) -> Aggregate:
    """The aggregate with conditions as they are spoken; its own one only where rows are asked."""
    if a.where:
        a = msgspec.structs.replace(a, where=spoken[a.where])
    if not isinstance(a, ask.Truth):
        return a
    own = spoken[a.condition]
    asked = f"CASE WHEN {a.where} THEN {own} END" if a.where else own
    return msgspec.structs.replace(a, condition=asked)
