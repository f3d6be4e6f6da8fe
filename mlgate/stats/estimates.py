"""Bounds and levels for an estimate with a standard error, from one and the same t statistic.

The standard error comes from influence values: of an asymptotically linear statistic the variance
is the sum of its squared influences (Hampel 1974). Few rows often carry most of that sum (the
positives, the large errors), so that its degrees of freedom are far fewer than the rows: they are
set to 2 n / (kurtosis - 1) after Satterthwaite (1946, Biometrics Bull. 2). Means are skewed too,
which Hall's cubic transformation removes (1992, J. R. Statist. Soc. B 54, 221-228). A single
metric, unlike a difference, is judged on the scale on which its errors are nearest to symmetric.
"""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

from mlgate.stats.distributions import normal_quantile, t_quantile, t_tail


class Moments(Struct, frozen=True, kw_only=True):
    """What the rows' influences (or their sums by cluster) come to, for one estimate."""

    units: int
    """Rows, or clusters."""
    second: float
    """Sum of squares."""
    third: float = 0.0
    """Sum of cubes."""
    fourth: float = 0.0
    """Sum of fourth powers."""


Scale = Literal["plain", "log", "logit", "log1m"]
"""log1m: the logarithm of what is missing to 1."""


class Estimate(Struct, frozen=True, kw_only=True):
    """A value, and how sure it is."""

    value: float
    se: float
    df: float = math.inf
    skew: float = 0.0
    """Skewness of the estimate itself: that of a row divided by the root of the rows."""
    scale: Scale = "plain"

    def bounds(self, alpha: float = 0.05) -> tuple[float, float]:
        """One-sided bounds, each at `alpha`; infinite where nothing is known of the spread."""
        if math.isnan(self.se) or self.df < 1:
            return -math.inf, math.inf
        t = t_quantile(1 - alpha, self.df)
        at, slope = _onto(self.value, self.scale)
        low = _back(at - self.se * slope * unskewed(t, self.skew), self.scale)
        high = _back(at - self.se * slope * unskewed(-t, self.skew), self.scale)
        return min(low, high), max(low, high)

    def p_below(self, limit: float) -> float:
        """The level at which the true value is shown to be below `limit`: `bounds` has an upper
        bound below it exactly where this is below its `alpha`."""
        if math.isnan(self.se) or self.df < 1:
            return 1.0
        if self.se == 0:
            return 1.0 if self.value >= limit else 0.0
        at, slope = _onto(self.value, self.scale)
        if not _within(limit, self.scale):
            return 1.0 if limit <= self.value else 0.0
        t = skewed((at - _onto(limit, self.scale)[0]) / (self.se * slope), self.skew)
        return t_tail(-t, self.df)

    def p_above(self, limit: float) -> float:
        """The same for above."""
        if math.isnan(self.se) or self.df < 1:
            return 1.0
        if self.se == 0 or not _within(limit, self.scale):
            return 1.0 if self.value <= limit else 0.0
        return 1 - self.p_below(limit)

    def smallest(self, alpha: float = 0.05, power: float = 0.8) -> float:
        """The true distance that would be shown in `power` of all cases."""
        return (normal_quantile(1 - alpha) + normal_quantile(power)) * self.se


def _within(value: float, scale: Scale) -> bool:
    """True if the scale has a place for `value`."""
    return (scale in ("plain", "log1m") or value > 0) and (scale in ("plain", "log") or value < 1)


def _onto(value: float, scale: Scale) -> tuple[float, float]:
    """`value` on the scale, and the scale's slope there."""
    if scale == "log":
        return math.log(value), 1 / value
    if scale == "logit":
        return math.log(value / (1 - value)), 1 / (value * (1 - value))
    if scale == "log1m":
        return -math.log(1 - value), 1 / (1 - value)
    return value, 1.0


def _back(at: float, scale: Scale) -> float:
    if scale == "log":
        return math.exp(min(at, 700.0))
    if scale == "logit":
        return 1 / (1 + math.exp(min(-at, 700.0)))
    if scale == "log1m":
        return 1 - math.exp(min(-at, 700.0))
    return at


def estimate(
    value: float, moments: Moments, *, scale: Scale = "plain", skewed_mean: bool = False
) -> Estimate:
    """The estimate that these moments speak of; the skewness counts for means only."""
    units, second = moments.units, moments.second
    if units < 2 or second <= 0:
        return Estimate(value=value, se=0.0 if units > 1 else math.nan, df=float(units - 1))
    variance = second * units / (units - 1)
    kurtosis = max(units * moments.fourth / second**2, 1.0)
    df = units - 1.0
    if kurtosis > 1:
        df = min(df, max(2 * units / (kurtosis - 1), 1.0))
    skew = moments.third / variance**1.5 if skewed_mean else 0.0
    return Estimate(
        value=value,
        se=math.sqrt(variance),
        df=float(round(df)),
        skew=skew,
        scale=scale if _within(value, scale) else "plain",
    )


def skewed(t: float, a: float) -> float:
    """Hall's transformation of a studentised mean whose skewness is `a`."""
    return t + a * t * t / 3 + a * a * t**3 / 27 + a / 6


def unskewed(t: float, a: float) -> float:
    """Its inverse."""
    if abs(a) < 1e-9 or math.isinf(t):
        return t
    return 3 / a * (math.cbrt(1 + a * (t - a / 6)) - 1)


def rows_needed(
    se: float, n: int, distance: float, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """Rows with which a true distance of `distance` to the limit would be shown in `power` of all
    cases, where `n` rows have the standard error `se`; None where the distance is nothing."""
    if distance <= 0:
        return None
    factor = (normal_quantile(1 - alpha) + normal_quantile(power)) * se / distance
    return max(math.ceil(n * factor * factor), 1)
