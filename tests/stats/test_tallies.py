"""Counts of small whole numbers, and moments from them."""

from __future__ import annotations

import numpy as np
import pytest

from mlgate.stats.influences import Influence, moments
from mlgate.stats.tallies import tally


@pytest.mark.parametrize("rows", [0, 1, 65_536, 200_001])
def test_numbers_are_counted_over_all_parts(rows: int) -> None:
    numbers = np.random.default_rng(rows).integers(0, 7, rows).astype(np.uint8)
    assert tally(numbers, 9).tolist() == np.bincount(numbers, minlength=9).tolist()


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
