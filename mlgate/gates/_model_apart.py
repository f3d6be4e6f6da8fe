"""Two shares of which only the numbers are known, not the rows."""

from __future__ import annotations

import math

from mlgate.gates._model_bounds import Inverted
from mlgate.stats import estimates, proportions
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
