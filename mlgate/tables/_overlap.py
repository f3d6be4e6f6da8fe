"""Rows and keys that two tables share, found by hashes and decided on values, in the worker."""

from __future__ import annotations

from collections.abc import Iterator

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.tables._connect import Database, columns, numbered, source
from mlgate.tables._protocol import Line, Orphans, Overlap, Request, Source
from mlgate.tables._sql import name
from mlgate.tables.table import Column, meant

_NORMAL = "trim(regexp_replace(lower(strip_accents({0})), '[^\\p{{L}}\\p{{N}}]+', ' ', 'g'))"


def overlap(request: Request, asked: Overlap) -> Iterator[Line]:
    """One line: [rows of the table, rows that are in the other], and the first ones of them.

    Equal rows have equal hashes, so no shared hash proves that nothing is shared; rows that do
    share one are compared value by value.
    """
    files = (*asked.table.files, *asked.other.files)
    database = Database(files, request.memory, request.spill, request.threads)
    try:
        mine, theirs = named(database, asked.table), named(database, asked.other)
        chosen = _chosen(asked.columns, mine, theirs)
        values = [
            (
                _NORMAL.format(f"{name(column)}::varchar")
                if asked.normalised
                else one_type(name(column), mine[column], theirs[column])
            )
            for column in chosen
        ]
        at, other = source(database, asked.table), source(database, asked.other)
        total = database.rows(f"SELECT count(*) FROM {at}")[0][0]
        empty = _empty(values, asked)
        hashed = f"hash({', '.join(values)})"
        database.rows(
            f"CREATE TEMP TABLE shared AS SELECT DISTINCT h FROM (SELECT {hashed} AS h FROM {other}"
            f"{empty}) SEMI JOIN (SELECT {hashed} AS h FROM {at}{empty}) USING (h)"
        )
        if not database.rows("SELECT count(*) FROM shared")[0][0]:
            yield Line(found=[total, 0], values=[])
            return
        yield _decided(database, asked, values, total, empty)
    finally:
        database.close()


def _decided(database: Database, asked: Overlap, values: list[str], total: int, empty: str) -> Line:
    """The shared rows among those that share a hash."""
    hashed = f"hash({', '.join(values)})"
    named = ", ".join(f"{value} AS v{i}" for i, value in enumerate(values))
    both = " AND ".join(f"a.v{i} IS NOT DISTINCT FROM b.v{i}" for i in range(len(values)))
    also = f"{empty} AND" if empty else " WHERE"
    database.rows(
        f"CREATE TEMP TABLE theirs AS SELECT DISTINCT {hashed} AS h, {named}"
        f" FROM {source(database, asked.other)}{also} {hashed} IN (SELECT h FROM shared)"
    )
    database.rows(
        f"CREATE TEMP TABLE mine AS SELECT __row, {hashed} AS h, {named}"
        f" FROM {numbered(database, asked.table)}{also} {hashed} IN (SELECT h FROM shared)"
    )
    shared = f"FROM mine a WHERE EXISTS (SELECT 1 FROM theirs b WHERE a.h = b.h AND {both})"
    count = database.rows(f"SELECT count(*) {shared}")[0][0]
    first = database.rows(f"SELECT a.__row {shared} ORDER BY a.__row LIMIT {asked.most}")
    return Line(found=[total, count], values=[row[0] for row in first])


def named(database: Database, table: Source) -> dict[str, Column]:
    return {column.name: column for column in columns(database, table, table.files[0])}


def _chosen(
    wanted: tuple[str, ...], mine: dict[str, Column], theirs: dict[str, Column]
) -> list[str]:
    """The columns to compare; those that both have, unless they are named."""
    for column in wanted:
        if column not in mine or column not in theirs:
            there = [one for one in mine if one in theirs]
            raise GateError(f"the tables do not both have {shown(column)}", meant(column, there))
    chosen = list(wanted) or [column for column in mine if column in theirs]
    if not chosen:
        raise GateError("the tables have no column in common")
    return chosen


def one_type(quoted: str, mine: Column, theirs: Column) -> str:
    """A column's value, in one type for both tables."""
    if mine.native == theirs.native:
        return quoted
    numbers = {"integer", "float", "decimal"}
    if mine.type in numbers and theirs.type in numbers:
        whole = mine.type == theirs.type == "integer"
        return f"{quoted}::{'hugeint' if whole else 'double'}"
    if mine.type == theirs.type and mine.type in ("timestamp", "date"):
        return f"epoch_us({quoted})"
    return f"{quoted}::varchar"


def _empty(values: list[str], asked: Overlap) -> str:
    """Keys that are null, and texts of which nothing is left, are like no other."""
    if asked.normalised:
        return f" WHERE length(concat({', '.join(values)})) > 0"
    if not asked.nulls_count:
        return " WHERE " + " AND ".join(f"{value} IS NOT NULL" for value in values)
    return ""


def orphans(request: Request, asked: Orphans) -> Iterator[Line]:
    """One line: [values that are not null, those of them that the other table does not have]."""
    files = (*asked.table.files, *asked.other.files)
    database = Database(files, request.memory, request.spill, request.threads)
    try:
        mine, theirs = named(database, asked.table), named(database, asked.other)
        for column, there in ((asked.column, mine), (asked.other_column, theirs)):
            if column not in there:
                raise GateError(f"there is no column {shown(column)}", meant(column, there))
        one, two = mine[asked.column], theirs[asked.other_column]
        if one.type != two.type:
            raise GateError(
                f"{shown(asked.column)} is {one.type} and {shown(asked.other_column)} is {two.type}"
            )
        column, other = name(asked.column), name(asked.other_column)
        at = source(database, asked.table)
        present, lost = database.rows(
            f"SELECT (SELECT count({column}) FROM {at}), (SELECT count(*) FROM"
            f" (SELECT {column} AS v FROM {at} WHERE {column} IS NOT NULL) ANTI JOIN"
            f" (SELECT {other} AS v FROM {source(database, asked.other)}) USING (v))"
        )[0]
        yield Line(found=[present, lost])
    finally:
        database.close()
