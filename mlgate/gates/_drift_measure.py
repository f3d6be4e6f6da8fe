"""How two tables differ: one pass for what columns are, one or more for how they spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Location
from mlgate.core.text import shown
from mlgate.core.words import Level
from mlgate.gates import _drift_columns as columns_of
from mlgate.gates._drift_columns import Bin
from mlgate.gates._drift_saved import Both
from mlgate.stats import drift, ks
from mlgate.stats.drift import Effect
from mlgate.tables import aggregates as ask
from mlgate.tables.ask import Answers
from mlgate.tables.table import Column, meant

if TYPE_CHECKING:
    from mlgate.gates._drift_columns import Numbers
    from mlgate.gates.drift import Options

_NUMBERS = ("integer", "float", "decimal")
_TIMES = ("date", "timestamp")
_NAMES = ("string", "boolean")


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

    def __init__(self, options: Options, both: Both) -> None:
        self.options = options
        self._both = both

    def measured(self) -> Measured:
        """The differences of all columns. Raises `GateError` where a table has no rows."""
        shared, odd = self._columns()
        numbers = [c for c in shared if c.type in _NUMBERS + _TIMES]
        names = [c for c in shared if c.type in _NAMES]
        read = self._read(shared, numbers, names)
        rows = read.of(ask.Rows())
        if not all(rows):
            empty = self._both.names[rows.index(0)]
            raise GateError(
                f"{empty} has no rows, so no distribution to compare",
                "see whether the step that writes it still finds its input",
            )
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
                raise GateError(
                    f"neither table has a column {shown(name)}", meant(name, before | after)
                )
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
            help="correct the step that writes the table, or ignore the column",
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
        n, m = sum(one.before for one in bins), sum(one.after for one in bins)
        span = ks.distance(bins)
        p = ks.p_value(span.low, n, m)
        return Effect(column=name, what="ks", value=span.low, high=span.high,
                      floor=self.options.ks, p=p, n=n, m=m)  # fmt: skip


def _fits(was: Column, now: Column | None) -> bool:
    numbers = was.type in _NUMBERS and now is not None and now.type in _NUMBERS
    return now is not None and (numbers or was.type == now.type)
