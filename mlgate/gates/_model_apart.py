"""Numbers that are made of shares of different rows: bounds from each share's own."""

from __future__ import annotations

import math

from msgspec import Struct

from mlgate.gates._model_bounds import Inverted
from mlgate.stats import estimates, proportions
from mlgate.stats.distributions import normal_tail, root
from mlgate.stats.estimates import Estimate


class OfTwoShares(Inverted, frozen=True):
    """The new share less `share` times the old one, each of `rows` rows, as if these were others:
    where they are the same, and models err on the same of them, the bounds are wider than they need
    be. Found from each share's own (Zou and Donner 2008, Statist. Med. 27, 1693-1702)."""

    new: int
    old: int
    rows: int
    share: float = 1.0
    method: str = "two binomials, as of different rows"

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds, each at `alpha`."""
        new, old, share = self.new / self.rows, self.old / self.rows, self.share
        low, high = proportions.bounds(self.new, self.rows, alpha)
        old_low, old_high = proportions.bounds(self.old, self.rows, alpha)
        at = new - share * old
        return (
            at - math.hypot(new - low, share * (old_high - old)),
            at + math.hypot(high - new, share * (old - old_low)),
        )

    def needed(self, distance: float, alpha: float) -> int | None:
        """Rows that show a true distance to a limit in 80 % of all cases."""
        return estimates.rows_needed(self._se(), self.rows, distance, alpha)

    def smallest(self, alpha: float) -> float:
        """The distance that these rows show in 80 % of all cases."""
        return Estimate(value=0.0, se=self._se()).smallest(alpha)

    def grown(self, rows: int) -> OfTwoShares:
        """The same shares of so many rows."""
        new, old = (round(right * rows / self.rows) for right in (self.new, self.old))
        return OfTwoShares(new, old, rows, self.share)

    def _se(self) -> float:
        """At least that of one error."""
        of_new, of_old = (
            max(right * (self.rows - right), self.rows - 1) for right in (self.new, self.old)
        )
        return math.sqrt((of_new + self.share**2 * of_old) / self.rows**3)


class OfRecalls(Struct, frozen=True):
    """The mean of the classes' recalls, each a share of the rows of its class (Zou and Donner
    2008). Its bounds cost much, so that levels are found in fewer steps than by `Inverted`."""

    classes: tuple[tuple[int, int], ...]
    """Of each class how many rows are right, of how many."""
    rows: int
    method: str = "mid-p binomials of the classes"

    @property
    def value(self) -> float:
        """The mean."""
        return sum(right / of for right, of in self.classes) / len(self.classes)

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds, each at `alpha`."""
        below = above = 0.0
        for right, of in self.classes:
            low, high = proportions.mid_p_bounds(right, of, alpha)
            below += (right / of - low) ** 2
            above += (high - right / of) ** 2
        number = len(self.classes)
        return self.value - math.sqrt(below) / number, self.value + math.sqrt(above) / number

    def p_below(self, limit: float) -> float:
        """The level at which the true value is shown to be below `limit`."""
        return self._level(1, limit - self.value)

    def p_above(self, limit: float) -> float:
        """The same for above."""
        return self._level(0, self.value - limit)

    def _level(self, side: int, distance: float) -> float:
        if distance <= 0:
            return 1.0
        return normal_tail(
            root(lambda z: self._reach(side, normal_tail(z)) - distance, 0.0, _FARTHEST)
        )

    def _reach(self, side: int, alpha: float) -> float:
        return abs(self.bounds(alpha)[side] - self.value)

    def needed(self, distance: float, alpha: float) -> int | None:
        """Rows that show a true distance to a limit in 80 % of all cases."""
        return estimates.rows_needed(self._se(), self.rows, distance, alpha)

    def smallest(self, alpha: float) -> float:
        """The distance that these rows show in 80 % of all cases."""
        return Estimate(value=0.0, se=self._se()).smallest(alpha)

    def grown(self, rows: int) -> OfRecalls:
        """The same shares of so many rows."""
        classes = (
            (round(right * rows / self.rows), of * rows / self.rows) for right, of in self.classes
        )
        return OfRecalls(tuple((right, max(round(of), right, 1)) for right, of in classes), rows)

    def _se(self) -> float:
        """At least that of one error in each class."""
        spread = sum(max(right * (of - right), of - 1) / of**3 for right, of in self.classes)
        return math.sqrt(spread) / len(self.classes)


_FARTHEST = 37.0
"""Beyond so many standard deviations a normal tail is nothing."""
