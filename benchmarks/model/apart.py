"""How often bounds of two numbers of a file miss the truth, each a share of `n` rows, by
enumerating both binomials: plain differences, and those from a share of the old value."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from benchmarks.model.bounds import ALPHA
from mlgate.gates._model_apart import OfTwoShares
from mlgate.stats.distributions import binomial_pmf

GRID = ((200, 0.97), (500, 0.9), (500, 0.97))
"""Rows, and the share that the old model has right."""
RELATIVE = (0.0, 0.05, 0.2)
"""What of the old share the new one may lose; it loses exactly so much."""
_RARE = 1e-7


class Missed(NamedTuple):
    """The chances that a bound lies on the wrong side of the truth."""

    rows: int
    share: float
    relative: float
    low: float
    high: float


def misses(grid: tuple[tuple[int, float], ...] = GRID) -> Iterator[Missed]:
    """Different rows; where both are measured on the same ones, bounds miss more seldom."""
    for rows, share in grid:
        for relative in RELATIVE:
            yield Missed(rows, share, relative, *_missed(rows, share, 1 - relative))


def _missed(rows: int, share: float, kept: float) -> tuple[float, float]:
    low = high = 0.0
    for old, of_old in _likely(rows, share):
        for new, of_new in _likely(rows, kept * share):
            least, most = OfTwoShares(new, old, rows, kept).bounds(ALPHA)
            low += of_old * of_new * (least > _ROUNDING)
            high += of_old * of_new * (most < -_ROUNDING)
    return low, high


_ROUNDING = 1e-12


@lru_cache
def _likely(rows: int, share: float) -> list[tuple[int, float]]:
    """The counts that occur, with their chances."""
    told = ((k, binomial_pmf(k, rows, share)) for k in range(rows + 1))
    return [(k, chance) for k, chance in told if chance > _RARE]


def table(found: list[Missed]) -> str:
    """As Markdown; the nominal share is 5 %."""
    lines = [
        "| rows | old share | `max_drop_relative` | lower misses | upper misses |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.rows:,} | {one.share:g} | {one.relative:g} | {one.low:.2%} | {one.high:.2%} |"
        for one in found
    ]
    return "\n".join(lines)
