"""What the columns of a table hold of personal data, and which of it counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Location, Measurement
from mlgate.core.text import counted, shown
from mlgate.core.words import Level, Result
from mlgate.gates._data_check import percent
from mlgate.sources._tables import locate
from mlgate.stats.distributions import binomial_cdf
from mlgate.tables import aggregates as ask
from mlgate.tables.ask import Answers
from mlgate.tables.ask import ask as asked
from mlgate.tables.personal import KINDS
from mlgate.tables.table import meant

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates.privacy import Options
    from mlgate.tables.table import Column, Located

_LOOKED_AT = ("string", "integer", "nested", "other")
_BY_CHANCE = 1e-6
"""Numbers with right check digits that are less probable than this are no chance."""
_FEWEST = 0.3
"""The share of a column's different numbers that must have them besides."""
_WORDS = {
    "email": "e-mail addresses", "phone": "telephone numbers", "iban": "bank accounts (IBAN)",
    "card": "payment cards", "ip": "public IP addresses", "address": "postal addresses",
}  # fmt: skip
_CLASSES = {
    "email": ("GDPR", "HIPAA"), "phone": ("GDPR", "HIPAA"), "iban": ("GDPR", "HIPAA"),
    "card": ("GDPR", "HIPAA", "PCI DSS"), "national-id": ("GDPR", "HIPAA"),
    "ip": ("GDPR", "HIPAA"), "address": ("GDPR", "HIPAA"),
}  # fmt: skip


class Held(Struct, frozen=True):
    """What a column holds of one form."""

    column: str
    kind: str
    form: str
    values: int
    of: int
    doubtful: bool
    """True if chance explains it as well."""
    exact: bool

    @property
    def share(self) -> float:
        """The share of the column's values."""
        return self.values / self.of if self.of else 0.0


def findings(ctx: Context) -> Iterator[Finding]:
    """A finding for each kind in a column, and one for the classes that are touched."""
    options: Options = ctx.options
    table = locate(ctx, options.table)
    if table.origin == "work tree":
        said = f"{shown(table.path)} is not in the commit: the {table.origin}'s file was judged"
        yield _note(table, "origin", said)
    there = asked(ctx, table, [ask.Rows()]).columns
    columns = _columns(options, there)
    yield from _undeclared(options, table, there)
    wanted = {c.name: ask.Personal(column=c.name, kinds=options.kinds) for c in columns}
    answers = asked(ctx, table, [ask.Rows(), *(ask.Nulls(column=c) for c in wanted),
                                 *wanted.values()])  # fmt: skip
    found = [held for a in wanted.values() for held in _held(answers, a)]
    yield from (_stated(options, table, held) for held in found)
    yield _classes(table, len(columns), found)


def _columns(options: Options, there: tuple[Column, ...]) -> list[Column]:
    names = [column.name for column in there]
    for name in options.columns:
        if name not in names:
            raise GateError(f"there is no column {shown(name)}", meant(name, names))
    wanted = set(options.columns or names)
    return [c for c in there if c.name in wanted and c.type in _LOOKED_AT]


def _undeclared(options: Options, table: Located, there: tuple[Column, ...]) -> Iterator[Finding]:
    names = {column.name for column in there}
    for name in options.allowed:
        if name not in names:
            said = f"{shown(name)} is declared in `allowed`, and is no column of the table"
            yield _finding(table, "declared", said, Result.FAIL, Level.WARNING)


def _held(answers: Answers, a: ask.Personal) -> Iterator[Held]:
    chance = {kind.form: kind.chance for kind in KINDS}
    names = {kind.form: kind.name for kind in KINDS}
    present = answers.of(ask.Rows()) - answers.of(ask.Nulls(column=a.column))
    for form, certain, right, tried, held, exact in answers.of(a):
        more = _more_than_chance(held, tried, chance[form])
        undecided = bool(held) and held == tried and not more
        values = certain + (right if more or (undecided and not certain) else 0)
        if values:
            yield Held(a.column, names[form], form, min(values, present), present,
                       undecided and not certain, bool(exact))  # fmt: skip


def _more_than_chance(held: int, tried: int, chance: float) -> bool:
    if not held or held < _FEWEST * tried:
        return False
    return 1.0 - binomial_cdf(held - 1, tried, chance) < _BY_CHANCE


def _stated(options: Options, table: Located, held: Held) -> Finding:
    from mlgate.gates.privacy import rules

    may = options.allowed.get(held.column, ())
    declared = "any" in may or held.kind in may
    what = _WORDS.get(held.kind, f"national ids ({held.form})")
    laws = ", ".join(_CLASSES[held.kind])
    about = "" if held.exact else "about "
    said = (
        f"{shown(held.column)}: {what} in {about}{percent(held.share)} of the values"
        f" ({about}{held.values:,} of {held.of:,}); {laws}"
    )
    met = declared or held.share <= options.max_share
    if declared:
        said += "; declared"
    elif held.doubtful and not met:
        said += "; so few numbers may be right by chance"
    result = Result.PASS if met else Result.OPEN if held.doubtful else Result.FAIL
    return Finding(
        rule=f"privacy/{held.kind}",
        message=said,
        result=result,
        level=Level.NOTE if met else Level.ERROR,
        location=Location(path=table.path, text=""),
        measurement=Measurement(
            name=f"{held.kind} {held.column}",
            value=held.share,
            at_most=None if declared else options.max_share,
            n=held.of,
            method="exact" if held.exact else "projected from the first values that look like it",
        ),
        help=None if met else rules[held.kind].mend,
    )


def _classes(table: Located, columns: int, found: list[Held]) -> Finding:
    touched = sorted({law for held in found if not held.doubtful for law in _CLASSES[held.kind]})
    looked = f"{counted(columns, 'column')} of {shown(table.path)} looked at"
    if not touched:
        return _note(table, "classes", f"{looked}: no personal data was recognised")
    where = counted(len({held.column for held in found if not held.doubtful}), "column")
    return _note(table, "classes", f"{looked}: {where} with personal data; {', '.join(touched)}")


def _note(table: Located, rule: str, message: str) -> Finding:
    return _finding(table, rule, message, Result.PASS, Level.NOTE)


def _finding(table: Located, rule: str, message: str, result: Result, level: Level) -> Finding:
    from mlgate.gates.privacy import rules

    return Finding(
        rule=f"privacy/{rule}",
        message=message,
        result=result,
        level=level,
        location=Location(path=table.path, text=""),
        help=rules[rule].mend if result is Result.FAIL else None,
    )
