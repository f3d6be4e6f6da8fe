"""Tails and quantiles beside scipy's."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlgate.stats import distributions as ours

CHANCE = st.floats(1e-6, 1 - 1e-6)


@given(st.floats(0.001, 0.999), st.floats(0.1, 1e5), st.floats(0.1, 1e5))
def test_beta(x: float, a: float, b: float) -> None:
    assert ours.beta_cdf(x, a, b) == pytest.approx(stats.beta.cdf(x, a, b), rel=1e-8, abs=1e-13)


@given(CHANCE, st.floats(0.5, 1e4), st.floats(0.5, 1e4))
def test_beta_quantile(p: float, a: float, b: float) -> None:
    assert ours.beta_cdf(ours.beta_quantile(p, a, b), a, b) == pytest.approx(p, abs=1e-7)


@given(st.floats(-30, 30), st.floats(1, 1e6))
def test_t(t: float, df: float) -> None:
    assert ours.t_tail(t, df) == pytest.approx(stats.t.sf(t, df), rel=1e-7, abs=1e-15)


@pytest.mark.parametrize("p", [0.0005, 0.025, 0.05, 0.5, 0.8, 0.95, 0.9999])
@pytest.mark.parametrize("df", [1.0, 2.5, 10.0, 499.0, 1e7])
def test_t_quantile(p: float, df: float) -> None:
    assert ours.t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("p", [1e-9, 0.05, 0.5, 0.975])
def test_normal(p: float) -> None:
    assert ours.normal_quantile(p) == pytest.approx(stats.norm.ppf(p), abs=1e-9)
    assert ours.normal_tail(ours.normal_quantile(1 - p)) == pytest.approx(p, rel=1e-6)


@pytest.mark.parametrize("exponent", [1, 3, 10, 50, 200, 300])
def test_normal_far_out(exponent: int) -> None:
    p = 10.0**-exponent
    assert ours.normal_quantile(p) == pytest.approx(NormalDist().inv_cdf(p), rel=1e-12)


@given(st.integers(0, 3000), st.integers(1, 3000), st.floats(0.001, 0.999))
def test_binomial(k: int, n: int, p: float) -> None:
    k = min(k, n)
    assert ours.binomial_cdf(k, n, p) == pytest.approx(stats.binom.cdf(k, n, p), abs=1e-10)
    assert ours.binomial_pmf(k, n, p) == pytest.approx(stats.binom.pmf(k, n, p), abs=1e-10)


def test_a_root_that_is_none_is_an_end() -> None:
    assert ours.root(lambda x: -1.0, 0.0, 1.0) == pytest.approx(1.0)
    assert math.isclose(ours.root(lambda x: x - 0.25, 0.0, 1.0), 0.25)
