"""What two splits share: rows, keys, near-duplicates, and the time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Measurement
from mlgate.core.text import counted, shown
from mlgate.core.words import Result
from mlgate.gates._stated import Teller
from mlgate.gates.leakage import rules
from mlgate.sources._tables import locate
from mlgate.tables import aggregates as ask
from mlgate.tables._protocol import Overlap, source_of
from mlgate.tables.ask import ask as asked
from mlgate.tables.pairs import overlap

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates.leakage import Options
    from mlgate.tables.table import Located

_DAY = 86_400_000_000
_SHOWN = 5

_stated = Teller("leakage", rules)


class Split(Struct, frozen=True):
    """A split and where it lies."""

    name: str
    table: Located


class _Question(Struct, frozen=True):
    """One way in which two splits may share rows."""

    rule: str
    columns: tuple[str, ...]
    normalised: bool = False


def findings(ctx: Context) -> Iterator[Finding]:
    """What every two splits share, and whether they follow each other in time."""
    options: Options = ctx.options
    splits = [Split(name, locate(ctx, path)) for name, path in options.tables.items()]
    for split in splits:
        if split.table.origin == "work tree":
            path, origin = split.table.path, split.table.origin
            said = f"{shown(path)} is not in the commit: the {origin}'s file was judged"
            yield _stated("origin", path, said, Result.PASS)
    for early, late in combinations(splits, 2):
        for question in _questions(options):
            yield _shared(ctx, early, late, question)
    if options.time is not None:
        yield from _order(ctx, splits, options.time)


def _questions(options: Options) -> Iterator[_Question]:
    if options.rows:
        yield _Question("shared-row", options.row_columns)
    if options.key:
        key = (options.key,) if isinstance(options.key, str) else options.key
        yield _Question("shared-key", key)
    if options.near_duplicates:
        yield _Question("near-duplicate", options.near_duplicates, True)


def _shared(ctx: Context, early: Split, late: Split, question: _Question) -> Finding:
    """How many rows of the later split are in the earlier one too."""
    whole = question.rule == "shared-row"
    asked_for = Overlap(
        table=source_of(late.table),
        other=source_of(early.table),
        columns=question.columns,
        normalised=question.normalised,
        nulls_count=whole,
        most=_SHOWN,
    )
    total, shared, first = overlap(ctx, late.table, early.table, asked_for)
    if not total:
        raise GateError(
            f"{shown(late.table.path)} has no rows, so nothing is judged",
            "see whether the step that writes it still finds its input",
        )
    share, most = shared / total, ctx.options.most
    by = f" by {', '.join(map(shown, question.columns))}" if question.columns else ""
    what = {"near-duplicate": "nearly repeat rows", "shared-key": "share a key with rows"}
    verb = what.get(question.rule, "are also rows")
    rows = ", ".join(f"{row:,}" for row in first) + (" …" if shared > len(first) else "")
    where = f"; rows {rows} of {shown(late.table.path)}" if first else ""
    said = f"{shared:,} of {total:,} rows of {shown(late.name)} {verb} of {shown(early.name)}{by}"
    return _stated(
        question.rule,
        late.table.path,
        said + where,
        Result.PASS if share <= most else Result.FAIL,
        Measurement(name=question.rule, value=share, at_most=most, n=total, method="exact"),
    )


def _order(ctx: Context, splits: list[Split], column: str) -> Iterator[Finding]:
    """Each split against the one after it; the day on which they meet belongs to both."""
    wanted = [ask.Rows(), ask.Minimum(column=column), ask.Maximum(column=column)]
    answers = {split.name: asked(ctx, split.table, wanted) for split in splits}
    for early, late in pairwise(splits):
        rows, first = answers[early.name].of(wanted[0]), answers[late.name].of(wanted[1])
        last = answers[early.name].of(wanted[2])
        if not isinstance(first, int | float) or not isinstance(last, int | float):
            raise GateError(f"{shown(column)} holds no times in {early.name} or {late.name}")
        kind = next(c.type for c in answers[early.name].columns if c.name == column)
        edge = (int(first) // _DAY + 1) * _DAY if kind in ("timestamp", "date") else first + 1
        within = asked(ctx, early.table, [bound := _before(column, kind, edge)]).of(bound)
        nulls = asked(ctx, early.table, [gone := ask.Nulls(column=column)]).of(gone)
        after = rows - nulls - within
        begins = _day(first) if kind in ("timestamp", "date") else f"{first:,}"
        said = f"{shown(early.name)} ends before {shown(late.name)} begins ({begins})"
        if after:
            said = (
                f"{counted(after, 'row')} of {rows:,} of {shown(early.name)} are later than the"
                f" begin of {shown(late.name)} ({begins}), by {shown(column)}"
            )
        yield _stated(
            "time-order",
            early.table.path,
            said,
            Result.FAIL if after else Result.PASS,
            Measurement(name="time-order", value=after / rows, at_most=0, n=rows, method="exact"),
        )


def _before(column: str, kind: str, edge: int | float) -> ask.Below:
    """The rows before the end of the boundary day, or up to the boundary number."""
    return ask.Below(column=column, bound=int(edge) if kind in ("timestamp", "date") else edge)


def _day(moment: int | float) -> str:
    try:
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment):%Y-%m-%d}"
    except OverflowError:
        return "a year beyond the calendar"
