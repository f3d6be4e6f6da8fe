"""The two samples of each column in the same bins, divided further where bins hide something."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.stats.ks import Cell, distance, hiding
from mlgate.tables import aggregates as ask

if TYPE_CHECKING:
    from mlgate.gates._drift_saved import Both

_ROUNDS = 6
"""How often bins are divided; each round is thousands of times finer."""


class Bin(Struct, frozen=True):
    """A bin from `low` to below `high`, with its values in both samples."""

    low: float
    high: float
    before: int
    after: int
    single: bool = False
    """True if it is known to hold one value only."""

    @property
    def cell(self) -> Cell:
        """The bin as the statistics see it."""
        return Cell(self.before, self.after, self.single, self.high - self.low)


class Numbers(Struct, frozen=True):
    """A column of numbers: its bounds in the reference and in the table."""

    name: str
    whole: bool
    before: tuple[float, float]
    after: tuple[float, float]


def first_bins(column: Numbers, bins: int) -> ask.Histogram:
    """Bins over the reference's span, so that its answer serves every later comparison.

    Their width is a power of two, and they begin at a multiple of it: edges are then exact, and
    a bin can be divided into finer ones of the same kind.
    """
    low, high = column.before
    width = _power(max((high / bins - low / bins), 0.0), column)
    first, last = math.floor(low / width), math.floor(high / width)
    return ask.Histogram(
        column=column.name, low=first * width, high=(last + 1) * width, bins=last - first + 1
    )


def _power(width: float, column: Numbers) -> float:
    """The next power of two; for whole numbers at least one, for others above what rounds."""
    if column.whole:
        width = max(width, 1.0)
    coarsest = max(map(abs, column.before))
    width = max(width, math.ldexp(coarsest, -50), 1e-300)
    fraction, exponent = math.frexp(width)
    return math.ldexp(1.0, exponent if fraction > 0.5 else exponent - 1)


def histograms(
    both: Both, columns: Sequence[Numbers], bins: int, floor: float
) -> dict[str, list[Bin]]:
    """Both samples of every column in bins that hide less than `floor`, where that is possible."""
    by_name = {column.name: column for column in columns}
    waiting = {column.name: [first_bins(column, bins)] for column in columns}
    found: dict[str, list[Bin]] = {name: [] for name in waiting}
    for _ in range(_ROUNDS):
        wanted = [a for asks in waiting.values() for a in asks]
        if not wanted:
            break
        before, after = both.ask(wanted)
        for name, asks in waiting.items():
            for a in asks:
                found[name] += _bins(a, before.of(a), after.of(a), by_name[name])
            found[name].sort(key=lambda one: one.low)
        asked = {name: found[name] for name in waiting}
        waiting = _finer(both, by_name, asked, bins, floor) if both.finer else {}
    return found


def _bins(
    a: ask.Histogram, before: Sequence[list[int]], after: Sequence[list[int]], column: Numbers
) -> list[Bin]:
    """The answers of both samples side by side; the outermost bins reach as far as values do."""
    counts = {number: [count, 0] for number, count in before}
    for number, count in after:
        counts.setdefault(number, [0, 0])[1] = count
    width = (a.high - a.low) / a.bins
    found = []
    for number in sorted(counts):
        low, high = a.low + number * width, a.low + (number + 1) * width
        if number < 0:
            low, high = min(column.before[0], column.after[0]), a.low
        elif number >= a.bins:
            low, high = a.high, math.nextafter(max(column.before[1], column.after[1]), math.inf)
        single = column.whole and 0 <= number < a.bins and width <= 1
        first, second = counts[number]
        found.append(Bin(low, high, first, second, single))
    return found


def _finer(
    both: Both,
    columns: dict[str, Numbers],
    found: dict[str, list[Bin]],
    bins: int,
    floor: float,
) -> dict[str, list[ask.Histogram]]:
    """What to ask so that no bin hides a difference that would matter.

    Such bins are taken out of `found`, unless they turn out to hold a single value.
    """
    coarse = [(name, number) for name in found for number in _coarse(found[name], floor)]
    finer: dict[str, list[ask.Histogram]] = {}
    for (name, number), (low, high) in _reaches(both, columns, found, coarse, bins):
        one = found[name][number]
        if low == high:
            found[name][number] = Bin(one.low, one.high, one.before, one.after, True)
            continue
        split = _split(columns[name], low, high, bins)
        if split is not None:
            del found[name][number]
            finer.setdefault(name, []).append(split)
    return finer


def _reaches(
    both: Both,
    columns: dict[str, Numbers],
    found: dict[str, list[Bin]],
    coarse: Sequence[tuple[str, int]],
    bins: int,
) -> Iterator[tuple[tuple[str, int], tuple[float, float]]]:
    """Between which values what such bins hold lies, the last bin first.

    The tables are asked, but where every whole number in a bin can have a bin of its own.
    """
    extents = {}
    for name, number in coarse:
        one = found[name][number]
        if not columns[name].whole or one.high - one.low > bins:
            extents[name, number] = ask.Extent(column=name, low=one.low, high=one.high)
    answers = both.ask(list(extents.values())) if extents else []
    for name, number in sorted(coarse, reverse=True):
        extent, one = extents.get((name, number)), found[name][number]
        ends: list[float] = [one.low, math.ceil(one.high) - 1]
        if extent is not None:
            ends = [end for answer in answers for end in answer.of(extent) if end is not None]
        yield (name, number), (min(ends), max(ends))


def _coarse(found: Sequence[Bin], floor: float) -> list[int]:
    """The bins in which the distance may be hidden, if that is not decided without them."""
    if not (any(one.before for one in found) and any(one.after for one in found)):
        return []
    span = distance(found)
    return hiding(found, floor) if span.low < floor <= span.high else []


def _split(column: Numbers, low: float, high: float, bins: int) -> ask.Histogram | None:
    """Finer bins over what a bin really holds; None where numbers cannot be told apart further."""
    inside = Numbers(column.name, column.whole, (low, high), (low, high))
    split = first_bins(inside, bins)
    if split.bins < 2:
        return None
    return ask.Histogram(column=column.name, low=split.low, high=split.high, bins=split.bins,
                         inside=True)  # fmt: skip
