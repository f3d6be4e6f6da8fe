"""Answers aggregates in the engine's worker: what footers prove, then one scan, then the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from mlgate.core.errors import GateError
from mlgate.tables import _conditions, _few, _footer, _keys, _queries, _scan
from mlgate.tables import aggregates as ask
from mlgate.tables._connect import Database, columns, source
from mlgate.tables._footer import UNKNOWN, Footer
from mlgate.tables._protocol import Aggregates, Line, Request, Source
from mlgate.tables._queries import Rows
from mlgate.tables._sql import Columns
from mlgate.tables.aggregates import Aggregate, Value
from mlgate.tables.table import Column

_KEYS_MEMORY = "150MB"
"""Counting keys is faster in little memory, and spills."""
_SCAN_MEMORY = "150MB"
"""A scan holds what it has read ahead: the more it may, the more it does, and is no faster."""
_SAID = frozenset({int, float, str, bool, type(None)})
"""What JSON can say as it is."""


def answers(request: Request, asks: Sequence[Aggregates]) -> Iterator[Line]:
    """Of each table each file's answers, then those of the whole table."""
    files = [file for asked in asks for file in asked.table.files]
    conditions = any(has_conditions(_wanted(asked)) for asked in asks)
    database = Database(
        files, request.memory, request.spill, request.threads, conditions=conditions
    )
    try:
        for table, asked in enumerate(asks):
            for line in _of_one(request, asked, database):
                yield msgspec.structs.replace(line, table=table)
    finally:
        database.close()


def _of_one(request: Request, asked: Aggregates, database: Database) -> Iterator[Line]:
    wanted = _wanted(asked)
    work = _Work(database, asked.table, request, has_conditions(wanted))
    try:
        check(wanted, work.columns, database.rows)
        for number, each in asked.parts.items():
            yield work.part(number, each)
        if asked.whole:
            yield work.whole(asked)
    finally:
        work.close()


def _wanted(asked: Aggregates) -> list[Aggregate]:
    return [a for each in (*asked.parts.values(), asked.whole) for a in each]


class _Work:
    """One table, its files described when first needed."""

    def __init__(
        self, database: Database, table: Source, request: Request, conditions: bool
    ) -> None:
        self.database = database
        self.table = table
        self._request = request
        self._conditions = conditions
        self._schemas: dict[int, list[Column]] = {}
        self._sparing: Database | None = None

    def close(self) -> None:
        """Let go of its own memory and of what was spilled."""
        if self._sparing is not None:
            self._sparing.close()

    def _scan(self, number: int) -> Rows:
        """Runs queries on a file in little memory; in all there is where its rows are too wide."""
        import duckdb

        def rows(query: str) -> list[tuple[Any, ...]]:
            try:
                return self._little(number).rows(query)
            except duckdb.OutOfMemoryException:
                return self.database.rows(query)

        return rows

    def _little(self, number: int) -> Database:
        request, files = self._request, self.table.files
        if self._sparing is None:
            self._sparing = Database(
                files, _SCAN_MEMORY, request.spill, request.threads, conditions=self._conditions
            )
        source(self._sparing, self.table, [files[number]])  # which makes Arrow's files known
        return self._sparing

    def schema(self, number: int) -> list[Column]:
        """The columns of a file."""
        if number not in self._schemas:
            file = self.table.files[number]
            self._schemas[number] = columns(self.database, self.table, file)
        return self._schemas[number]

    def columns(self, number: int = 0) -> dict[str, Column]:
        """The columns of a file, by name."""
        return {column.name: column for column in self.schema(number)}

    def part(self, number: int, wanted: Sequence[Aggregate]) -> Line:
        """The answers for one file: by its footer, by one scan, by queries of their own."""
        schema, named = self.schema(number), self.columns(number)
        known: dict[Aggregate, Value] = {}
        footer = None
        if self.table.form == "parquet":
            footer = self.footer(number, wanted)
            proven = {a: _footer.proven(a, footer, named) for a in wanted}
            known = {a: value for a, value in proven.items() if value is not UNKNOWN}
            named = _sound(named, footer)
        left = [a for a in wanted if a not in known]
        if left:
            known |= self._scanned(number, left, named, footer)
        values = [known[a] for a in wanted]
        return Line(part=number, schema=schema, values=values, scanned=bool(left))

    def footer(self, number: int, wanted: Iterable[Aggregate]) -> Footer:
        """The footer of a file, as to the columns that the aggregates name."""
        names = [column for a in wanted for column in ask.columns_of(a)]
        file = self.table.files[number]
        return _footer.read(file, names, self.columns(number), self.database.rows)

    def _scanned(
        self,
        number: int,
        wanted: list[Aggregate],
        named: dict[str, Column],
        footer: Footer | None,
    ) -> dict[Aggregate, Value]:
        at = source(self.database, self.table, [self.table.files[number]])
        scan = self._scan(number)
        known = _few.answered(wanted, at, named, scan)
        fused: dict[Aggregate, str] = {}
        for a in (a for a in wanted if a not in known):
            try:
                if _scan.fuses(a):
                    fused[a] = _scan.expression(a, named)
                elif isinstance(a, ask.Histogram) and footer and _footer.within(a, footer):
                    known[a] = _queries.histogram_within(a, at, named, self.database.rows)
                else:
                    known[a] = plain(_queries.answer(a, at, named, self.database.rows))
            except GateError as error:
                known[a] = unfit(error)
        if fused:
            row = scan(f"SELECT {', '.join(fused.values())} FROM {at}")[0]
            pairs = zip(fused, row, strict=True)
            known |= {a: plain(_scan.decoded(a, value)) for a, value in pairs}
        return known

    def whole(self, asked: Aggregates) -> Line:
        """The answers for all files together, and what single files answered on the way."""
        values: list[Value] = []
        apart: dict[int, list[Value]] = {}
        for position, aggregate in enumerate(asked.whole):
            known = {number: alone[position] for number, alone in asked.known.items()}
            value, found = self._together(aggregate, known)
            values.append(value)
            for number, alone in enumerate(found):
                apart.setdefault(number, [None] * len(asked.whole))[position] = alone
        return Line(values=values, apart=list(apart.items()), scanned=True)

    def _together(self, aggregate: Aggregate, known: dict[int, Value]) -> tuple[Value, list[Value]]:
        try:
            if isinstance(aggregate, ask.Duplicates):
                return self._duplicates(aggregate, known)
            at = source(self.database, self.table)
            return plain(_queries.answer(aggregate, at, self.columns(), self.database.rows)), []
        except GateError as error:
            return unfit(error), []

    def _duplicates(self, a: ask.Duplicates, known: dict[int, Value]) -> tuple[Value, list[Value]]:
        request, named, paths = self._request, self.columns(), self.table.files
        facts = {}
        if self.table.form == "parquet" and len(a.columns) == 1:
            facts = _footer.whole_numbers(paths, a.columns[0], named, self.database.rows)
        apart = Database(
            paths, _KEYS_MEMORY, request.spill, request.threads, conditions=a.where is not None
        )
        try:
            files = [
                _keys.File(source(apart, self.table, [file]), facts.get(file), known.get(number))
                for number, file in enumerate(paths)
            ]
            return _keys.duplicates(a, source(apart, self.table), files, named, apart.rows)
        finally:
            apart.close()


def _sound(named: dict[str, Column], footer: Footer) -> dict[str, Column]:
    """The columns, of which those without NaN and infinities need not be looked at for them: a
    decimal has none."""
    whole = {name for name, facts in footer.columns.items() if facts.whole}
    return {
        name: (
            msgspec.structs.replace(column, type="decimal")
            if name in whole and column.type == "float"
            else column
        )
        for name, column in named.items()
    }


def conditions_of(aggregate: Aggregate) -> list[str]:
    """The conditions in SQL that it holds, as a policy has them."""
    conditions = (aggregate.where, getattr(aggregate, "condition", None))
    return [one for one in conditions if one is not None]


def has_conditions(wanted: Iterable[Aggregate]) -> bool:
    """True if some of them hold any."""
    return any(conditions_of(a) for a in wanted)


def check(wanted: Iterable[Aggregate], named: Callable[[], Columns], rows: Rows) -> None:
    """Refuse conditions and regular expressions that are not what they must be."""
    seen: set[str] = set()
    for aggregate in wanted:
        for condition in set(conditions_of(aggregate)) - seen:
            _conditions.check(condition, named(), rows)
            seen.add(condition)
        if isinstance(aggregate, ask.Matching):
            _conditions.check_regex(aggregate.regex, rows)


def unfit(error: GateError) -> Value:
    """What stands for the answer to a question that the column's type does not allow."""
    return {"unfit": error.message}


def plain(value: Any) -> Value:
    """A value as JSON can say it."""
    if type(value) in _SAID:
        return value
    if isinstance(value, tuple | list):
        return [item if type(item) in _SAID else plain(item) for item in value]
    from decimal import Decimal

    return float(value) if isinstance(value, Decimal) else value
