"""Each one-sided bound misses the truth about as often as it says: seeded, few draws; the longer
grid is `python -m benchmarks.model`."""

from __future__ import annotations

import pytest

from benchmarks.model import bounds, families

DRAWS = 400
_ERROR = (0.05 * 0.95 / DRAWS) ** 0.5
MOST = 0.05 + 4 * _ERROR


@pytest.mark.parametrize("clusters", [None, 100])
def test_bounds_miss_as_often_as_they_say(clusters: int | None) -> None:
    """Of rows, and of clusters of five rows."""
    found = list(bounds.misses(DRAWS, 500, clusters=clusters, truth=400_000))
    print("\n" + bounds.table(found))
    assert len({one.metric for one in found}) >= 14 + len(bounds.MULTILABEL)
    for one in found:
        assert max(one.low, one.high) <= MOST + 0.01, one


@pytest.mark.parametrize("metric", ["f1", "roc_auc"])
def test_many_uses_of_one_test_set(metric: str) -> None:
    draws = 60
    failed, passed = families.any_use_of(metric, draws, 1_000)
    print(f"\n{metric}: any false fail {failed:.1%}, any false pass {passed:.1%}")
    assert max(failed, passed) <= 0.05 + 4 * (0.05 * 0.95 / draws) ** 0.5


@pytest.mark.parametrize("metric", ["f1", "roc_auc"])
def test_many_slices_of_an_equal_model(metric: str) -> None:
    draws = 100
    found = families.any_slice_of(metric, draws, 500)
    print(f"\n{metric}, 50 slices: any false fail {found:.1%}")
    assert found <= 0.05 + 4 * (0.05 * 0.95 / draws) ** 0.5
