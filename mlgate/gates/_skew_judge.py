"""The rows that two tables share by key, and in which columns they differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Measurement
from mlgate.core.text import counted, shown
from mlgate.core.words import Result
from mlgate.gates._data_check import figure, percent
from mlgate.gates._stated import Teller
from mlgate.gates.skew import rules
from mlgate.sources._tables import locate
from mlgate.tables import aggregates as ask
from mlgate.tables._protocol import Line, Skew, Twin, source_of
from mlgate.tables.ask import ask_each
from mlgate.tables.pairs import skew
from mlgate.tables.table import meant

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates.skew import Options
    from mlgate.tables.aggregates import Value
    from mlgate.tables.table import Column

_NUMBERS = ("integer", "float", "decimal")
_COMPARED = (
    "integer", "float", "decimal", "string", "boolean", "date", "time", "timestamp", "binary",
    "other",
)  # fmt: skip

_stated = Teller("skew", rules)


def findings(ctx: Context) -> Iterator[Finding]:
    """What both tables have in common, and a finding for each column."""
    options: Options = ctx.options
    table, other = locate(ctx, options.table), locate(ctx, options.against)
    for one in (table, other):
        if one.origin == "work tree":
            said = f"{shown(one.path)} is not in the commit: the {one.origin}'s file was judged"
            yield _stated("origin", one.path, said, Result.PASS)
    mine, theirs = (
        {c.name: c for c in answers.columns}
        for answers in ask_each(ctx, (table, other), [ask.Rows()])
    )
    keys = (options.key,) if isinstance(options.key, str) else options.key
    chosen = _chosen(options, keys, mine)
    odd = {name: how for name in (*keys, *chosen) if (how := _odd(options, name, mine, theirs))}
    for name, how in odd.items():
        yield _stated("schema", options.against, f"{shown(name)} {how}", Result.FAIL)
    if any(key in odd for key in keys):
        return
    twins = [_twin(options, name) for name in chosen if name not in odd]
    key = tuple(Twin(name, options.names.get(name, name)) for name in keys)
    question = Skew(table=source_of(table), other=source_of(other), key=key, twins=tuple(twins))
    yield from _told(options, twins, skew(ctx, table, other, question))


def _chosen(options: Options, keys: tuple[str, ...], mine: dict[str, Column]) -> list[str]:
    for name in (*keys, *options.columns, *options.names, *options.shares):
        if name not in mine:
            raise GateError(
                f"{shown(options.table)} has no column {shown(name)}", meant(name, mine)
            )
    wanted = options.columns or tuple(c.name for c in mine.values() if c.type in _COMPARED)
    chosen = [name for name in wanted if name not in keys and name not in options.ignore]
    if not chosen:
        raise GateError("there is no column to compare besides the key", "name some in `columns`")
    return chosen


def _odd(
    options: Options, name: str, mine: dict[str, Column], theirs: dict[str, Column]
) -> str | None:
    """How a column does not fit its counterpart."""
    called = options.names.get(name, name)
    if called not in theirs:
        return f"is missing in {shown(options.against)}" + (
            f" (as {shown(called)})" if called != name else ""
        )
    one, two = mine[name].type, theirs[called].type
    if one == two or (one in _NUMBERS and two in _NUMBERS):
        return None
    return f"is {two} in {shown(options.against)}, {one} in {shown(options.table)}"


def _twin(options: Options, name: str) -> Twin:
    return Twin(name, options.names.get(name, name), options.relative, options.absolute)


def _told(options: Options, twins: list[Twin], line: Line) -> Iterator[Finding]:
    rows, others, both, repeated, other_repeated = line.found
    for path, count in ((options.table, repeated), (options.against, other_repeated)):
        if count:
            said = f"{counted(count, 'row')} of {shown(path)} share their key with others"
            yield _stated("key", path, f"{said}, and are not compared", Result.FAIL)
    if not both:
        raise GateError(
            f"no row of {shown(options.against)} ({others:,}) has a key of {shown(options.table)}"
            f" ({rows:,}), so nothing is judged",
            "compare tables of the same rows, and see that both write the key alike",
        )
    yield _matched(options, both, others)
    for twin, value in zip(twins, line.values or [], strict=True):
        yield _column(options, twin, value, both)


def _matched(options: Options, both: int, others: int) -> Finding:
    share = both / others
    said = f"{both:,} of {others:,} rows of {shown(options.against)} have a counterpart"
    least = options.min_matched
    met = share >= least
    number = Measurement(name="matched", value=share, at_least=least, n=others, method="exact")
    said += "" if met else f" in {shown(options.table)}; {percent(least)} must"
    return _stated("matched", options.against, said, Result.PASS if met else Result.FAIL, number)


def _column(options: Options, twin: Twin, value: Value, both: int) -> Finding:
    differ, gone, lost, mean, greatest = value
    share, most = differ / both, options.shares.get(twin.column, options.max_share)
    said = f"{shown(twin.column)}: {percent(share)} of the rows differ ({differ:,} of {both:,})"
    if differ:
        said += f"; at most {percent(most)} may" if share > most else ""
        said += f"; null in training only {gone:,}" if gone else ""
        said += f"; null in serving only {lost:,}" if lost else ""
        if mean is not None and greatest:
            said += f"; serving is {_signed(mean)} on average, at most {figure(greatest)} apart"
    result = Result.PASS if share <= most else Result.FAIL
    number = Measurement(name=f"skew {twin.column}", value=share, at_most=most, n=both,
                         method="exact")  # fmt: skip
    return _stated("value", options.against, said, result, number)


def _signed(value: float) -> str:
    return ("+" if value >= 0 else "-") + figure(abs(value))
