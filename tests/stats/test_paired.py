"""The paired test by exact enumeration, and bounds that cannot disagree with it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.model.paired import cells, table
from mlgate.stats.paired import Discordant, bounds, method, p_below, p_loss, score

COUNTS = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(120, 5000))


@given(COUNTS, st.floats(-0.2, 0.2))
def test_bound_and_test_agree(counts: tuple[int, int, int], limit: float) -> None:
    found = Discordant(*counts)
    high = bounds(found)[1]
    if abs(high - limit) > 1e-7:
        assert (high < limit) == (p_below(found, limit) < 0.05)


@given(COUNTS)
def test_turning_models_round_turns_the_bounds(counts: tuple[int, int, int]) -> None:
    gained, lost, n = counts
    low, high = bounds(Discordant(gained, lost, n))
    assert bounds(Discordant(lost, gained, n)) == pytest.approx((-high, -low), abs=1e-9)


def test_a_difference_of_nothing_is_mcnemars_test() -> None:
    assert score(Discordant(30, 50, 1000), 0.0) == pytest.approx(-20 / math.sqrt(80))


def test_the_score_bounds_solve_the_score_equation() -> None:
    low, high = bounds(Discordant(60, 41, 800), 0.05)
    assert score(Discordant(60, 41, 800), low) == pytest.approx(1.6449, abs=1e-4)
    assert score(Discordant(60, 41, 800), high) == pytest.approx(-1.6449, abs=1e-4)


def test_equal_predictions_have_an_exact_bound() -> None:
    low, high = bounds(Discordant(0, 0, 200))
    assert (low, high) == pytest.approx((-0.014867, 0.014867), abs=1e-6)
    assert method(Discordant(0, 0, 200)) == "paired score and mid-p test"


def test_three_losses_prove_nothing() -> None:
    """McNemar's normal test would say p = .042."""
    assert p_loss(Discordant(0, 3, 500)) == pytest.approx(0.0625)
    assert bounds(Discordant(0, 3, 500))[1] >= 0


def test_error_rates_by_enumeration(capsys: pytest.CaptureFixture[str]) -> None:
    found = list(cells((500,), (0.05, 0.10, 0.20)))
    with capsys.disabled():
        print("\n" + table(found))
    for cell in found:
        assert cell.false_fail <= 0.055
        assert cell.false_pass <= 0.055
        assert cell.power >= cell.best - 0.01


@pytest.mark.parametrize("churn", [0.01, 0.02, 0.04])
@pytest.mark.parametrize("n", [100, 300])
def test_few_discordant_rows_keep_the_level(n: int, churn: float) -> None:
    for cell in cells((n,), (churn,), loss=0.005, margin=0.01):
        assert cell.false_fail <= 0.05
        assert cell.false_pass <= 0.055
