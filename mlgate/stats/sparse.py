"""Bounds of a change that few rows make: so many are lost, so many gained, each with its weight.

Losses and gains are weighted sums of rare events. Each has the bounds of Fay and Feuer (1997,
Statist. Med. 16, 791-801), with a beta distribution as Tiwari, Clegg and Zou have it (2006, Stat.
Methods Med. Res. 15, 547-569): those of Clopper and Pearson where all weights are equal, and wider
where an event as heavy as any can be may have stayed unseen. Those of the difference follow from
the four of them (Zou and Donner 2008, Statist. Med. 27, 1693-1702).
"""

from __future__ import annotations

import math

from msgspec import Struct

from mlgate.stats.distributions import beta_quantile

FEW = 30
"""Fewer discordant rows (or clusters) than this carry no t."""


class Sparse(Struct, frozen=True, kw_only=True):
    """What the discordant rows, or clusters, change; gains and losses are sums of weights."""

    units: int
    """Rows, or clusters, discordant or not."""
    gained: float = 0.0
    gained_squares: float = 0.0
    lost: float = 0.0
    lost_squares: float = 0.0
    heaviest: float
    """The weight that no unit exceeds."""

    @property
    def change(self) -> float:
        """What all of them come to."""
        return self.gained - self.lost

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds of the change, each at `alpha`."""
        return self.low(alpha), self.high(alpha)

    def low(self, alpha: float) -> float:
        """The lower of them."""
        gain = self.gained - self._least(self.gained, self.gained_squares, alpha)
        loss = self._most(self.lost, self.lost_squares, alpha) - self.lost
        return self.change - math.hypot(gain, loss)

    def high(self, alpha: float) -> float:
        """The upper of them."""
        gain = self._most(self.gained, self.gained_squares, alpha) - self.gained
        loss = self.lost - self._least(self.lost, self.lost_squares, alpha)
        return self.change + math.hypot(gain, loss)

    def _least(self, total: float, squares: float, alpha: float) -> float:
        """The lower bound of one sum."""
        if total <= 0:
            return 0.0
        return self._scaled(total * total / squares, squares / total, alpha)

    def _most(self, total: float, squares: float, alpha: float) -> float:
        """The upper bound of one sum."""
        total, squares = total + self.heaviest, squares + self.heaviest**2
        return self._scaled(total * total / squares, squares / total, 1 - alpha)

    def _scaled(self, events: float, weight: float, p: float) -> float:
        others = max(self.units - events + 1, _LEAST)
        return weight * self.units * beta_quantile(p, events, others)

    def times(self, factor: float) -> Sparse:
        """The same change by `factor` times the units."""
        return Sparse(
            units=round(self.units * factor),
            gained=self.gained,
            gained_squares=self.gained_squares / factor,
            lost=self.lost,
            lost_squares=self.lost_squares / factor,
            heaviest=self.heaviest / factor,
        )

    @property
    def se(self) -> float:
        """The standard error of the change, at least one heavy event's."""
        return math.sqrt(max(self.gained_squares + self.lost_squares, self.heaviest**2))


_LEAST = 1e-6
