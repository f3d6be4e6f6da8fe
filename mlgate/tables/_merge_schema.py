"""The columns of a table of several files, and the files that differ from the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlgate.core.text import shown
from mlgate.tables.table import Column, Located


def one_schema(
    table: Located, schemas: Sequence[list[Column]]
) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """The first file's columns, and in words how other files differ from it."""
    first = tuple(schemas[0])
    types = {column.name: column.type for column in first}
    odd = []
    for part, schema in zip(table.parts[1:], schemas[1:], strict=True):
        found = {column.name: column.type for column in schema}
        if found != types:
            odd.append(f"{shown(part.name)}: {_difference(types, found)}")
    return first, tuple(odd)


def _difference(wanted: Mapping[str, str], found: Mapping[str, str]) -> str:
    for name, kind in wanted.items():
        if name not in found:
            return f"has no column {shown(name)}"
        if found[name] != kind:
            return f"{shown(name)} is {found[name]}, elsewhere {kind}"
    return f"has a further column {shown(next(name for name in found if name not in wanted))}"
