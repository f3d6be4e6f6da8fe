"""Compares a table with its reference: one pass for what columns are, one for how they spread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding, Location
from mlgate.core.text import shown
from mlgate.core.words import Level, Result
from mlgate.gates import _drift_columns as columns_of
from mlgate.gates import _drift_saved
from mlgate.gates import _drift_words as words
from mlgate.gates._drift_columns import Bin
from mlgate.gates._drift_saved import Both
from mlgate.sources._tables import at, locate
from mlgate.stats import drift, ks
from mlgate.stats.drift import Effect, Judged
from mlgate.tables import aggregates as ask
from mlgate.tables.ask import Answers
from mlgate.tables.table import Column, Located

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates._drift_columns import Numbers
    from mlgate.gates.drift import Options

_NUMBERS = ("integer", "float", "decimal")
_TIMES = ("date", "timestamp")
_NAMES = ("string", "boolean")


def facts(ctx: Context) -> Iterator[Finding | Figure]:
    """What the gate states."""
    options: Options = ctx.options
    after = locate(ctx, options.table)
    saved = _drift_saved.reference(ctx)
    if saved is not None:
        yield _note(options, "reference", _drift_saved.told(saved))
        if after.origin == "work tree":
            yield _elsewhere(options, after)
        yield from Comparison(ctx, _drift_saved.Both(ctx, saved, after)).facts()
        return
    before = _reference(ctx)
    if _same(before, after):
        yield _note(options, "same", f"{shown(options.table)} is the reference, byte by byte")
        return
    for table in (before, after):
        if table.origin == "work tree":
            yield _elsewhere(options, table)
    yield from Comparison(ctx, _drift_saved.Both(ctx, before, after)).facts()


def _elsewhere(options: Options, table: Located) -> Finding:
    said = f"{shown(table.path)} is not in the commit: the {table.origin}'s file was judged"
    return _note(options, "origin", said)


def _reference(ctx: Context) -> Located:
    path = ctx.options.against
    if path != "base":
        return locate(ctx, path)
    found = at(ctx, ctx.base, ctx.options.table) if ctx.base is not None else None
    if found is None:
        raise GateError(
            f"there is no reference: the base holds no {shown(ctx.options.table)}",
            'name one: against = "data/reference.parquet"',
        )
    return found


def _same(before: Located, after: Located) -> bool:
    digests = [[part.digest for part in table.parts] for table in (before, after)]
    return None not in digests[0] and digests[0] == digests[1] and before.query == after.query


def _note(options: Options, rule: str, message: str) -> Finding:
    return Finding(
        rule=f"drift/{rule}",
        message=message,
        result=Result.PASS,
        level=Level.NOTE,
        location=Location(path=options.table),
    )


class _Read(Struct, frozen=True):
    """What is known of both tables before their columns are compared."""

    before: Answers
    after: Answers

    def of(self, aggregate: ask.Aggregate) -> tuple[ask.Value, ask.Value]:
        """Both answers."""
        return self.before.of(aggregate), self.after.of(aggregate)


class Measured(Struct, frozen=True, kw_only=True):
    """How two tables differ, before anything is judged."""

    rows: tuple[int, int]
    effects: list[Effect]
    bins: dict[str, list[Bin]]
    odd: list[Finding]
    """On columns that only one of them has, or that are of two types."""
    texts: list[str]
    """Columns with too many different texts to compare."""


class Comparison:
    """The comparison of two tables."""

    def __init__(self, ctx: Context, both: Both) -> None:
        self.options: Options = ctx.options
        self._both = both

    def facts(self) -> Iterator[Finding | Figure]:
        """What there is to state."""
        found = self.measured()
        yield from found.odd
        yield from self._stated(found.effects, found.bins)
        yield from self._psi(found.bins)
        if found.texts:
            listed = ", ".join(map(shown, found.texts))
            yield _note(
                self.options, "not-compared", f"too many different texts to compare: {listed}"
            )

    def measured(self) -> Measured:
        """The differences of all columns. Raises `GateError` where a table has no rows."""
        shared, odd = self._columns()
        numbers = [c for c in shared if c.type in _NUMBERS + _TIMES]
        names = [c for c in shared if c.type in _NAMES]
        read = self._read(shared, numbers, names)
        rows = read.of(ask.Rows())
        if not all(rows):
            raise GateError("a table without rows has no distribution to compare")
        effects = [self._nulls(c, read, rows) for c in shared]
        lengths = [c for c in names if self._is_text(c, read)]
        effects += [
            e for c in names if c not in lengths if (e := self._categories(c, read)) is not None
        ]
        bins = self._histograms(numbers, read)
        effects += [self._ks(name, found) for name, found in bins.items()]
        return Measured(rows=rows, effects=effects, bins=bins, odd=odd,
                        texts=[c.name for c in lengths])  # fmt: skip

    # -- what there is to compare ----------------------------------------------------------------

    def _columns(self) -> tuple[list[Column], list[Finding]]:
        """The columns to compare, and findings on those that both should have."""
        before, after = (
            {c.name: c for c in answers.columns} for answers in self._both.ask([ask.Rows()])
        )
        wanted = self.options.columns
        for name in (*wanted, *self.options.ignore):
            if name not in before and name not in after:
                raise GateError(f"neither table has a column {shown(name)}")
        chosen = [
            c
            for c in before.values()
            if c.name not in self.options.ignore
            and (c.name in wanted if wanted else c.type not in _TIMES)
        ]
        odd = [self._odd(c, after.get(c.name)) for c in chosen if not _fits(c, after.get(c.name))]
        return [c for c in chosen if _fits(c, after.get(c.name))], odd

    def _odd(self, was: Column, now: Column | None) -> Finding:
        how = "is missing" if now is None else f"is {now.type}, in the reference {was.type}"
        return Finding(
            rule="drift/schema",
            message=f"{shown(was.name)} {how}",
            level=Level.ERROR,
            location=Location(path=self.options.table),
            help="mend the step that writes the table, or ignore the column",
        )

    def _read(
        self, shared: Sequence[Column], numbers: Sequence[Column], names: Sequence[Column]
    ) -> _Read:
        wanted: list[ask.Aggregate] = [ask.Rows()]
        wanted += [ask.Nulls(column=c.name) for c in shared]
        wanted += [ask.Extent(column=c.name) for c in numbers]
        wanted += [ask.NotFinite(column=c.name) for c in numbers]
        wanted += [ask.Categories(column=c.name) for c in names]
        before, after = self._both.ask(wanted)
        return _Read(before, after)

    # -- effects ---------------------------------------------------------------------------------

    def _nulls(self, column: Column, read: _Read, rows: tuple[int, int]) -> Effect:
        """Nulls, and with them what is no number."""
        gone = list(read.of(ask.Nulls(column=column.name)))
        if column.type in _NUMBERS:
            for side, odd in enumerate(read.of(ask.NotFinite(column=column.name))):
                gone[side] += sum(odd)
        sides = [(lost, n) for lost, n in zip(gone, rows, strict=True)]
        return drift.nulls(column.name, sides[0], sides[1], self.options.null_rate)

    def _is_text(self, column: Column, read: _Read) -> bool:
        return None in read.of(ask.Categories(column=column.name))

    def _categories(self, column: Column, read: _Read) -> Effect | None:
        """None where one of them has no values, which the nulls then show."""
        before, after = map(dict, read.of(ask.Categories(column=column.name)))
        if not (before and after):
            return None
        return drift.categories(column.name, before, after, self.options.share)

    def _histograms(self, columns: Sequence[Column], read: _Read) -> dict[str, list[Bin]]:
        wanted: list[Numbers] = []
        for column in columns:
            (low, high), (least, most) = read.of(ask.Extent(column=column.name))
            if None not in (low, high, least, most):
                whole = column.type != "float" and column.type != "decimal"
                spans = ((low, high), (least, most))
                wanted.append(columns_of.Numbers(column.name, whole, *spans))
        bins = self._both.bins or self.options.bins
        found = columns_of.histograms(self._both, wanted, bins, self.options.ks)
        return {name: bins for name, bins in found.items() if bins}

    def _ks(self, name: str, bins: Sequence[Bin]) -> Effect:
        cells = [one.cell for one in bins]
        n, m = sum(cell.before for cell in cells), sum(cell.after for cell in cells)
        span = ks.distance(cells)
        p = ks.p_value(span.low, n, m)
        return Effect(column=name, what="ks", value=span.low, high=span.high,
                      floor=self.options.ks, p=p, n=n, m=m)  # fmt: skip

    # -- what is said ----------------------------------------------------------------------------

    def _stated(
        self, effects: list[Effect], bins: dict[str, list[Bin]]
    ) -> Iterator[Finding | Figure]:
        found = sorted(drift.judged(effects, self.options.alpha), key=_gravest)
        small = []
        for one in found:
            if one.open and one.effect.value >= one.effect.floor:
                small.append(one)
            else:
                yield words.finding(self.options.table, one, bins.get(one.effect.column))
            if one.alarm and one.effect.what == "ks":
                yield words.figure(one.effect.column, bins[one.effect.column])
        if small:
            yield words.too_few(self.options.table, small)
        if found and not any(one.alarm or one.open for one in found):
            yield words.within(self.options.table, found)

    def _psi(self, bins: dict[str, list[Bin]]) -> Iterator[Finding]:
        limit = self.options.psi
        if limit is not None:
            for name, found in bins.items():
                yield words.psi(self.options.table, name, found, limit)


def _fits(was: Column, now: Column | None) -> bool:
    numbers = was.type in _NUMBERS and now is not None and now.type in _NUMBERS
    return now is not None and (numbers or was.type == now.type)


def _gravest(one: Judged) -> tuple[bool, float, str, str]:
    return (not one.alarm, one.rank, one.effect.column, one.effect.what)
