"""Bounds and tests for one proportion: Wilson's score, Clopper and Pearson's exact, and mid-p."""

from __future__ import annotations

import math

from mlgate.stats.distributions import (
    beta_quantile,
    binomial_cdf,
    binomial_pmf,
    normal_quantile,
    root,
)

EXACT_BELOW = 30
"""Fewer successes or failures than this are judged exactly."""


def wilson(k: float, n: float, alpha: float = 0.05) -> tuple[float, float]:
    """One-sided bounds at `alpha` each for `k` of `n` (Wilson 1927, J. Am. Stat. Assoc. 22)."""
    z = normal_quantile(1 - alpha)
    centre = (k + z * z / 2) / (n + z * z)
    half = z * math.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def clopper_pearson(k: int, n: int, alpha: float = 0.05) -> tuple[float, float]:
    """Exact one-sided bounds at `alpha` each: each misses in at most `alpha` of all cases
    (Clopper and Pearson 1934, Biometrika 26)."""
    low = 0.0 if k == 0 else beta_quantile(alpha, k, n - k + 1)
    high = 1.0 if k == n else beta_quantile(1 - alpha, k + 1, n - k)
    return low, high


def mid_p(k: int, n: int, p: float) -> float:
    """Mid-p of `k` or fewer of `n` where the proportion is `p`: P(K < k) + P(K = k)/2
    (Lancaster 1961, J. Am. Stat. Assoc. 56)."""
    return binomial_cdf(k - 1, n, p) + 0.5 * binomial_pmf(k, n, p)


def mid_p_bounds(k: int, n: int, alpha: float = 0.05) -> tuple[float, float]:
    """One-sided bounds that invert the mid-p test: `alpha` on average, not in every case."""
    low = 0.0 if k == 0 else root(lambda p: 1 - mid_p(k, n, p) - alpha, 0.0, 1.0)
    high = 1.0 if k == n else root(lambda p: alpha - mid_p(k, n, p), 0.0, 1.0)
    return low, high


def bounds(k: int, n: int, alpha: float = 0.05) -> tuple[float, float]:
    """The bounds that a gate uses: exact for few successes or failures, else mid-p."""
    if min(k, n - k) < EXACT_BELOW:
        return clopper_pearson(k, n, alpha)
    return mid_p_bounds(k, n, alpha)


def method(k: int, n: int) -> str:
    """What `bounds` uses for `k` of `n`."""
    return "Clopper-Pearson" if min(k, n - k) < EXACT_BELOW else "mid-p binomial"


def p_below(k: int, n: int, p: float) -> float:
    """The level at which `k` of `n` proves a proportion below `p`, by the test that `bounds`
    inverts."""
    if min(k, n - k) < EXACT_BELOW:
        return binomial_cdf(k, n, p)
    return mid_p(k, n, p)


def needed(p: float, least: float, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """Rows with which a proportion that is `p` would be shown to be at least `least`; None where
    no number of rows would do (normal approximation)."""
    if p <= least:
        return None
    za, zb = normal_quantile(1 - alpha), normal_quantile(power)
    spread = za * math.sqrt(least * (1 - least)) + zb * math.sqrt(p * (1 - p))
    return math.ceil((spread / (p - least)) ** 2)
