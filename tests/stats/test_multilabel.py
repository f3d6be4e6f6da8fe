"""Metrics of any number of classes a row beside scikit-learn's, and their influence values."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from mlgate.stats import multilabel

SEEDS = st.integers(0, 2**31)
RATIOS = ("precision", "recall", "f1", "jaccard")
AVERAGES = ("micro", "macro", "weighted", "samples")


def drawn(seed: int) -> tuple[Any, Any, Any]:
    """Few rows, so that classes and rows are empty on either side."""
    rng = np.random.default_rng(seed)
    n, classes = int(rng.integers(2, 30)), int(rng.integers(2, 6))
    label = (rng.random((n, classes)) < rng.random(classes) * 0.6).astype(np.uint8)
    prediction = np.where(rng.random((n, classes)) < 0.3, rng.random((n, classes)) < 0.4, label)
    return label, prediction.astype(np.uint8), rng.random(n) + 0.1


def judged(label: Any, prediction: Any, average: str, mass: Any) -> dict[str, float]:
    """scikit-learn's values; three of them come from one call, as its functions for each do."""
    asked: dict[str, Any] = {"average": average, "zero_division": 0, "sample_weight": mass}
    three = sk.precision_recall_fscore_support(label, prediction, **asked)[:3]
    return dict(zip(RATIOS, (*three, sk.jaccard_score(label, prediction, **asked)), strict=True))


@given(SEEDS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_value_is_scikit_learns(seed: int, weighted: bool) -> None:
    label, prediction, weight = drawn(seed)
    mass = weight if weighted else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for average in AVERAGES:
            for metric, wanted in judged(label, prediction, average, mass).items():
                found = multilabel.ratio(metric, average, label, prediction, mass)[0]
                assert found == pytest.approx(wanted, abs=1e-9), (metric, average)
    wanted = sk.hamming_loss(label, prediction, sample_weight=mass)
    assert multilabel.hamming_loss(label, prediction, mass)[0] == pytest.approx(wanted, abs=1e-9)
    wanted = sk.accuracy_score(label, prediction, sample_weight=mass)
    assert multilabel.accuracy(label, prediction, mass)[0] == pytest.approx(wanted, abs=1e-9)


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_influences_are_derivatives(seed: int) -> None:
    """By the weight of one row, times its weight."""
    label, prediction, weight = drawn(seed)
    step = np.zeros(len(label))
    step[0] = 1e-6
    asked: list[Any] = [multilabel.accuracy, multilabel.hamming_loss]
    for metric in RATIOS:
        asked += [partial(multilabel.ratio, metric, average) for average in AVERAGES]
    for ask in asked:
        above, below = (ask(label, prediction, weight + sign * step)[0] for sign in (1, -1))
        influence = ask(label, prediction, weight)[1]
        assert influence[0] == pytest.approx((above - below) / 2e-6 * weight[0], abs=1e-7)
        assert influence.sum() == pytest.approx(0, abs=1e-9)
