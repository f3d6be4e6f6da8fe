"""Bounds of one proportion: exact where it matters, and never at odds with their test."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from mlgate.stats import proportions as ours

COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS)
@settings(deadline=None)
def test_clopper_pearson_and_wilson_are_scipys(counts: tuple[int, int]) -> None:
    k, n = counts
    tested = binomtest(k, n)
    exact = tested.proportion_ci(0.9, "exact")
    assert ours.clopper_pearson(k, n, 0.05) == pytest.approx((exact.low, exact.high), abs=1e-7)
    score = tested.proportion_ci(0.9, "wilson")
    assert ours.wilson(k, n, 0.05) == pytest.approx((score.low, score.high), abs=1e-7)


@given(COUNTS, st.floats(0.01, 0.99))
@settings(deadline=None)
def test_bound_and_test_agree(counts: tuple[int, int], limit: float) -> None:
    k, n = counts
    high = ours.bounds(k, n, 0.05)[1]
    if abs(high - limit) > 1e-6:
        assert (high < limit) == (ours.p_below(k, n, limit) < 0.05)


@pytest.mark.parametrize("n", [50, 500])
@pytest.mark.parametrize("p", [0.02, 0.1, 0.5, 0.9])
def test_each_bound_misses_as_it_should(n: int, p: float) -> None:
    chances = binom.pmf(range(n + 1), n, p)
    bounds = [ours.bounds(k, n, 0.05) for k in range(n + 1)]
    too_high = sum(chance for chance, (low, _) in zip(chances, bounds, strict=True) if low > p)
    too_low = sum(chance for chance, (_, high) in zip(chances, bounds, strict=True) if high < p)
    assert max(too_high, too_low) <= 0.065


def test_rows_that_show_a_floor() -> None:
    assert ours.needed(0.9, 0.9) is None
    assert ours.needed(0.92, 0.9) == pytest.approx(1308, rel=0.02)
