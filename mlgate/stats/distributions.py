"""Tails and quantiles of the normal, t, beta and binomial distributions, in plain arithmetic.

The regularised incomplete beta function is computed by Lentz's continued fraction (Press et al.,
Numerical Recipes, 3rd ed., 6.4); its relative error is below 1e-10 for parameters up to 1e7.
Quantiles are found to the last digits by bracketing them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

_TINY = 1e-300


def normal_tail(z: float) -> float:
    """P(Z > z) of a standard normal Z; relative error below 1e-14."""
    return 0.5 * math.erfc(z / math.sqrt(2))


@lru_cache(maxsize=256)
def normal_quantile(p: float) -> float:
    """The z with P(Z <= z) = p, 0 < p < 1; relative error below 1e-13.

    A guess good to three digits (Abramowitz and Stegun, 26.2.23), and two of Halley's steps. Python
    has one too, in a module whose import costs more than a whole gate's decision.
    """
    if p > 0.5:
        return -normal_quantile(1 - p)
    t = math.sqrt(-2 * math.log(p))
    above, below = (0.010328, 0.802853, 2.515517), (0.001308, 0.189269, 1.432788, 1.0)
    z = _polynomial(above, t) / _polynomial(below, t) - t
    for _ in range(2):
        step = (normal_tail(-z) - p) * math.sqrt(2 * math.pi) * math.exp(z * z / 2)
        z -= step / (1 + z * step / 2)
    return z


def _polynomial(coefficients: Sequence[float], x: float) -> float:
    value = 0.0
    for one in coefficients:
        value = value * x + one
    return value


def beta_cdf(x: float, a: float, b: float) -> float:
    """P(X <= x) of X ~ Beta(a, b), a and b positive."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _beta_part(1 - x, b, a)
    return _beta_part(x, a, b)


def _beta_part(x: float, a: float, b: float) -> float:
    """The incomplete beta function where its continued fraction converges fast."""
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front += a * math.log(x) + b * math.log1p(-x)
    if front < -745:
        return 0.0
    return math.exp(front) * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    """Lentz's fraction; what would be 0 is tiny. Most bounds are found by it, hence without a call
    in its loop."""
    c = 1.0
    d = 1 - (a + b) * x / (a + 1)
    d = 1.0 / (d if d > _TINY or d < -_TINY else _TINY)
    result = d
    for m in range(1, 20_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 + even * d
        d = 1.0 / (d if d > _TINY or d < -_TINY else _TINY)
        c = 1 + even / c
        c = c if c > _TINY or c < -_TINY else _TINY
        result *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 + odd * d
        d = 1.0 / (d if d > _TINY or d < -_TINY else _TINY)
        c = 1 + odd / c
        c = c if c > _TINY or c < -_TINY else _TINY
        change = d * c
        result *= change
        if abs(change - 1) < 1e-15:
            break
    return result


def beta_quantile(p: float, a: float, b: float) -> float:
    """The x with P(X <= x) = p of X ~ Beta(a, b)."""
    return root(lambda x: beta_cdf(x, a, b) - p, 0.0, 1.0)


def t_tail(t: float, df: float) -> float:
    """P(T > t) of Student's t with `df` degrees of freedom (any positive number)."""
    if math.isinf(df):
        return normal_tail(t)
    if t * t < 1:
        return 0.5 - math.copysign(0.5, t) * beta_cdf(t * t / (df + t * t), 0.5, df / 2)
    half = 0.5 * beta_cdf(df / (df + t * t), df / 2, 0.5)
    return half if t >= 0 else 1 - half


@lru_cache(maxsize=1024)
def t_quantile(p: float, df: float) -> float:
    """The t with P(T <= t) = p of Student's t; the normal quantile from 1e6 degrees on."""
    if df >= 1e6:
        return normal_quantile(p)
    if p < 0.5:
        return -t_quantile(1 - p, df)
    high = 2.0
    while t_tail(high, df) > 1 - p:
        high *= 2
    return root(lambda t: (1 - p) - t_tail(t, df), 0.0, high)


def binomial_cdf(k: int, n: int, p: float) -> float:
    """P(K <= k) of K ~ Binomial(n, p)."""
    if k < 0:
        return 0.0
    if k >= n:
        return 1.0
    return 1 - beta_cdf(p, k + 1, n - k)


def binomial_pmf(k: int, n: int, p: float) -> float:
    """P(K = k) of K ~ Binomial(n, p)."""
    if not 0 <= k <= n:
        return 0.0
    if p <= 0 or p >= 1:
        return float(k == (0 if p <= 0 else n))
    log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(log + k * math.log(p) + (n - k) * math.log1p(-p))


def root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a continuous non-decreasing function changes sign between `low` and `high`, to the
    last digits; an end where it does not. Neither end is asked for its value.

    Inverse quadratic steps where they are safe, else halves (Chandrupatla 1997, Adv. Eng. Softw.
    28): some ten values where halves alone take fifty.
    """
    a, at_a, b, at_b = low, -math.inf, high, math.inf
    c, at_c = a, at_a
    step = 0.5
    for _ in range(200):
        x = a + step * (b - a)
        at_x = rising(x)
        if at_x == 0:
            return x
        if (at_x < 0) == (at_a < 0):
            c, at_c = a, at_a
        else:
            c, at_c, b, at_b = b, at_b, a, at_a
        a, at_a = x, at_x
        best = a if abs(at_a) < abs(at_b) else b
        least = _LAST_DIGITS * abs(best) / abs(b - a) if b != a else 1.0
        if least > 0.5:
            return best
        step = min(1 - least, max(least, _step(a, at_a, b, at_b, c, at_c)))
    return best


_LAST_DIGITS = 2.0**-51


def _step(a: float, at_a: float, b: float, at_b: float, c: float, at_c: float) -> float:
    """How far from `a` to `b` the root seems to lie, as a share of the way."""
    if at_c == at_b:
        return 0.5
    place, value = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
    if not (value**2 < place and (1 - value) ** 2 < 1 - place):
        return 0.5
    along = at_a / (at_b - at_a) * at_c / (at_b - at_c)
    return along + (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
