"""Bounds of one number, by what is known of it: counts, pairs, moments or draws."""

from __future__ import annotations

import math
from typing import Protocol, runtime_checkable

from msgspec import Struct

from mlgate.stats import estimates, paired, proportions, sizes, unseen
from mlgate.stats.estimates import Estimate


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


@runtime_checkable
class Growing(Evidence, Protocol):
    """Evidence that can tell what more rows would bring."""

    def grown(self, rows: int) -> Evidence:
        """The same shares of so many rows."""


class Inverted(Struct, frozen=True):
    """Evidence that is bounds alone: its levels are those at which they reach a limit."""

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds, each at `alpha`."""
        raise NotImplementedError

    def p_below(self, limit: float) -> float:
        """The level at which the true value is shown to be below `limit`."""
        return unseen.least_level(lambda alpha: self.bounds(alpha)[1] < limit)

    def p_above(self, limit: float) -> float:
        """The same for above."""
        return unseen.least_level(lambda alpha: self.bounds(alpha)[0] > limit)


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

    straight: Evidence

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
