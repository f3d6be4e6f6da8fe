"""Asks a table for all that its checks need at once, and states what came of each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mlgate.core.finding import Finding
from mlgate.core.text import shown
from mlgate.gates import _data_balance, _data_columns, _data_others, _data_rows, _data_schema
from mlgate.gates._data_check import Check, Ruling, finding, mend, unfit
from mlgate.gates._data_options import Balance, Column
from mlgate.tables import aggregates as ask
from mlgate.tables._protocol import Breach, Examples, source_of
from mlgate.tables.ask import Answers, told
from mlgate.tables.ask import ask as asked

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates.data import Options
    from mlgate.tables.table import Located

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
    yield from _data_schema.findings(ctx.options, table, found.answers)
    yield from _stated(ctx, table, found)
    yield from _data_others.lookups(ctx, table, found.rules, found.answers)
    yield from _data_others.against_base(ctx, table, found.answers, found.balance)


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
            yield finding(table.path, check, ruling, mend(check), examples.get(number, ""))


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
        if line.found and line.part is not None:
            said[line.part] = _named(table, key, line.found)
    return said


def _named(table: Located, key: str | None, rows: Sequence[Sequence[Any]]) -> str:
    """Rows as `; rows 4, 9 …`, and of which file they are, where the table has several."""
    names = {part.file: shown(part.name) for part in reversed(table.parts)}
    said = ""
    for file, some in itertools.groupby(rows, lambda row: row[1]):
        numbers = [f"{row[0]:,}" + _keyed(key, row) for row in some]
        whose = f"{names[file]} " if file and len(names) > 1 else ""
        said += f"; {whose}row{'s' * (len(numbers) > 1 or not whose)} {', '.join(numbers)}"
    return said + (" …" if len(rows) == _SHOWN else "")


def broken(rulings: Sequence[tuple[Check, Ruling | str]]) -> list[Breach]:
    """What rows break of the checks that are not met."""
    return [
        Breach(number=number, kept=check.kept, rule=f"{check.rule}: {check.about}")  # type: ignore[arg-type]  # it has one
        for number, (check, ruling) in enumerate(rulings)
        if isinstance(ruling, Ruling) and not ruling.met and check.kept is not None
    ]


def _keyed(key: str | None, row: Sequence[object]) -> str:
    return f" ({shown(key or '')} {shown(str(row[2]))})" if len(row) > 2 else ""
