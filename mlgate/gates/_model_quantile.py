"""Bounds of a quantile, and of the difference of two of the same rows, by order statistics."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlgate.gates._model_bounds import Inverted
from mlgate.stats import quantiles
from mlgate.stats.distributions import normal_quantile
from mlgate.stats.quantiles import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_POWER = 0.8
_ONE_SE = 0.1587
"""The level at which a bound is one standard error away."""


def windowed(values: Array, q: float) -> tuple[float, Window]:
    """The quantile of the values, and what bounds it; in the worker."""
    import numpy as np

    n = len(values)
    ranks, at = quantiles.window_ranks(n, q), quantiles.place(n, q)
    wanted = np.array([at, *ranks]) - 1
    found = np.partition(values, wanted)[wanted].tolist()
    window = Window(n=n, q=q, first=ranks.start, step=ranks.step, values=tuple(found[1:]))
    return found[0], window


class OfQuantile(Inverted, frozen=True):
    """One model's quantile."""

    value: float
    window: Window
    method: str = quantiles.METHOD

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds, each at `alpha`."""
        return self.window.bounds(alpha)

    def needed(self, distance: float, alpha: float) -> int | None:
        """Rows that show a true distance to a limit in 80 % of all cases."""
        return _needed(self.window.n, self.smallest(alpha), distance)

    def smallest(self, alpha: float) -> float:
        """The distance that these rows show in 80 % of all cases."""
        return _reach(self.value, self.window, alpha) + normal_quantile(_POWER) * _se(self.window)


class OfQuantiles(Inverted, frozen=True):
    """New minus `share` of old. The rows are the same, and nothing is assumed of how the two hang
    together: each has half of `alpha` (Bonferroni)."""

    new: OfQuantile
    old: OfQuantile
    share: float = 1.0
    method: str = f"{quantiles.METHOD}, each side at alpha / 2"

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds, each at `alpha`."""
        new, old = self.new.bounds(alpha / 2), self.old.bounds(alpha / 2)
        return new[0] - self.share * old[1], new[1] - self.share * old[0]

    def needed(self, distance: float, alpha: float) -> int | None:
        """Rows that show a true distance to a limit in 80 % of all cases."""
        return _needed(self.new.window.n, self.smallest(alpha), distance)

    def smallest(self, alpha: float) -> float:
        """The distance that these rows show in 80 % of all cases, were the models independent."""
        sides = ((self.new, 1.0), (self.old, self.share))
        reach = sum(by * _reach(one.value, one.window, alpha / 2) for one, by in sides)
        spread = math.hypot(*(by * _se(one.window) for one, by in sides))
        return reach + normal_quantile(_POWER) * spread


def _needed(rows: int, smallest: float, distance: float) -> int | None:
    if distance <= 0 or not math.isfinite(smallest):
        return None
    return max(math.ceil(rows * (smallest / distance) ** 2), 1)


def _reach(value: float, window: Window, alpha: float) -> float:
    low, high = window.bounds(alpha)
    return max(value - low, high - value)


def _se(window: Window) -> float:
    low, high = window.bounds(_ONE_SE)
    return (high - low) / 2
