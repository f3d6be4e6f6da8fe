"""Counts of small whole numbers, and moments from them."""

from __future__ import annotations

import numpy as np
import pytest

from mlgate.stats.influences import Influence, moments
from mlgate.stats.rows import mean_influence
from mlgate.stats.tallies import placed, tally


@pytest.mark.parametrize("rows", [0, 1, 65_536, 200_001])
def test_numbers_are_counted_over_all_parts(rows: int) -> None:
    numbers = np.random.default_rng(rows).integers(0, 7, rows).astype(np.uint8)
    assert tally(numbers, 9).tolist() == np.bincount(numbers, minlength=9).tolist()


@pytest.mark.parametrize("different", [1, 50, 256, 257, 3000])
@pytest.mark.parametrize("rows", [0, 1, 16_384, 50_001])
def test_rows_of_one_number_stand_together_in_their_order(rows: int, different: int) -> None:
    numbers = np.random.default_rng(rows).integers(0, different, rows)
    counts = tally(numbers, different)
    places = placed(numbers, np.cumsum(counts) - counts)
    together = np.empty(rows, dtype=np.int64)
    together[places] = np.arange(rows)
    assert together.tolist() == np.argsort(numbers, kind="stable").tolist()


@pytest.mark.parametrize("kind", [float, np.float32, bool])
def test_influences_on_a_mean_are_told_as_they_are_asked_for(kind: type) -> None:
    values = (np.random.default_rng(2).random(40_000) * 1.5).astype(kind)
    mean, wanted = mean_influence(values.astype(float))
    told = Influence(values, mean=mean)
    np.testing.assert_allclose(told.part(20_000, 50_000), wanted[20_000:], rtol=1e-12)
    assert moments(told).second == pytest.approx(float(wanted @ wanted), rel=1e-12)
    assert values.dtype == kind and values.max() > 0.9  # nothing is taken off the values themselves


@pytest.mark.parametrize("share", [1.0, 0.9])
def test_moments_of_few_influences_are_those_of_the_rows(share: float) -> None:
    draw = np.random.default_rng(1)
    tables = draw.normal(size=(2, 16))
    tables[:, 3] = np.nan  # of a cell that no row lies in
    places = draw.choice([0, 1, 2, *range(4, 16)], size=(2, 150_000)).astype(np.uint8)
    by_table = [Influence(table, place) for table, place in zip(tables, places, strict=True)]
    by_row = [Influence(table[place]) for table, place in zip(tables, places, strict=True)]
    assert by_table[0].pairs(by_table[1]) is not None
    told, wanted = moments(*by_table, share), moments(*by_row, share)
    assert told.units == wanted.units
    assert told.second == pytest.approx(wanted.second, rel=1e-12)
    assert told.third == pytest.approx(wanted.third, rel=1e-9)
    assert told.fourth == pytest.approx(wanted.fourth, rel=1e-12)


def test_influences_of_many_cells_are_not_counted_by_pairs() -> None:
    one = Influence(np.zeros(17), np.zeros(3, dtype=np.uint8))
    assert one.pairs(Influence(np.zeros(16), np.zeros(3, dtype=np.uint8))) is None
