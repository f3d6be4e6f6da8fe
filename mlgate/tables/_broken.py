"""Rows that break rules, in the engine's worker: the first of each in words, or all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlgate.core.errors import GateError
from mlgate.tables import _scan, _sql
from mlgate.tables import aggregates as ask
from mlgate.tables._aggregate import check, has_conditions
from mlgate.tables._connect import Database, columns, numbered, source
from mlgate.tables._mask import masked
from mlgate.tables._protocol import Breach, Examples, Failing, Line, Orphans, Request, Source
from mlgate.tables._sql import Columns, name, text
from mlgate.tables.aggregates import Aggregate
from mlgate.tables.table import Column

_JOINED = (ask.Duplicates, ask.Disorder)
"""Of these, rows that break the rule are found by a join."""


def examples(request: Request, asked: Examples) -> Iterator[Line]:
    """The first rows that break each rule."""
    database, named = _opened(request, asked.table, asked.breaches)
    try:
        rows = numbered(database, asked.table)
        key = ""
        if asked.key in named:
            at = source(database, asked.table)
            key = f", ({masked(named[asked.key], at, database.rows)})::varchar"
        for breach in asked.breaches:
            broken = _condition(database, asked.table, breach, named)
            order = _in_order(asked.table, [breach])
            query = (
                f"SELECT __row, __file{key} FROM {rows} WHERE {broken}{order} LIMIT {asked.most}"
            )
            yield Line(part=breach.number, found=[list(row) for row in database.rows(query)])
    finally:
        database.close()


def failing(request: Request, asked: Failing) -> Iterator[Line]:
    """Write every row that breaks a rule, with all its columns, and say how many there are."""
    more = [asked.file, *(f for b in asked.breaches if b.lost for f in b.lost.other.files)]
    database, named = _opened(request, asked.table, asked.breaches, more)
    try:
        conditions = [_condition(database, asked.table, one, named) for one in asked.breaches]
        told = ", ".join(
            f"CASE WHEN {condition} THEN {text(breach.rule)} END"
            for condition, breach in zip(conditions, asked.breaches, strict=True)
        )
        kept = " OR ".join(f"({condition})" for condition in conditions)
        at = f"(SELECT * FROM {numbered(database, asked.table)} WHERE {kept})"
        values = [f"{masked(one, at, database.rows)} AS {name(one.name)}" for one in named.values()]
        ours = [name(_free(one, named)) for one in ("broken_rules", "row_number", "file")]
        if asked.table.form == "parquet" and len(asked.names) > 1:
            file = _listed(asked.table, map(text, asked.names))
            values = [f"{file} AS {ours[2]}", *values]
        query = (
            f"SELECT list_filter([{told}], lambda rule: rule IS NOT NULL) AS {ours[0]},"
            f" __row AS {ours[1]}, {', '.join(values)} FROM {at}"
            f"{_in_order(asked.table, asked.breaches)}"
        )
        count = database.rows(f"COPY ({query}) TO {text(asked.file)} (FORMAT parquet)")[0][0]
        yield Line(found=count)
    finally:
        database.close()


def _opened(
    request: Request, table: Source, breaches: list[Breach], more: list[str] | None = None
) -> tuple[Database, dict[str, Column]]:
    files = (*table.files, *(more or ()))
    kept = [one.kept for one in breaches if one.kept is not None]
    database = Database(
        files, request.memory, request.spill, request.threads, conditions=has_conditions(kept)
    )
    try:
        named = {one.name: one for one in columns(database, table, table.files[0])}
        check(kept, lambda: named, database.rows)
    except BaseException:
        database.close()
        raise
    return database, named


def _free(wanted: str, named: Columns) -> str:
    """A name that no column of the table has."""
    taken = {column.lower() for column in named}
    while wanted in taken:
        wanted += "_"
    return wanted


def _condition(database: Database, table: Source, breach: Breach, named: Columns) -> str:
    """The condition of a row that breaks the rule."""
    if breach.lost is not None:
        return _lost(database, breach.lost, named)
    if isinstance(breach.kept, ask.Duplicates):
        return _repeated(breach.kept, source(database, table), named)
    if isinstance(breach.kept, ask.Disorder):
        return _disordered(breach.kept, numbered(database, table), named)
    return _broken(breach.kept, named)


def _in_order(table: Source, breaches: list[Breach]) -> str:
    """What sorts the rows as the table lists them, where a join would bring them in any order."""
    if not any(one.lost or isinstance(one.kept, _JOINED) for one in breaches):
        return ""
    if table.form != "parquet":
        return " ORDER BY __row"
    return f" ORDER BY {_listed(table, map(str, range(len(table.files))))}, __row"


def _listed(table: Source, values: Iterable[str]) -> str:
    """The least of the values that stand for the row's file; equal parts are one file."""
    rows = ", ".join(f"({text(file)}, {v})" for file, v in zip(table.files, values, strict=True))
    return f"(SELECT min(v) FROM (VALUES {rows}) listed(f, v) WHERE f = __file)"


def _lost(database: Database, lost: Orphans, named: Columns) -> str:
    column, other = name(_sql.found(named, lost.column).name), name(lost.other_column)
    there = f"SELECT {other} FROM {source(database, lost.other)} WHERE {other} IS NOT NULL"
    return f"{column} IS NOT NULL AND {column} NOT IN ({there})"


def _repeated(kept: ask.Duplicates, at: str, named: Columns) -> str:
    """True of all rows of a key that comes more than once, the first one too."""
    keys = [name(_sql.found(named, column).name) for column in kept.columns]
    present = [f"{key} IS NOT NULL" for key in keys]
    only = " AND ".join([*present, *([_sql.condition(kept.where)] if kept.where else [])])
    key = ", ".join(keys)
    again = f"SELECT {key} FROM {at} WHERE {only} GROUP BY {key} HAVING count(*) > 1"
    return f"{only} AND ({key}) IN ({again})"


def _disordered(kept: ask.Disorder, rows: str, named: Columns) -> str:
    """True of rows that break the order of those before them, as the aggregate counts them."""
    best, sign, given = _sql.order(kept, named)
    value = f"SELECT __file, __row, {_sql.compared(named, kept.column)} AS v FROM {rows}{given}"
    before = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    steps = f"SELECT __file, __row, v, {best}(v) OVER ({before}) AS so_far FROM ({value})"
    return f"(__file, __row) IN (SELECT (__file, __row) FROM ({steps}) WHERE v {sign} so_far)"


def _broken(kept: Aggregate | None, named: Columns) -> str:
    """It is concerned, and not counted."""
    concerned: list[str | None] = []
    if isinstance(kept, ask.Nulls):
        tests = [f"{_sql.name(kept.column)} IS NULL"]
    elif isinstance(kept, ask.NotFinite):
        tests = [f"NOT isfinite({_sql.name(kept.column)})"]
    elif isinstance(kept, ask.Truth):
        tests = [f"NOT {_sql.condition(kept.condition)}::boolean"]
    elif isinstance(kept, ask.OfColumn) and _scan.fuses(kept):
        present = f"{_sql.name(kept.column)} IS NOT NULL"
        concerned = [present, _scan.no_nan(named, kept.column)]
        counted = _scan.expression(kept, named)
        inner = counted.partition(" FILTER (WHERE ")[2].removesuffix(")") or "true"
        tests = [f"NOT ({inner})"]
    else:
        raise GateError(f"no rows can be shown for {type(kept).__name__}")
    if kept.where:
        concerned.append(_sql.condition(kept.where))
    return " AND ".join([*filter(None, concerned), *tests])
