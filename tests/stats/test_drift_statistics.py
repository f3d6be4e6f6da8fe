"""The statistics of drift against SciPy, and what they promise, shown by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmarks.simulate import missed_and_false
from mlgate.stats import divergence, drift, families, ks, shares
from mlgate.stats.ks import Cell


def cells(x: np.ndarray, y: np.ndarray, edges: np.ndarray) -> list[Cell]:
    a, b = np.histogram(x, edges)[0], np.histogram(y, edges)[0]
    widths = np.diff(edges)
    return [Cell(int(n), int(m), False, float(w)) for n, m, w in zip(a, b, widths, strict=True)]


@pytest.mark.parametrize("seed", range(8))
def test_the_distance_lies_between_its_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(0, 1, 900), rng.normal(rng.random(), 1 + rng.random(), 700)
    exact = stats.ks_2samp(x, y).statistic
    for bins in (4, 32, 4096):
        span = ks.distance(cells(x, y, np.linspace(-12, 12, bins + 1)))
        assert span.low - 1e-12 <= exact <= span.high + 1e-12
    assert span.high - span.low < 0.01


def test_single_values_hide_nothing() -> None:
    x, y = np.array([0] * 60 + [1] * 40), np.array([0] * 50 + [1] * 50)
    found = ks.distance([Cell(60, 50, True), Cell(40, 50, True)])
    assert found.low == found.high == pytest.approx(stats.ks_2samp(x, y).statistic)
    assert ks.hiding([Cell(60, 50, True), Cell(40, 50, False)], 0.3) == [1]


@pytest.mark.parametrize("d", [0.001, 0.01, 0.02, 0.04, 0.1, 0.5])
@pytest.mark.parametrize(("n", "m"), [(1000, 1000), (100, 10_000), (10**6, 10**6)])
def test_p_values_are_kolmogorovs(d: float, n: int, m: int) -> None:
    wanted = stats.kstwobign.sf(d * np.sqrt(n * m / (n + m)))
    assert ks.p_value(d, n, m) == pytest.approx(wanted, rel=1e-6, abs=1e-12)


def test_what_is_detectable_is_so_by_its_own_p_value() -> None:
    for n, m, level in ((1000, 1000, 0.0005), (500, 10**6, 0.01)):
        assert ks.p_value(ks.detectable(n, m, level), n, m) == pytest.approx(level, rel=1e-3)
    n = ks.rows_needed(0.03, 0.001)
    assert ks.p_value(0.03, n, n) <= 0.001 < ks.p_value(0.03, n - 10, n - 10)
    n = shares.rows_needed(0.015, 0.3, 0.001)
    assert shares.p_value(round(0.2925 * n), n, round(0.3075 * n), n) < 0.0015


@pytest.mark.parametrize("counts", [(30, 100, 50, 120), (1, 1000, 9, 1000), (500, 1000, 520, 999)])
def test_shares_are_compared_as_yates_does(counts: tuple[int, int, int, int]) -> None:
    a, n, b, m = counts
    wanted = stats.chi2_contingency([[a, n - a], [b, m - b]], correction=True).pvalue
    assert shares.p_value(a, n, b, m) == pytest.approx(wanted, rel=1e-9)
    assert shares.p_value(0, 10, 0, 20) == shares.p_value(0, 0, 5, 20) == 1.0


def test_corrections_are_those_of_the_textbook() -> None:
    values = [0.01, 0.04, 0.03, 0.005, 0.5]
    assert families.holm(values) == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.5])
    wanted = stats.false_discovery_control(values)
    assert families.benjamini_hochberg(values) == pytest.approx(list(wanted))
    assert families.holm([]) == []


def test_distances_are_scipys() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(0, 1, 5000), rng.normal(0.3, 1.2, 4000)
    both = cells(x, y, np.linspace(-8, 8, 4097))
    assert divergence.wasserstein(both) == pytest.approx(stats.wasserstein_distance(x, y), abs=2e-3)
    few = divergence.grouped(both, 20)
    p, q = ([getattr(c, side) for c in few] for side in ("before", "after"))
    from scipy.spatial.distance import jensenshannon

    assert divergence.jensen_shannon(few) == pytest.approx(jensenshannon(p, q, 2), abs=1e-9)
    assert sum(c.before for c in few) == 5000 and 18 <= len(few) <= 20


def test_psi_of_equal_laws_is_nothing_on_average() -> None:
    rng = np.random.default_rng(4)
    edges = np.linspace(-6, 6, 400)
    found = [
        divergence.stability_index(
            divergence.grouped(cells(rng.normal(size=800), rng.normal(size=800), edges), 10)
        )
        for _ in range(200)
    ]
    assert abs(float(np.mean(found))) < 0.003  # uncorrected it is 0.022


def test_an_alarm_needs_size_and_certainty() -> None:
    def one(value: float, n: int) -> drift.Judged:
        effect = drift.Effect(column="a", what="ks", value=value, high=value, floor=0.03,
                              p=ks.p_value(value, n, n), n=n, m=n)  # fmt: skip
        return drift.judged([effect], 0.05)[0]

    assert (one(0.02, 10**6).alarm, one(0.02, 10**6).open) == (False, False)  # sure, and too small
    assert (one(0.04, 100).alarm, one(0.04, 100).open) == (False, True)  # large, and perhaps chance
    assert (one(0.04, 10**5).alarm, one(0.04, 10**5).open) == (True, False)


@pytest.mark.parametrize("n", [1000, 100_000])
def test_false_alarms_stay_below_five_percent(n: int) -> None:
    """A short form of `python -m benchmarks.simulate`."""
    pairs = 200
    _, false = missed_and_false(pairs, n, shifted=0, seed=7)
    assert false / pairs <= 0.05 + 2 * (0.05 * 0.95 / pairs) ** 0.5
    missed, beside = missed_and_false(60, n, shifted=5, seed=8)
    assert beside / 60 <= 0.05 + 2 * (0.05 * 0.95 / 60) ** 0.5
    if n == 100_000:
        assert missed == 0.0


def test_the_simulation_prints_its_promises_and_what_samples_allow() -> None:
    from benchmarks.simulate import rows

    found = list(rows(20))
    assert len(found) == 6 and all(row.met for row in found)
    small, large = (row for row in found if "found" in row.ours)
    print(small.what, small.ours, small.beside, large.what, large.ours, large.beside, sep="\n")
    assert "KS 0.091" in small.beside and small.budget == "what the sample allows"
    assert large.ours.startswith("100.0%") and "KS 0.009" in large.beside


def test_the_simulation_sees_false_alarms_where_nothing_corrects_them() -> None:
    _, false = missed_and_false(40, 1000, shifted=0, seed=7, alpha=0.99)
    assert false >= 10
