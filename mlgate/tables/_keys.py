"""Counts repeated keys exactly, in little memory: by footers, by bits, by hashes, by values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from mlgate.tables import aggregates as ask
from mlgate.tables._footer import Facts
from mlgate.tables._queries import Rows
from mlgate.tables._sql import Columns, found, name, where
from mlgate.tables.aggregates import Value

_WIDEST = 1 << 27
"""The widest span of keys that is counted with one bit each (16 MB a thread)."""


class File(Struct, frozen=True):
    """A file of the table: how a query reads it, and what its footer says of the key."""

    source: str
    facts: Facts | None = None
    known: Value = None
    """Its own answer, if it is known already."""


def duplicates(
    a: ask.Duplicates, source: str, files: Sequence[File], columns: Columns, rows: Rows
) -> tuple[Value, list[Value]]:
    """[rows beyond the first of each key, rows that were not compared]; `source` is all files.

    And the same of each file, where those decide.
    """
    for column in a.columns:
        found(columns, column)
    groups = _apart(a, files)
    if groups is None:
        return _counted(a, source, rows), []
    answers = [_one(a, file, rows) if file.known is None else file.known for file in groups]
    return [sum(part) for part in zip(*answers, strict=True)], answers


def _apart(a: ask.Duplicates, files: Sequence[File]) -> list[File] | None:
    """The files, where no key can be in two of them by their footers; else None."""
    if a.where is not None or len(a.columns) != 1 or not files:
        return None
    spans: list[tuple[int, int]] = []
    for file in files:
        if file.facts is None or not file.facts.groups:
            return None
        spans.append((int(file.facts.low or 0), int(file.facts.high or 0)))
    spans.sort()
    disjoint = all(before[1] < after[0] for before, after in pairwise(spans))
    return list(files) if disjoint else None


def _one(a: ask.Duplicates, file: File, rows: Rows) -> Value:
    """One file whose bounds are known: with one bit for each key, if they lie close."""
    facts = file.facts
    if facts is None or facts.low is None or facts.high is None or facts.nulls is None:
        return _counted(a, file.source, rows)
    low, high = int(facts.low), int(facts.high)
    present = facts.rows - facts.nulls
    if high - low >= min(_WIDEST, 64 * max(present, 1)) or not -(1 << 62) < low <= high < 1 << 62:
        return _counted(a, file.source, rows)
    key = name(a.columns[0])
    bits = f"bit_count(bitstring_agg({key}::bigint, {low}::bigint, {high}::bigint))"
    kept = rows(f"SELECT {bits} FROM {file.source} WHERE {key} IS NOT NULL")[0][0] or 0
    return [present - kept, facts.nulls]


def _counted(a: ask.Duplicates, source: str, rows: Rows) -> Value:
    """By counting different keys; several columns or texts by their hashes first.

    Different keys may share a hash, so hashes prove that there are no duplicates and never that
    there are: whatever is not proven is counted on the values.
    """
    keys = ", ".join(name(column) for column in a.columns)
    present = " AND ".join(f"{name(column)} IS NOT NULL" for column in a.columns)
    only = f" WHERE {where(a)}" if a.where else ""
    within = f" WHERE {present}{' AND ' + (where(a) or '') if a.where else ''}"
    # Of one column the footer knows how many there are; a condition would read it.
    some = f"count({keys})" if len(a.columns) == 1 else f"count(*) FILTER (WHERE {present})"
    total, filled = rows(f"SELECT count(*), {some} FROM {source}{only}")[0]
    hashed = f"hash({keys})"
    if rows(f"SELECT count(DISTINCT {hashed}) FROM {source}{within}")[0][0] == filled:
        return [0, total - filled]
    again = f"SELECT {hashed} FROM {source}{within} GROUP BY 1 HAVING count(*) > 1"
    surplus = rows(
        "SELECT coalesce(sum(__n - 1), 0)::bigint FROM ("
        f"SELECT count(*) AS __n FROM {source}{within}"
        f" AND {hashed} IN ({again}) GROUP BY {keys} HAVING __n > 1)"
    )[0][0]
    return [int(surplus), total - filled]
