"""The difference of two proportions measured on the same rows: test, bounds, sizes.

Of `n` rows `gained` are right for the new model only and `lost` for the old one only; the
difference is (gained - lost) / n. Bounds invert the score test of Tango (1998, Statistics in
Medicine 17, 891-908), which at a difference of 0 is McNemar's (1947, Psychometrika 12). With fewer
than 30 discordant rows the mid-p test given their number (Lancaster 1961) has to agree before
anything counts as shown: enumerated, the chance of a false loss is then at most 5.0 % at any churn.
"""

from __future__ import annotations

import math

from msgspec import Struct

from mlgate.stats.distributions import normal_quantile, normal_tail, root
from mlgate.stats.proportions import mid_p, mid_p_bounds

EXACT_BELOW = 30
"""Fewer discordant rows than this are judged exactly."""


class Discordant(Struct, frozen=True):
    """What `n` paired rows say."""

    gained: int
    lost: int
    n: int

    @property
    def difference(self) -> float:
        """New minus old proportion."""
        return (self.gained - self.lost) / self.n

    @property
    def churn(self) -> float:
        """The share of rows on which the two differ."""
        return (self.gained + self.lost) / self.n

    @property
    def few(self) -> bool:
        """True if the exact test is used."""
        return self.gained + self.lost < EXACT_BELOW


def score(counts: Discordant, difference: float) -> float:
    """Tango's score statistic for a true difference of `difference`, standard normal under it."""
    n, b, c = counts.n, counts.gained, counts.lost
    linear = (2 * n - b + c) * difference - b - c
    constant = -c * difference * (1 - difference)
    lost = (math.sqrt(max(linear * linear - 8 * n * constant, 0.0)) - linear) / (4 * n)
    variance = n * (2 * lost + difference * (1 - difference))
    distance = b - c - n * difference
    if variance <= 1e-12:
        return 0.0 if abs(distance) < 1e-9 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def bounds(counts: Discordant, alpha: float = 0.05) -> tuple[float, float]:
    """One-sided bounds of the difference, each at `alpha`."""
    low, high = _score_bounds(counts, alpha)
    if counts.few:
        exact_low, exact_high = _exact_bounds(counts, alpha)
        low, high = min(low, exact_low), max(high, exact_high)
    return low, high


def _score_bounds(counts: Discordant, alpha: float) -> tuple[float, float]:
    z, at = normal_quantile(1 - alpha), counts.difference
    return (
        root(lambda d: z - score(counts, d), -1.0, at),
        root(lambda d: -z - score(counts, d), at, 1.0),
    )


def _exact_bounds(counts: Discordant, alpha: float) -> tuple[float, float]:
    """The exact bounds of the share of gains among the discordant rows, times their share of all;
    where nothing is discordant, those of the loss and the gain that could have stayed unseen."""
    discordant = counts.gained + counts.lost
    if discordant == 0:
        unseen = 1 - math.exp(math.log(alpha) / counts.n)
        return -unseen, unseen
    low, high = mid_p_bounds(counts.gained, discordant, alpha)
    return (2 * low - 1) * counts.churn, (2 * high - 1) * counts.churn


def rows_without_difference(margin: float, alpha: float = 0.05) -> int:
    """Rows of which none may differ so that the loss is shown to be no more than `margin`."""
    if margin >= 1:
        return 1
    squared = normal_quantile(1 - alpha) ** 2
    return math.ceil(max(math.log(alpha) / math.log1p(-margin), squared * (1 - margin) / margin))


def p_below(counts: Discordant, limit: float) -> float:
    """The level at which the counts prove a true difference below `limit`: `bounds` has an upper
    bound below it exactly where this is below its `alpha`."""
    if limit <= counts.difference:
        return 1.0
    p = normal_tail(-score(counts, limit))
    return max(p, _exact_p_below(counts, limit)) if counts.few else p


def p_loss(counts: Discordant) -> float:
    """The level at which the counts prove that the new proportion is lower."""
    return p_below(counts, 0.0)


def _exact_p_below(counts: Discordant, limit: float) -> float:
    """The level at which the exact upper bound falls below `limit`."""
    discordant = counts.gained + counts.lost
    if discordant == 0:
        return (1 - min(limit, 1.0)) ** counts.n
    share = (1 + limit / counts.churn) / 2
    return 0.0 if share >= 1 else mid_p(counts.gained, discordant, share)


def method(counts: Discordant) -> str:
    """What `bounds` uses for these counts."""
    return "paired score and mid-p test" if counts.few else "paired score test"
