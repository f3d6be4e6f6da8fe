"""What a table is held against: other tables its values must be in, and its version in the base."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mlgate.core.finding import Finding
from mlgate.core.text import shown
from mlgate.gates import _data_balance, _data_columns, _data_rows
from mlgate.gates._data_check import Check, Ruling, finding, mend, unfit
from mlgate.gates._data_options import Balance, Column, InTable
from mlgate.sources._tables import at, locate
from mlgate.tables import aggregates as ask
from mlgate.tables._protocol import Orphans, source_of
from mlgate.tables.ask import Answers, told
from mlgate.tables.ask import ask as asked

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates.data import Options
    from mlgate.tables.table import Located


def orphans(
    ctx: Context, table: Located, rules: Sequence[tuple[str, Column]], answers: Answers
) -> Iterator[tuple[Column, InTable, Orphans]]:
    """The columns whose values must be in another table, with what asks for those that are not."""
    there = {column.name for column in answers.columns}
    for name, rule in rules:
        if rule.in_table is not None and name in there:
            other = source_of(locate(ctx, rule.in_table.table))
            yield rule, rule.in_table, Orphans(
                table=source_of(table),
                column=name,
                other=other,
                other_column=rule.in_table.column,
            )


def lost_values(
    ctx: Context, table: Located, rule: Column, given: InTable, lost: Orphans
) -> Ruling:
    """Whether the other table has the values."""
    (line,) = told(ctx, lost, f"{shown(table.path)} and {shown(given.table)}")
    present, gone = line.found
    lead = f"{shown(lost.column)}: "
    where = f"not in {shown(given.column)} of {shown(given.table)}"
    return _data_columns.mostly(lead, "in_table", gone, present, rule.mostly, where)


def lookups(
    ctx: Context, table: Located, rules: Sequence[tuple[str, Column]], answers: Answers
) -> Iterator[Finding]:
    """Whether all values are in the tables that the policy sends them to."""
    for rule, given, lost in orphans(ctx, table, rules, answers):
        yield _in_table(ctx, table, rule, given, lost)


def _in_table(ctx: Context, table: Located, rule: Column, given: InTable, lost: Orphans) -> Finding:
    ruling = lost_values(ctx, table, rule, given, lost)
    check = Check(rule="in-table", about=lost.column, asks=(), judge=lambda: ruling)
    return finding(table.path, check, ruling, mend(check))


def against_base(
    ctx: Context,
    table: Located,
    answers: Answers,
    balance: Sequence[tuple[Balance, ask.Groups]],
) -> Iterator[Finding]:
    """What the base's version of the table is compared with."""
    options: Options = ctx.options
    changed = options.rows.max_change is not None
    groups = [a for given, a in balance if given.max_change is not None]
    before = _base(ctx, [*([ask.Rows()] if changed else []), *groups])
    if changed:
        check = Check(rule="rows", about="rows", asks=(), judge=_data_rows.changed)
        yield finding(table.path, check, _rows_changed(options, answers, before), mend(check))
    for given, aggregate in balance:
        check = Check(
            rule="balance", about=given.group, asks=(aggregate,), judge=_data_balance.largest_gap
        )
        reason = answers.unfit(aggregate)
        if reason is not None:
            yield unfit(table.path, check, reason)
            continue
        old = before.of(aggregate) if before and aggregate in before.values else None
        for ruling in _data_balance.rulings(given, answers.of(aggregate), old):
            yield finding(table.path, check, ruling, mend(check))


def _base(ctx: Context, wanted: Sequence[ask.Aggregate]) -> Answers | None:
    if not wanted or ctx.base is None:
        return None
    table = at(ctx, ctx.base, ctx.options.table)
    return asked(ctx, table, wanted) if table is not None else None


def _rows_changed(options: Options, answers: Answers, before: Answers | None) -> Ruling:
    count = answers.of(ask.Rows())
    if before is not None:
        return _data_rows.changed(options.rows, count, before.of(ask.Rows()))
    from mlgate.core.finding import Measurement

    missing = Measurement(name="change of rows", value=None)
    return Ruling(False, "the base holds no such table, so the change is unknown", missing, True)
