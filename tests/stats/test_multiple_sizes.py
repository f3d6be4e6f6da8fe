"""Corrections, sizes, and the table of ease.ml/ci."""

from __future__ import annotations

import pytest

from mlgate.stats import sizes
from mlgate.stats.estimates import Estimate, Moments, estimate, rows_needed, skewed, unskewed
from mlgate.stats.families import holm


def test_holm() -> None:
    """Worked by hand: sorted .01 .02 .03 .04 times 4 3 2 1, never falling."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_the_cells_that_the_paper_states() -> None:
    """Karlas et al. 2019: >46K for one model, 63K and 156K at .9999, 6,279; Bennett 29K and 67K;
    2,188 labels per commit."""
    cell = {(round(c.reliability, 5), c.error): c for c in sizes.easeml_table()}
    assert len(cell) == 16
    assert cell[0.9999, 0.01].single == 63_381
    assert cell[0.9999, 0.01].single_full in (156_955, 156_956)
    assert cell[0.9999, 0.05].single_full == 6_279
    assert cell[0.99, 0.1].difference_full == 5_496
    assert sizes.bennett(0.01, 1e-4 / 4 / 32, 0.1) == 29_048
    assert sizes.bennett(0.01, 1e-4 / 4 / 2**32, 0.1) == 67_706
    assert sizes.hoeffding(0.01, 1e-4) == 46_052


def test_rows_for_a_neutral_model() -> None:
    assert sizes.paired_rows(0.10, 0.01) == pytest.approx(6183, abs=1)
    assert sizes.paired_rows(0.02, 0.01) == pytest.approx(1237, abs=1)
    assert sizes.paired_rows(0.10, 0.0) is None
    assert sizes.smallest_effect(0.1, 2000) == pytest.approx(0.0176, abs=1e-4)


def test_halls_transformation_turns_back() -> None:
    for a in (-0.4, 0.0, 0.3):
        for t in (-2.0, 0.5, 2.0):
            assert skewed(unskewed(t, a), a) == pytest.approx(t)


@pytest.mark.parametrize("scale", ["plain", "log", "logit", "log1m"])
def test_bounds_of_an_estimate_agree_with_its_level(scale: str) -> None:
    one = Estimate(value=0.4, se=0.05, df=40, skew=0.1, scale=scale)  # type: ignore[arg-type]
    low, high = one.bounds(0.05)
    assert low < 0.4 < high
    assert one.p_below(high) == pytest.approx(0.05)
    assert one.p_above(low) == pytest.approx(0.05)


def test_one_unit_tells_nothing() -> None:
    low, high = estimate(0.5, Moments(units=1, second=0.0)).bounds()
    assert (low, high) == (float("-inf"), float("inf"))


def test_rows_needed_shrink_with_the_square_of_the_distance() -> None:
    few, many = rows_needed(0.01, 1000, 0.02), rows_needed(0.01, 1000, 0.01)
    assert few is not None and many is not None
    assert many == pytest.approx(4 * few, abs=4)
    assert rows_needed(0.01, 1000, 0.0) is None
