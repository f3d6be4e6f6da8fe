"""Writes a table's aggregates beside it, so that drift against this version reads no data."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlgate.core.errors import UsageError
from mlgate.core.text import shown
from mlgate.gates._drift_columns import Numbers, first_bins
from mlgate.tables import aggregates as ask
from mlgate.tables.ask import ask as asked
from mlgate.tables.saved import BINS, END, Answer, Saved, written

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot
    from mlgate.tables._asking import Desk
    from mlgate.tables.table import Column, Located

_NUMBERS = ("integer", "float", "decimal")
_TIMES = ("date", "timestamp")
_NAMES = ("string", "boolean")


def save(desk: Desk, file: str) -> str:
    """Write the profile of the table in `file`, and say where. Raises `UsageError`."""
    from mlgate.cli._formats import write_whole
    from mlgate.cli._opened import opened
    from mlgate.tables._where import in_work_tree
    from mlgate.tables.table import is_name, named

    query = named(file)[1]
    if query is not None and not is_name(query):
        raise UsageError("a profile is named by its table, and this is a query of a database",
                         "save that of a table, or of a view that holds the query")  # fmt: skip
    with opened() as session:
        root = str(session.work)
        path = os.path.relpath(file, root).replace(os.sep, "/")
        digest = _digest(session.subject, root, path)
    table = in_work_tree(root, path)
    saved = measured(desk, table, digest)
    write_whole(os.path.join(root, path + END), written(saved).decode())
    return f"wrote {shown(path + END)}: commit it beside the table, or its pointer"


def _digest(snapshot: Snapshot, root: str, path: str) -> str:
    """What the commit will know the table by."""
    from mlgate.gates._drift_saved import content
    from mlgate.sources._dvc.objects import file_hash
    from mlgate.tables.table import named

    found, path = content(snapshot, path), named(path)[0]
    if found is None:
        raise UsageError(
            f"neither git nor a DVC pointer knows {shown(path)}, so that nobody could tell of which"
            " version a profile is",
            f"dvc add {shown(path)}",
        )
    algorithm, _, wanted = found.partition(":")
    if algorithm != "blob" and file_hash(os.path.join(root, path), algorithm) != wanted:
        raise UsageError(
            f"{shown(path)} is not what its pointer says", f"dvc add {shown(path)}, or dvc checkout"
        )
    return found


def measured(desk: Desk, table: Located, digest: str) -> Saved:
    """What drift asks of a reference: two passes. Raises `GateError`."""
    columns = asked(desk, table, [ask.Rows()]).columns
    first = [ask.Rows(), *(a for column in columns for a in _about(column))]
    answers = asked(desk, table, first)
    bins = []
    for column in columns:
        if column.type in _NUMBERS + _TIMES:
            low, high = answers.of(ask.Extent(column=column.name))
            if low is not None:
                whole = column.type not in ("float", "decimal")
                bins.append(first_bins(Numbers(column.name, whole, (low, high), (low, high)), BINS))
    spread = asked(desk, table, bins)
    values = {**answers.values, **spread.values}
    listed = tuple(Answer(a, value) for a, value in values.items())  # type: ignore[arg-type]
    return Saved(table=table.path, digest=digest, columns=columns, answers=listed)


def _about(column: Column) -> list[ask.Aggregate]:
    name = column.name
    found: list[ask.Aggregate] = [ask.Nulls(column=name)]
    if column.type in _NUMBERS + _TIMES:
        found += [ask.Extent(column=name), ask.NotFinite(column=name)]
    if column.type in _NAMES:
        found += [ask.Categories(column=name)]
    return found
