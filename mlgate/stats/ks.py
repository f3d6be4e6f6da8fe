"""The two-sample Kolmogorov-Smirnov distance from histograms, with what the bins may hide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class Counted(Protocol):
    """How many values of two samples lie in a bin."""

    @property
    def before(self) -> int: ...
    @property
    def after(self) -> int: ...
    @property
    def single(self) -> bool:
        """True if it can hold one value only, so that it hides nothing."""


class Cell(Struct, frozen=True):
    """A bin of both samples, as `Counted`."""

    before: int
    after: int
    single: bool = False
    width: float = 0.0


class Distance(Struct, frozen=True):
    """Between which two numbers the distance of the samples lies."""

    low: float
    """The greatest difference at an edge of a bin: the distance is at least this."""
    high: float
    """The distance is at most this."""


def distance(cells: Sequence[Counted]) -> Distance:
    """The distance of two samples that are counted in the same bins, in ascending order.

    Within a bin one sample may come first as a whole, and then the other.
    """
    n, m = _sizes(cells)
    low = high = before = after = 0.0
    f = g = 0
    for cell in cells:
        f += cell.before
        g += cell.after
        first, second = f / n, g / m
        gap = first - second
        if gap > low:  # calls of max took most of the time
            low = gap
        elif -gap > low:
            low = -gap
        if not cell.single:
            if first - after > high:
                high = first - after
            if second - before > high:
                high = second - before
        before, after = first, second
    return Distance(low, max(low, high))


def hiding(cells: Sequence[Counted], floor: float) -> list[int]:
    """The bins within which the difference may reach `floor`."""
    n, m = _sizes(cells)
    found = []
    f = g = 0
    for number, cell in enumerate(cells):
        before, after = f / n, g / m
        f, g = f + cell.before, g + cell.after
        if not cell.single and max(f / n - after, g / m - before) >= floor:
            found.append(number)
    return found


def _sizes(cells: Sequence[Counted]) -> tuple[int, int]:
    n, m = sum([cell.before for cell in cells]), sum([cell.after for cell in cells])
    if not (n and m):
        raise ValueError("a sample without values has no distribution")
    return n, m


def p_value(distance: float, n: int, m: int) -> float:
    """How probable such a distance is by chance: Kolmogorov's limit law, which is on the safe side
    for small samples and for ties."""
    x = distance * math.sqrt(n * m / (n + m))
    if x < 0.2:
        return 1.0
    if x < 1.0:  # the other form of the series converges faster here
        terms = (math.exp(-((2 * k - 1) ** 2) * math.pi**2 / (8 * x * x)) for k in range(1, 6))
        return max(0.0, 1.0 - math.sqrt(2 * math.pi) / x * sum(terms))
    terms = ((-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101))
    return min(1.0, max(0.0, 2 * sum(terms)))


def detectable(n: int, m: int, level: float) -> float:
    """The least distance whose p-value is at most `level` (its first, by far greatest term)."""
    return math.sqrt(-math.log(level / 2) / 2 * (n + m) / (n * m))


def rows_needed(effect: float, level: float) -> int:
    """The rows on each side for which `effect` has a p-value of at most `level`."""
    return math.ceil(-math.log(level / 2) / effect**2)
