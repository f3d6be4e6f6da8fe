"""Rows of two tables joined by their key, and where their columns differ, in the worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.tables._connect import Database, source
from mlgate.tables._overlap import named, one_type
from mlgate.tables._protocol import Line, Request, Skew, Twin
from mlgate.tables._sql import name, number
from mlgate.tables.table import Column

_NUMBERS = ("integer", "float", "decimal")


def skew(request: Request, asked: Skew) -> Iterator[Line]:
    """One line, as `Skew` describes it; rows whose key holds a null are joined with none."""
    files = (*asked.table.files, *asked.other.files)
    database = Database(files, request.memory, request.spill, request.threads)
    try:
        mine, theirs = named(database, asked.table), named(database, asked.other)
        for twin in (*asked.key, *asked.twins):
            _there(twin.column, mine, "the first")
            _there(twin.other, theirs, "the other")
        pairs = [(mine[t.column], theirs[t.other]) for t in (*asked.key, *asked.twins)]
        one, two = (
            f"(SELECT {', '.join(_named(asked, pairs, side))} FROM {source(database, table)})"
            for side, table in enumerate((asked.table, asked.other))
        )
        keys = [f"k{i}" for i in range(len(asked.key))]
        found = [_size(database, at, keys) for at in (one, two)]
        (rows, repeated), (others, other_repeated) = found
        first = _once(one, keys, repeated > 0)
        second = _once(two, keys, other_repeated > 0)
        differ = [
            part
            for i, twin in enumerate(asked.twins)
            for part in _differ(twin, i, pairs[len(keys) + i])
        ]
        row = database.rows(
            f"SELECT count(*), {', '.join(differ)} FROM {first} a JOIN {second} b"
            f" USING ({', '.join(keys)})"
        )[0]
        values = [list(row[i : i + 5]) for i in range(1, len(row), 5)]
        yield Line(found=[rows, others, row[0], repeated, other_repeated], values=values)
    finally:
        database.close()


def _there(column: str, columns: dict[str, Column], which: str) -> None:
    if column not in columns:
        raise GateError(f"there is no column {shown(column)} in {which} table")


def _named(asked: Skew, pairs: Sequence[tuple[Column, Column]], side: int) -> list[str]:
    """Keys as k0, k1, ..., other columns as v0, v1, ..., each in one type for both tables."""
    names = [*(f"k{i}" for i in range(len(asked.key))), *(f"v{i}" for i in range(len(asked.twins)))]
    twins = (*asked.key, *asked.twins)
    return [
        f"{one_type(name(t.other if side else t.column), *_ordered(pair, side))} AS {alias}"
        for alias, t, pair in zip(names, twins, pairs, strict=True)
    ]


def _ordered(pair: tuple[Column, Column], side: int) -> tuple[Column, Column]:
    return (pair[1], pair[0]) if side else pair


def _size(database: Database, at: str, keys: Sequence[str]) -> tuple[int, int]:
    """Rows, and those that share their key with others."""
    listed, whole = ", ".join(keys), " AND ".join(f"{key} IS NOT NULL" for key in keys)
    rows = database.rows(f"SELECT count(*) FROM {at}")[0][0]
    repeated = database.rows(
        f"SELECT coalesce(sum(n), 0)::bigint FROM (SELECT count(*) AS n FROM {at} WHERE {whole}"
        f" GROUP BY {listed} HAVING n > 1)"
    )[0][0]
    return rows, repeated


def _once(at: str, keys: Sequence[str], repeated: bool) -> str:
    """The rows whose key no other row has; those with a null in it are joined with none anyway."""
    if not repeated:
        return at
    listed = ", ".join(keys)
    once = f"SELECT {listed} FROM {at} GROUP BY {listed} HAVING count(*) = 1"
    return f"(SELECT * FROM {at} SEMI JOIN ({once}) USING ({listed}))"


def _differ(twin: Twin, place: int, pair: tuple[Column, Column]) -> list[str]:
    """Five expressions: see `Skew`. NaN equals NaN, and differs from every number."""
    one, two = f"a.v{place}", f"b.v{place}"
    wrong = f"{one} IS DISTINCT FROM {two}"
    gap = "NULL::double"
    if all(column.type in _NUMBERS for column in pair):
        gap = f"({two}::double - {one}::double)"
        size = f"greatest(abs({one}::double), abs({two}::double))"
        allowed = f"{number(twin.absolute)} + {number(twin.relative)} * {size}"
        near = f"isfinite({gap}) AND isfinite({size}) AND abs({gap}) <= {allowed}"
        wrong = f"({wrong} AND NOT coalesce({near}, false))"
    finite = f"isfinite({gap})"
    return [
        f"count(*) FILTER (WHERE {wrong})",
        f"count(*) FILTER (WHERE {one} IS NULL AND {two} IS NOT NULL)",
        f"count(*) FILTER (WHERE {two} IS NULL AND {one} IS NOT NULL)",
        f"avg({gap}) FILTER (WHERE {finite})",
        f"max(abs({gap})) FILTER (WHERE {finite})",
    ]
