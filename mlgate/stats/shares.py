"""Differences between two shares: how probable by chance, and how many rows would tell."""

from __future__ import annotations

import math

from mlgate.stats.distributions import normal_quantile


def p_value(count: int, n: int, other: int, m: int) -> float:
    """Two-sided p-value that two shares are one, by the pooled z-test with Yates' correction.

    1 where a sample is empty. The correction keeps it on the safe side for small counts.
    """
    if not (n and m):
        return 1.0
    pooled = (count + other) / (n + m)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    gap = abs(count / n - other / m) - 0.5 * (1 / n + 1 / m)
    if spread == 0 or gap <= 0:
        return 1.0
    return math.erfc(gap / spread / math.sqrt(2))


def z_of(level: float) -> float:
    """The z whose two-sided p-value is `level`."""
    return normal_quantile(1 - level / 2)


def detectable(share: float, n: int, m: int, level: float) -> float:
    """The least difference from about `share` whose p-value is at most `level`."""
    spread = math.sqrt(max(share * (1 - share), 1 / max(n, m)) * (1 / n + 1 / m))
    return z_of(level) * spread + 0.5 * (1 / n + 1 / m)


def rows_needed(effect: float, share: float, level: float) -> int:
    """The rows on each side for which a difference of `effect` has a p-value of at most `level`."""
    z = z_of(level)
    return math.ceil(2 * max(share * (1 - share), effect * (1 - effect)) * (z / effect) ** 2)
