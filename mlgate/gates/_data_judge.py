"""Asks a table for all that its checks need at once, and states what came of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.finding import Finding, Location
from mlgate.core.text import shown
from mlgate.core.words import Level
from mlgate.gates import _data_balance, _data_columns, _data_rows
from mlgate.gates._data_check import Check, Ruling, finding, unfit
from mlgate.gates._data_options import Balance, Column, InTable
from mlgate.sources._tables import at, locate
from mlgate.tables import aggregates as ask
from mlgate.tables._protocol import Breach, Examples, Orphans, source_of
from mlgate.tables.ask import Answers, told
from mlgate.tables.ask import ask as asked
from mlgate.tables.table import meant

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates.data import Options
    from mlgate.tables.table import Located

_NUMBERS = ("integer", "float", "decimal")
_SHOWN = 5


class Judged(Struct, frozen=True, kw_only=True):
    """What a table answered, and what its checks made of that."""

    answers: Answers
    rulings: tuple[tuple[Check, Ruling | str], ...]
    """A text where the column does not allow the question."""
    rules: tuple[tuple[str, Column], ...]
    """Those of single columns."""
    balance: tuple[tuple[Balance, ask.Groups], ...]


def judged(ctx: Context, table: Located) -> Judged:
    """Ask all at once, and judge each check by its answers."""
    options: Options = ctx.options
    rules = (*options.columns.items(), *((rule.column, rule) for rule in options.rules))
    # Types are not known yet, so that each column is asked as if it were a float: NotFinite answers
    # zeros for other types, from the footer.
    guessed = [c for name, rule in rules for c in _data_columns.checks(name, rule, "float")]
    whole = [*_data_rows.checks(options, ctx.now)]
    balance = tuple((given, _data_balance.aggregate(given)) for given in options.balance)
    wanted = [a for check in (*guessed, *whole) for a in check.asks]
    answers = asked(ctx, table, [*wanted, *(a for _, a in balance)])
    there = {column.name: column.type for column in answers.columns}
    present = [
        check
        for name, rule in rules
        if name in there
        for check in _data_columns.checks(name, rule, there[name])
    ]
    rulings = tuple((check, _ruling(check, answers)) for check in (*present, *whole))
    return Judged(answers=answers, rulings=rulings, rules=rules, balance=balance)


def findings(ctx: Context, table: Located) -> Iterator[Finding]:
    """What holds for the table, and what does not."""
    found = judged(ctx, table)
    yield from _schema(ctx.options, table, found.answers)
    yield from _stated(ctx, table, found)
    for rule, given, lost in orphans(ctx, table, found):
        yield _in_table(ctx, table, rule, given, lost)
    yield from _against_base(ctx, table, found.answers, found.balance)


# -- the schema ------------------------------------------------------------------------------------


def _schema(options: Options, table: Located, answers: Answers) -> Iterator[Finding]:
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


# -- the checks ------------------------------------------------------------------------------------


def _ruling(check: Check, answers: Answers) -> Ruling | str:
    reason = next(filter(None, (answers.unfit(a) for a in check.asks)), None)
    for column in answers.columns if check.time is not None else ():
        if column.name == check.time and column.type not in ("date", "timestamp"):
            reason = f"{shown(column.name)} is {column.type}, not a time"
    return reason if reason is not None else check.judge(*(answers.values[a] for a in check.asks))


def _stated(ctx: Context, table: Located, found: Judged) -> Iterator[Finding]:
    examples = _examples(ctx, table, found.rulings)
    there = [column.name for column in found.answers.columns]
    for number, (check, ruling) in enumerate(found.rulings):
        if isinstance(ruling, str):
            yield unfit(table.path, check, ruling, there)
        else:
            yield finding(table.path, check, ruling, _mend(check), examples.get(number, ""))


def _mend(check: Check) -> str:
    from mlgate.gates.data import rules

    return rules[check.rule].mend


def _examples(
    ctx: Context, table: Located, rulings: Sequence[tuple[Check, Ruling | str]]
) -> dict[int, str]:
    """The first rows that break each rule, in words: numbers and keys, never values."""
    breaches = broken(rulings)
    if not breaches:
        return {}
    key = ctx.options.key
    question = Examples(table=source_of(table), breaches=breaches, key=key, most=_SHOWN)
    said = {}
    for line in told(ctx, question, table.path):
        rows = [f"{row[0]:,}" + _keyed(key, row) for row in line.found]
        if rows and line.part is not None:
            said[line.part] = f"; rows {', '.join(rows)}" + (" …" if len(rows) == _SHOWN else "")
    return said


def broken(rulings: Sequence[tuple[Check, Ruling | str]]) -> list[Breach]:
    """What rows break of the checks that are not met."""
    return [
        Breach(number=number, kept=check.kept, rule=f"{check.rule}: {check.about}")  # type: ignore[arg-type]  # it has one
        for number, (check, ruling) in enumerate(rulings)
        if isinstance(ruling, Ruling) and not ruling.met and check.kept is not None
    ]


def _keyed(key: str | None, row: Sequence[object]) -> str:
    return f" ({shown(key or '')} {shown(str(row[1]))})" if len(row) > 1 else ""


# -- other tables ----------------------------------------------------------------------------------


def orphans(
    ctx: Context, table: Located, found: Judged
) -> Iterator[tuple[Column, InTable, Orphans]]:
    """The columns whose values must be in another table, with what asks for those that are not."""
    there = {column.name for column in found.answers.columns}
    for name, rule in found.rules:
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


def _in_table(ctx: Context, table: Located, rule: Column, given: InTable, lost: Orphans) -> Finding:
    ruling = lost_values(ctx, table, rule, given, lost)
    check = Check(rule="in-table", about=lost.column, asks=(), judge=lambda: ruling)
    return finding(table.path, check, ruling, _mend(check))


def _against_base(
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
        yield finding(table.path, check, _rows_changed(options, answers, before), _mend(check))
    for given, aggregate in balance:
        check = Check(
            rule="balance", about=given.group, asks=(aggregate,), judge=_data_balance._gap
        )
        reason = answers.unfit(aggregate)
        if reason is not None:
            yield unfit(table.path, check, reason)
            continue
        old = before.of(aggregate) if before and aggregate in before.values else None
        for ruling in _data_balance.rulings(given, answers.of(aggregate), old):
            yield finding(table.path, check, ruling, _mend(check))


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
