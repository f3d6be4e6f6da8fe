"""What measured numbers say of one model, or of the difference of two: bounds and levels."""

from __future__ import annotations

import math
from typing import Protocol

from msgspec import Struct

from mlgate.gates._model_metrics import Metric
from mlgate.stats import estimates, paired, proportions, sizes
from mlgate.stats.estimates import Estimate, Moments

ENOUGH = 30
"""Fewer rows of a class (or rows, or clusters) carry no interval that rests on large samples."""


class Measured(Struct, frozen=True, kw_only=True):
    """One metric on the whole table or a slice, as the worker answers it."""

    measure: int
    slice: str | None
    n: int
    churn: float | None = None
    """The share of rows on which the models' answers differ."""
    why: str | None = None
    """Why there is no value."""
    rarest: int | None = None
    """Rows of the rarest class."""
    clusters: int | None = None
    new: float | None = None
    old: float | None = None
    bias: float = 0.0
    """By how much `new` is too high on average; the bounds are moved by it, the value and
    differences, in which it cancels, are not."""
    right: int | None = None
    of: int | None = None
    gained: int | None = None
    lost: int | None = None
    of_new: Moments | None = None
    of_difference: Moments | None = None
    of_relative: Moments | None = None
    draws: tuple[float, ...] = ()
    """Of a bootstrap: values of the new model in rising order; below, of differences."""
    draws_of_difference: tuple[float, ...] = ()
    draws_of_relative: tuple[float, ...] = ()


class Evidence(Protocol):
    """Bounds at a level, and the level at which something is shown."""

    @property
    def method(self) -> str:
        """How the bounds are found."""

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds, each at `alpha`."""

    def p_below(self, limit: float) -> float:
        """The level at which the true value is shown to be below `limit`."""

    def p_above(self, limit: float) -> float:
        """The level at which it is shown to be above."""

    def needed(self, distance: float, alpha: float) -> int | None:
        """Rows that show a true distance to a limit in 80 % of all cases."""

    def smallest(self, alpha: float) -> float:
        """The distance that these rows show in 80 % of all cases."""


class OfShare(Struct, frozen=True):
    """A proportion, or F1 as a function of one."""

    right: int
    of: int
    rows: int
    f1: bool = False

    @property
    def method(self) -> str:
        """How the bounds are found."""
        return proportions.method(self.right, self.of)

    def _shown(self, share: float) -> float:
        return 2 * share / (1 + share) if self.f1 else share

    def _meant(self, value: float) -> float:
        return value / (2 - value) if self.f1 and value < 2 else value

    def bounds(self, alpha: float) -> tuple[float, float]:
        low, high = proportions.bounds(self.right, self.of, alpha)
        return self._shown(low), self._shown(high)

    def p_below(self, limit: float) -> float:
        return proportions.p_below(self.right, self.of, min(max(self._meant(limit), 0.0), 1.0))

    def p_above(self, limit: float) -> float:
        share = min(max(1 - self._meant(limit), 0.0), 1.0)
        return proportions.p_below(self.of - self.right, self.of, share)

    def needed(self, distance: float, alpha: float) -> int | None:
        if distance <= 0:
            return None
        return math.ceil(self.rows * (self.smallest(alpha) / distance) ** 2)

    def grown(self, rows: int) -> OfShare:
        """The same share of so many rows."""
        right, of = (round(n * rows / self.rows) for n in (self.right, self.of))
        return OfShare(right, of, rows, self.f1)

    def smallest(self, alpha: float) -> float:
        share = self.right / self.of
        slope = 2 / (1 + share) ** 2 if self.f1 else 1.0
        se = math.sqrt(max(share * (1 - share), 0.25 / self.of) / self.of) * slope
        return Estimate(value=share, se=se).smallest(alpha)


class OfMoments(Struct, frozen=True):
    """An estimate with a standard error from influence values."""

    estimate: Estimate
    rows: int
    method: str

    def bounds(self, alpha: float) -> tuple[float, float]:
        return self.estimate.bounds(alpha)

    def p_below(self, limit: float) -> float:
        return self.estimate.p_below(limit)

    def p_above(self, limit: float) -> float:
        return self.estimate.p_above(limit)

    def needed(self, distance: float, alpha: float) -> int | None:
        return estimates.rows_needed(self.estimate.se, self.rows, distance, alpha)

    def smallest(self, alpha: float) -> float:
        return self.estimate.smallest(alpha)


class OfPairs(Struct, frozen=True):
    """The difference of two proportions on the same rows; `sign` -1 turns it round."""

    counts: paired.Discordant
    rows: int

    @property
    def method(self) -> str:
        """How the bounds are found."""
        return paired.method(self.counts)

    def bounds(self, alpha: float) -> tuple[float, float]:
        return paired.bounds(self.counts, alpha)

    def p_below(self, limit: float) -> float:
        return paired.p_below(self.counts, limit)

    def p_above(self, limit: float) -> float:
        turned = paired.Discordant(self.counts.lost, self.counts.gained, self.counts.n)
        return paired.p_below(turned, -limit)

    def needed(self, distance: float, alpha: float) -> int | None:
        found = sizes.paired_rows(self._churn(), distance, alpha)
        if found is not None and not self.counts.churn:
            found = paired.rows_without_difference(distance, alpha)
        return None if found is None else math.ceil(found * self.rows / self.counts.n)

    def grown(self, rows: int) -> OfPairs:
        """The same shares of so many rows."""
        counts = (self.counts.gained, self.counts.lost, self.counts.n)
        return OfPairs(paired.Discordant(*(round(n * rows / self.rows) for n in counts)), rows)

    def smallest(self, alpha: float) -> float:
        return sizes.smallest_effect(self._churn(), self.counts.n, alpha)

    def _churn(self) -> float:
        """At least one row's, so that a plan is never for nothing."""
        return max(self.counts.churn, 1 / self.counts.n)


class OfDraws(Struct, frozen=True):
    """Percentiles of a bootstrap."""

    draws: tuple[float, ...]
    rows: int
    method: str = "percentile bootstrap"

    def bounds(self, alpha: float) -> tuple[float, float]:
        beyond = math.floor(alpha * (len(self.draws) + 1)) - 1
        if beyond < 0:  # too few draws for this alpha
            return -math.inf, math.inf
        return self.draws[beyond], self.draws[-1 - beyond]

    def p_below(self, limit: float) -> float:
        return (1 + sum(one >= limit for one in self.draws)) / (len(self.draws) + 1)

    def p_above(self, limit: float) -> float:
        return (1 + sum(one <= limit for one in self.draws)) / (len(self.draws) + 1)

    def needed(self, distance: float, alpha: float) -> int | None:
        return estimates.rows_needed(self._se(), self.rows, distance, alpha)

    def smallest(self, alpha: float) -> float:
        return Estimate(value=0.0, se=self._se()).smallest(alpha)

    def _se(self) -> float:
        from statistics import pstdev

        return pstdev(self.draws)


class Turned(Struct, frozen=True):
    """Evidence with its sign changed, where lower is better."""

    straight: OfMoments | OfPairs | OfDraws

    @property
    def method(self) -> str:
        """How the bounds are found."""
        return self.straight.method

    def bounds(self, alpha: float) -> tuple[float, float]:
        low, high = self.straight.bounds(alpha)
        return -high, -low

    def p_below(self, limit: float) -> float:
        return self.straight.p_above(-limit)

    def p_above(self, limit: float) -> float:
        return self.straight.p_below(-limit)

    def needed(self, distance: float, alpha: float) -> int | None:
        return self.straight.needed(distance, alpha)

    def smallest(self, alpha: float) -> float:
        return self.straight.smallest(alpha)


def more_rows(
    evidence: Evidence, needed: int | None, rows: int, least: float, most: float, alpha: float
) -> int | None:
    """`needed`, which large samples say; where so many are there already and leave it open, the
    rows of the same shares whose bounds do decide."""
    if needed is None or needed > rows or _decides(evidence, least, most, alpha):
        return needed
    grown = evidence.straight if isinstance(evidence, Turned) else evidence
    if not isinstance(grown, OfPairs | OfShare):
        return rows + 1
    if evidence is not grown:
        least, most = -most, -least
    few, many = rows, 2 * rows
    while not _decides(grown.grown(many), least, most, alpha):
        if many > _MOST * rows:
            return None
        few, many = many, 2 * many
    while many - few > 1:
        half = (few + many) // 2
        decides = _decides(grown.grown(half), least, most, alpha)
        few, many = (few, half) if decides else (half, many)
    return many


_MOST = 1000
"""So many times the rows are as good as never."""


def _decides(evidence: Evidence, least: float, most: float, alpha: float) -> bool:
    low, high = evidence.bounds(alpha)
    return (low >= least and high <= most) or high < least or low > most


def too_few(found: Measured, by_class: bool) -> str | None:
    """Why large-sample bounds would mean nothing here; None where they do."""
    if found.clusters is not None and found.clusters < ENOUGH:
        return f"{found.clusters} clusters, fewer than {ENOUGH}"
    if by_class and found.rarest is not None and found.rarest < ENOUGH:
        return f"{found.rarest} rows of the rarest class, fewer than {ENOUGH}"
    if found.n < ENOUGH:
        return f"{found.n} rows, fewer than {ENOUGH}"
    return None


def of_one(found: Measured, metric: Metric, f1: bool = False) -> Evidence | None:
    """What is known of the new model's value; None without an interval."""
    if found.draws:
        return OfDraws(found.draws, found.n)
    if found.right is not None and found.of:
        return OfShare(found.right, found.of, found.n, f1)
    if found.of_new is None or found.new is None:
        return None
    one = estimates.estimate(
        found.new - found.bias, found.of_new, scale=metric.scale, skewed_mean=metric.skewed
    )
    return OfMoments(one, found.n, _by(found))


def of_difference(found: Measured, better: int) -> Evidence | None:
    """What is known of new minus old, so turned that more is better."""
    straight: OfMoments | OfPairs | OfDraws
    if found.draws_of_difference:
        straight = OfDraws(found.draws_of_difference, found.n)
    elif found.gained is not None and found.lost is not None and found.of:
        counts = paired.Discordant(found.gained, found.lost, found.of)
        straight = OfPairs(counts, found.n)
    elif found.of_difference is not None and found.new is not None and found.old is not None:
        one = estimates.estimate(found.new - found.old, found.of_difference)
        straight = OfMoments(one, found.n, _by(found))
    else:
        return None
    return straight if better > 0 else Turned(straight)


def of_relative(found: Measured, share: float, better: int) -> Evidence | None:
    """What is known of new minus `share` of old, so turned that more is better."""
    if found.new is None or found.old is None:
        return None
    if found.draws_of_relative:
        drawn = OfDraws(found.draws_of_relative, found.n)
        return drawn if better > 0 else Turned(drawn)
    moments = found.of_relative
    if moments is None and found.gained is not None and found.lost is not None and found.of:
        moments = _of_counts(found, share)
    if moments is None:
        return None
    bias = (1 - share) * found.bias  # both are too high by nearly the same
    one = estimates.estimate(found.new - share * found.old - bias, moments)
    straight = OfMoments(one, found.n, _by(found))
    return straight if better > 0 else Turned(straight)


def _of_counts(found: Measured, share: float) -> Moments:
    """The moments of `new - share * old` of rows that are right or wrong."""
    n = found.of or 1
    gained, lost = found.gained or 0, found.lost or 0
    both = (found.right or 0) - gained
    mean = (found.new or 0.0) - share * (found.old or 0.0)
    values = ((gained, 1.0), (lost, -share), (both, 1 - share), (n - gained - lost - both, 0.0))
    second, third, fourth = (
        sum(count * ((value - mean) / n) ** power for count, value in values) for power in (2, 3, 4)
    )
    return Moments(units=n, second=second, third=third, fourth=fourth)


def _by(found: Measured) -> str:
    return "cluster-robust, t" if found.clusters is not None else "influence, t"
