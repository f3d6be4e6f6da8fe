"""Quantiles of a sample and what bounds them, by order statistics alone: no distribution assumed.

The number of values at or below the true q-quantile is binomial with the chance q, whatever the
distribution is (David and Nagaraja 2003, Order Statistics, 7.1); ties make the bounds wider only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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
    at = min(max(math.ceil(q * n - 1e-9), 1), n)
    above = _first(n + 1, lambda k: binomial_cdf(k, n, q) > alpha)
    below = _first(n + 1, lambda k: binomial_cdf(k, n, q) >= 1 - alpha)
    return Quantile(
        q=q,
        value=ordered[at - 1],
        low=ordered[above - 1] if above else None,
        high=ordered[below] if below < n else None,
        n=n,
    )


def needed(q: float, alpha: float = 0.05) -> int:
    """The least sample that has an upper bound of its `q`-quantile."""
    return math.ceil(math.log(alpha) / math.log(q) - 1e-9)


def _first(end: int, holds: Callable[[int], bool]) -> int:
    """The least k below `end` from which on `holds`; `end` where it never does."""
    low, high = 0, end
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
