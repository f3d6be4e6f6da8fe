"""Two proportions of different rows: the score test of their difference or ratio, and its bounds.

The proportions p1 and p2 are `k1` of `n1` and `k2` of `n2`. The statistic's variance is that of the
maximum-likelihood estimates under the tested value (Miettinen and Nurminen 1985, Statist. Med. 4,
213-226; closed forms after Farrington and Manning 1990, Statist. Med. 9, 1447-1454).
"""

from __future__ import annotations

import math

from msgspec import Struct

from mlgate.stats.distributions import normal_quantile, normal_tail, root

_LARGEST_RATIO = 1e6


class Shares(Struct, frozen=True):
    """Hits of rows in two groups."""

    k1: int
    n1: int
    k2: int
    n2: int


def difference_score(found: Shares, difference: float) -> float:
    """Standard normal where p1 - p2 is `difference`."""
    p1, p2 = found.k1 / found.n1, found.k2 / found.n2
    first = _restricted_by_difference(p1, p2, found.n2 / found.n1, difference)
    second = min(max(first - difference, 0.0), 1.0)
    variance = first * (1 - first) / found.n1 + second * (1 - second) / found.n2
    return _studentised(p1 - p2 - difference, variance, found.n1 + found.n2)


def ratio_score(found: Shares, ratio: float) -> float:
    """Standard normal where p1 / p2 is `ratio`."""
    p1, p2 = found.k1 / found.n1, found.k2 / found.n2
    share = found.n2 / found.n1
    a, b, c = 1 + share, -(ratio * (1 + share * p2) + share + p1), ratio * (p1 + share * p2)
    first = (-b - math.sqrt(max(b * b - 4 * a * c, 0.0))) / (2 * a)
    second = min(first / ratio, 1.0)
    variance = first * (1 - first) / found.n1 + ratio**2 * second * (1 - second) / found.n2
    return _studentised(p1 - ratio * p2, variance, found.n1 + found.n2)


def _studentised(distance: float, variance: float, rows: int) -> float:
    variance *= rows / (rows - 1)
    if variance <= 1e-15:
        return 0.0 if abs(distance) < 1e-9 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def _restricted_by_difference(p1: float, p2: float, share: float, d: float) -> float:
    """The p1 of the greatest likelihood where p1 - p2 is `d`; `share` is n2 / n1."""
    if p1 == p2 and p1 in (0.0, 1.0):  # at an end, where roots meet and half of the digits are lost
        return min(1.0, 1 + d) if p1 else max(0.0, d)
    a = 1 + share
    b = -(1 + share + p1 + share * p2 + d * (share + 2))
    c = d * d + d * (2 * p1 + share + 1) + p1 + share * p2
    e = -p1 * d * (1 + d)
    v = (b / (3 * a)) ** 3 - b * c / (6 * a * a) + e / (2 * a)
    u = math.copysign(math.sqrt(max((b / (3 * a)) ** 2 - c / (3 * a), 0.0)), v)
    w = (math.pi + math.acos(min(max(v / u**3, -1.0), 1.0))) / 3 if u else math.pi / 2
    return min(max(2 * u * math.cos(w) - b / (3 * a), max(0.0, d)), min(1.0, 1 + d))


def difference_bounds(found: Shares, alpha: float) -> tuple[float, float]:
    """One-sided bounds of p1 - p2, each at `alpha`."""
    z, at = normal_quantile(1 - alpha), found.k1 / found.n1 - found.k2 / found.n2
    return (
        root(lambda d: z - difference_score(found, d), -1.0, at),
        root(lambda d: -z - difference_score(found, d), at, 1.0),
    )


def ratio_bounds(found: Shares, alpha: float) -> tuple[float, float]:
    """One-sided bounds of p1 / p2, each at `alpha`; 0 and infinity where nothing bounds it."""
    z = normal_quantile(1 - alpha)
    most = math.log(_LARGEST_RATIO)

    def scored(at: float) -> float:
        return ratio_score(found, math.exp(at))

    low = math.exp(root(lambda at: z - scored(at), -most, most)) if found.k1 else 0.0
    high = math.exp(root(lambda at: -z - scored(at), -most, most)) if found.k2 else math.inf
    return low, high


def p_below(score: float) -> float:
    """The level at which a score proves that the true value is lower than the tested one."""
    return normal_tail(-score)
