"""Answers aggregates on Spark: the same SQL as the embedded engine's, on a session of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.errors import GateError
from mlgate.tables import (
    _conditions,
    _duckdb_script,
    _java_regex,
    _queries,
    _scan,
    _spark_order,
    _spark_sql,
    _sql,
)
from mlgate.tables import aggregates as ask
from mlgate.tables._aggregate import conditions_of, plain, unfit
from mlgate.tables._protocol import Aggregates, Line, Request, Several, Source
from mlgate.tables._spark_conditions import alike
from mlgate.tables._spark_footer import exact
from mlgate.tables._spark_otherwise import Otherwise, otherwise
from mlgate.tables._spark_session import columns, frame, session
from mlgate.tables.aggregates import Aggregate, Any_, Value
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
    """Each file's answers, then those of the whole table; one table after the other.

    The embedded engine answers what Spark may answer otherwise.
    """
    spark = session(request.spark)
    for function in _FUNCTIONS:
        spark.sql(f"CREATE OR REPLACE TEMPORARY FUNCTION {function}")
    for number, one in enumerate(asked.asks if isinstance(asked, Several) else [asked]):
        work = _Work(spark, one)
        left = work.answer()
        if left is not None:
            request = msgspec.structs.replace(request, ask=left)
            for line in _duckdb_script.answered(request):
                if line.error or line.missing:
                    yield line
                    return
                work.take(left, line)
        for line in work.lines():
            yield msgspec.structs.replace(line, table=number)


_WHOLE = -1
"""Stands for the whole table where others are numbers of files."""


class _Work:
    """One table."""

    def __init__(self, spark: SparkSession, asked: Aggregates) -> None:
        self._spark = spark
        self._asked = asked
        self._wanted = asked.parts | ({_WHOLE: asked.whole} if asked.whole else {})
        self._schemas: dict[int, list[Column]] = {}
        self._known: dict[int, dict[Aggregate, Value]] = {}

    def answer(self) -> Aggregates | None:
        """Ask Spark, and say what is left to the embedded engine."""
        table: Source = self._asked.table
        left: dict[int, list[Any_]] = {}
        for number, wanted in self._wanted.items():
            files = table.files if number == _WHOLE else (table.files[number],)
            known = self._known[number] = {}
            with suppress(Otherwise), otherwise(table.form):
                self._schemas[number] = self._open(files, wanted)
                known |= self._alike(wanted, self._schemas[number])
            open_ = [a for a in wanted if a not in known]
            if open_ or number not in self._schemas:
                left[number] = open_
        whole = left.pop(_WHOLE, [])
        return Aggregates(table=table, parts=left, whole=whole) if left or whole else None

    def take(self, asked: Aggregates, line: Line) -> None:
        """Take in what the embedded engine answers."""
        number = _WHOLE if line.part is None else line.part
        wanted = asked.whole if line.part is None else asked.parts[line.part]
        self._schemas.setdefault(number, line.schema or [])
        self._known[number] |= dict(zip(wanted, line.values or [], strict=True))

    def lines(self) -> Iterator[Line]:
        """Parts first, as the embedded engine does."""
        for number, wanted in self._wanted.items():
            values = [self._known[number][a] for a in wanted]
            if number == _WHOLE:
                yield Line(values=values, scanned=True)
            else:
                schema = self._schemas[number]
                yield Line(part=number, schema=schema, values=values, scanned=True)

    def _open(self, files: tuple[str, ...], wanted: Sequence[Aggregate]) -> list[Column]:
        found = frame(self._spark, self._asked.table, files, exact(wanted))
        schema = columns(found)
        found.createOrReplaceTempView("rows_of_table")
        return schema

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._spark.sql(_spark_sql.spoken(query)).collect()]

    def _alike(self, wanted: Sequence[Aggregate], schema: list[Column]) -> dict[Aggregate, Value]:
        """What Spark answers as the embedded engine would."""
        named = {column.name: column for column in schema}
        known: dict[Aggregate, Value] = {}
        fused: dict[Aggregate, str] = {}
        for a, meant in _meant(wanted, named):
            try:
                if isinstance(meant, ask.Digest):
                    fused[a] = _digest(meant, named)
                elif _scan.fuses(meant):
                    fused[a] = _scan.expression(meant, named)
                else:
                    with suppress(Otherwise), otherwise(self._asked.table.form):
                        known[a] = plain(self._query(meant, named))
            except GateError as error:
                known[a] = unfit(error)
        if fused:
            with suppress(Otherwise), otherwise(self._asked.table.form):
                row = self._rows(f"SELECT {', '.join(fused.values())} FROM rows_of_table")[0]
                pairs = zip(fused, row, strict=True)
                known |= {a: plain(_scan.decoded(a, value)) for a, value in pairs}
        return known

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


def _meant(
    wanted: Sequence[Aggregate], named: dict[str, Column]
) -> list[tuple[Aggregate, Aggregate]]:
    """The aggregates that Spark answers alike, each with its conditions in Spark's words.

    Raises `GateError` for what the embedded engine refuses, in whose grammar conditions and
    regular expressions are written.
    """
    conditions = {condition for a in wanted for condition in conditions_of(a)}
    regexes = {a.regex for a in wanted if isinstance(a, ask.Matching)}
    if conditions or regexes:
        import duckdb

        with duckdb.connect() as connection:

            def rows(query: str) -> list[tuple[Any, ...]]:
                return list(connection.execute(query).fetchall())

            for regex in sorted(regexes):
                _conditions.check_regex(regex, rows)
            trees = {c: _conditions.check(c, named, rows) for c in sorted(conditions)}
    found = []
    for a in wanted:
        with suppress(Otherwise):
            if isinstance(a, ask.Matching):
                _java_regex.alike(a.regex)
            spoken = {c: alike(trees[c], named) for c in conditions_of(a)}
            found.append((a, _with(a, spoken)))
    return found


def _with(a: Aggregate, spoken: dict[str, str]) -> Aggregate:
    """The aggregate with conditions as they are spoken; its own one only where rows are asked."""
    if a.where:
        a = msgspec.structs.replace(a, where=spoken[a.where])
    if not isinstance(a, ask.Truth):
        return a
    own = spoken[a.condition]
    asked = f"CASE WHEN {a.where} THEN {own} END" if a.where else own
    return msgspec.structs.replace(a, condition=asked)
