"""Bounds of quantiles: exact chances, real coverage, and the sample that is needed."""

from __future__ import annotations

import random

import pytest
from scipy.stats import binom

from mlgate.stats.quantiles import needed, quantile


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("n", [1, 5, 58, 59, 60, 298, 299, 300, 2000])
def test_the_bounds_are_the_tightest_that_hold(n: int, q: float) -> None:
    found = quantile([float(i) for i in range(1, n + 1)], q)
    chances = binom.cdf(range(n), n, q)
    highs = [k for k, chance in enumerate(chances, 1) if chance >= 0.95]
    lows = [k for k, chance in enumerate(chances, 1) if chance <= 0.05]
    assert found.high == (min(highs) if highs else None)
    assert found.low == (max(lows) if lows else None)


def test_both_bounds_cover() -> None:
    random.seed(3)
    missed = [0, 0]
    for _ in range(1000):
        found = quantile(sorted(random.random() for _ in range(400)), 0.95)
        missed[0] += found.low is not None and found.low > 0.95
        missed[1] += found.high is not None and found.high < 0.95
    assert all(20 < number <= 70 for number in missed), missed  # 5 % at most, and not far below


def test_the_value_is_an_order_statistic() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5).value == 2.0
    assert quantile([float(i) for i in range(1, 101)], 0.95).value == 95.0
    assert quantile([7.0], 0.99).value == 7.0
    with pytest.raises(ValueError):
        quantile([], 0.5)


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_the_sample_that_is_needed(q: float) -> None:
    n = needed(q)
    assert quantile([0.0] * n, q).high is not None
    assert quantile([0.0] * (n - 1), q).high is None
