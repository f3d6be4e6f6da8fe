"""Writes every row of a table that breaks a rule of its gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.core.text import shown
from mlgate.gates._data_judge import broken, judged
from mlgate.gates._data_others import lost_values, orphans
from mlgate.sources._tables import locate
from mlgate.tables._protocol import Breach, Failing, source_of
from mlgate.tables.ask import told

if TYPE_CHECKING:
    from mlgate.core.gate import Context


def write(ctx: Context, file: str) -> int | None:
    """Write them to `file` as Parquet, and say how many there are.

    None, and nothing written, where no rule that rows can break is broken. Raises `GateError`.
    """
    table = locate(ctx, ctx.options.table)
    found = judged(ctx, table)
    breaches = broken(found.rulings)
    for rule, given, lost in orphans(ctx, table, found.rules, found.answers):
        if not lost_values(ctx, table, rule, given, lost).met:
            named = f"in-table: {shown(lost.column)}"
            breaches.append(Breach(number=len(breaches), lost=lost, rule=named))
    if not breaches:
        return None
    names = [part.name for part in table.parts]
    asked = Failing(table=source_of(table), breaches=breaches, file=file, names=names)
    (line,) = told(ctx, asked, table.path)
    return int(line.found)
