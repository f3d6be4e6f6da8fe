"""The columns of a table against those that the policy names: there, typed, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlgate.core.finding import Finding, Location
from mlgate.core.text import shown
from mlgate.core.words import Level
from mlgate.tables.ask import Answers
from mlgate.tables.table import meant

if TYPE_CHECKING:
    from mlgate.gates.data import Options
    from mlgate.tables.table import Located

_NUMBERS = ("integer", "float", "decimal")


def findings(options: Options, table: Located, answers: Answers) -> Iterator[Finding]:
    """Each column that is not as the policy has it."""
    found = {column.name: column for column in answers.columns}
    for name, rule in (*options.columns.items(), *((r.column, r) for r in options.rules)):
        if name not in found:
            if not rule.optional:
                yield _wrong(table, f"there is no column {shown(name)}", meant(name, found))
        elif rule.type is not None and not _is(found[name].type, rule.type):
            kind = f"{found[name].type} ({found[name].native})"
            yield _wrong(table, f"{shown(name)} is {kind}, must be {rule.type}")
    if options.columns_exact:
        for name in found:
            if name not in options.columns:
                yield _wrong(table, f"the column {shown(name)} is not expected")
    if options.ordered:
        there = [name for name in found if name in options.columns]
        wanted = [name for name in options.columns if name in found]
        if there != wanted:
            first = next(a for a, b in zip(there, wanted, strict=True) if a != b)
            yield _wrong(table, f"the columns are in another order, from {shown(first)} on")
    for difference in answers.odd:
        yield _wrong(table, f"its files have different columns: {difference}")


def _is(found: str, wanted: str) -> bool:
    return found == wanted or (wanted == "number" and found in _NUMBERS)


def _wrong(table: Located, message: str, mend: str | None = None) -> Finding:
    return Finding(
        rule="data/schema",
        message=message,
        level=Level.ERROR,
        location=Location(path=table.path),
        help=mend or "correct the step that writes the table, or its columns in the policy",
    )
