"""Each one-sided bound misses the truth about as often as it says: seeded, few draws; the longer
grid is `python -m benchmarks.model`."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.model import bounds, families
from mlgate.gates._model_metrics import METRICS
from mlgate.stats.estimates import estimate
from mlgate.stats.influences import Influence, moments

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


def test_percentages_of_labels_near_nothing() -> None:
    """Few rows with small labels carry the mean: on the log scale alone 7.3 % miss."""
    draws, n, rng = 4_000, 500, np.random.default_rng(5)
    metric = METRICS["mean_absolute_percentage_error"]
    truth = math.sqrt(2 / math.pi) * 0.3 * math.exp(0.3**2 / 2) * math.exp(1 / 2)
    low = high = 0
    for _ in range(draws):
        label = rng.lognormal(0, 1, n)
        off = np.abs(rng.normal(0, 0.3, n)) * rng.lognormal(0, 0.3, n) / label
        told = moments(Influence(off, mean=float(off.mean())))
        one = estimate(float(off.mean()), told, scale=metric.scale, skewed_mean=metric.skewed)
        below, above = one.bounds(0.05)
        low, high = low + (below > truth), high + (above < truth)
    print(f"\nlower misses {low / draws:.2%}, upper {high / draws:.2%}")
    assert max(low, high) / draws <= 0.06 + 2 * (0.06 * 0.94 / draws) ** 0.5


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
