"""Quantiles of a sample and what bounds them, by order statistics alone: no distribution assumed.

The number of values at or below the true q-quantile is binomial with the chance q, whatever the
distribution is (David and Nagaraja 2003, Order Statistics, 7.1); ties make the bounds wider only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from mlgate.stats.distributions import binomial_cdf

METHOD = "order statistics"


class Quantile(Struct, frozen=True, kw_only=True):
    """A quantile of a sample, in the sample's unit."""

    q: float
    value: float
    """The least value with at least a share `q` of the sample at or below it."""
    low: float | None
    """One-sided lower bound; None where the sample is too small for one."""
    high: float | None
    """One-sided upper bound; None where the sample is too small for one."""
    n: int


def quantile(ordered: Sequence[float], q: float, alpha: float = 0.05) -> Quantile:
    """The `q`-quantile (0 < q < 1) of a sorted sample, each bound missing in at most `alpha`.

    Raises `ValueError` for an empty sample.
    """
    n = len(ordered)
    if not n:
        raise ValueError("a quantile of nothing")
    low, high = ranks(n, q, alpha)
    return Quantile(
        q=q,
        value=ordered[place(n, q) - 1],
        low=ordered[low - 1] if low else None,
        high=ordered[high - 1] if high else None,
        n=n,
    )


def place(n: int, q: float) -> int:
    """Which of `n` values in rising order, from 1 on, is their `q`-quantile."""
    return min(max(math.ceil(q * n - 1e-9), 1), n)


def ranks(n: int, q: float, alpha: float) -> tuple[int | None, int | None]:
    """Which of `n` values in rising order, from 1 on, bound the `q`-quantile, each at `alpha`; None
    where none does."""
    from bisect import bisect_left

    above = bisect_left(range(n + 1), True, key=lambda k: binomial_cdf(k, n, q) > alpha)
    below = bisect_left(range(n + 1), True, key=lambda k: binomial_cdf(k, n, q) >= 1 - alpha)
    return above or None, below + 1 if below < n else None


class Window(Struct, frozen=True, kw_only=True):
    """Of very many values those that bound a quantile at every level that is asked for."""

    n: int
    q: float
    first: int
    """The rank of the first of `values`, from 1 on."""
    step: int
    """How many ranks one of `values` is after the other."""
    values: tuple[float, ...]

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds, each at `alpha`; infinite where no value is one. Between two of
        `values` the outer one is taken."""
        low, high = ranks(self.n, self.q, alpha)
        below = -1 if low is None else (low - self.first) // self.step
        above = len(self.values) if high is None else -((self.first - high) // self.step)
        return (
            self.values[below] if below >= 0 else -math.inf,
            self.values[above] if above < len(self.values) else math.inf,
        )


FARTHEST = 1e-12
"""The least level at which a `Window` has bounds."""
MOST = 1024
"""So many values of it are enough."""


def window_ranks(n: int, q: float) -> range:
    """The ranks, from 1 on, of the values of a `Window`."""
    low, high = ranks(n, q, FARTHEST)
    first, last = low or 1, high or n
    return range(first, last + 1, -(-(last - first + 1) // MOST))


def needed(q: float, alpha: float = 0.05) -> int:
    """The least sample that has an upper bound of its `q`-quantile."""
    return math.ceil(math.log(alpha) / math.log(q) - 1e-9)
