"""Bounds where no row was discordant: what may have stayed unseen, at its worst."""

from __future__ import annotations

import math

from msgspec import Struct
from msgspec.structs import replace

from mlgate.gates._model_bounds import Inverted, OfMoments
from mlgate.stats import estimates, unseen
from mlgate.stats.estimates import Estimate
from mlgate.stats.sparse import Sparse
from mlgate.stats.unseen import Part


class OfUnseen(Struct, frozen=True):
    """A value that no row spoke against."""

    value: float
    parts: tuple[Part, ...]
    rows: int
    method: str = "exact, no discordant row"

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds, each at `alpha`."""
        reach = unseen.farthest(self.parts, alpha)
        return self.value - reach, self.value + reach

    def p_below(self, limit: float) -> float:
        """The level at which the true value is shown to be below `limit`."""
        return unseen.level(self.parts, limit - self.value)

    def p_above(self, limit: float) -> float:
        """The same for above."""
        return unseen.level(self.parts, self.value - limit)

    def needed(self, distance: float, alpha: float) -> int | None:
        """Rows of which none may be discordant for the bounds to be so near."""
        if distance <= 0:
            return None
        times = unseen.times_needed(self.parts, distance, alpha)
        return None if times is None else math.ceil(self.rows * times)

    def smallest(self, alpha: float) -> float:
        """The distance that these rows rule out."""
        return unseen.farthest(self.parts, alpha)


class OfSparse(Inverted, frozen=True):
    """A change that few rows make, or a value that few errors make."""

    change: Sparse
    rows: int
    start: float = 0.0
    """What is there without them."""
    method: str = "few discordant rows, beta"

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds, each at `alpha`."""
        low, high = self.change.bounds(alpha)
        return self.start + low, self.start + high

    def p_below(self, limit: float) -> float:
        """The level at which the true value is shown to be below `limit`."""
        return unseen.smooth_level(lambda alpha: limit - self.start - self.change.high(alpha))

    def p_above(self, limit: float) -> float:
        """The same for above."""
        return unseen.smooth_level(lambda alpha: self.start + self.change.low(alpha) - limit)

    def needed(self, distance: float, alpha: float) -> int | None:
        """Rows that show a true distance to a limit in 80 % of all cases."""
        return estimates.rows_needed(self.change.se, self.rows, distance, alpha)

    def smallest(self, alpha: float) -> float:
        """The distance that these rows show in 80 % of all cases."""
        return Estimate(value=0.0, se=self.change.se).smallest(alpha)

    def grown(self, rows: int) -> OfSparse:
        """The same shares of so many rows."""
        return replace(self, change=self.change.times(rows / self.rows), rows=rows)


class OfBoth(Inverted, frozen=True):
    """The sum of a change that few rows or none make, and of a value that all do; each has half of
    `alpha`."""

    change: OfUnseen | OfSparse
    seen: OfMoments | OfUnseen

    @property
    def method(self) -> str:
        """How the bounds are found."""
        return self.change.method

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds, each at `alpha`."""
        changes, values = self.change.bounds(alpha / 2), self.seen.bounds(alpha / 2)
        return changes[0] + values[0], changes[1] + values[1]

    def needed(self, distance: float, alpha: float) -> int | None:
        """Rows of which none may be discordant for the change to be no more than `distance`."""
        return self.change.needed(distance, alpha / 2)

    def smallest(self, alpha: float) -> float:
        """The change that these rows rule out."""
        return self.change.smallest(alpha / 2)
