"""Every metric beside scikit-learn's, and every influence beside the metric's own derivative."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from mlgate.gates._model_ask import Ask
from mlgate.gates._model_measure import measured
from mlgate.gates._model_rows import Outputs, Rows
from mlgate.stats import cells, ranking

SEEDS = st.integers(0, 2**31)


def ask(metric: str, **more: Any) -> Ask:
    defaults = {
        "average": "macro", "k": 2, "quantile": 0.9, "bins": 15, "column": None, "filter": None,
        "relative": None,
    }  # fmt: skip
    return Ask({"metric": metric, **defaults, **more})


def value(rows: Rows, metric: str, **more: Any) -> float:
    return float(measured(rows, ask(metric, **more))["new"])


def classified(seed: int, weighted: bool) -> tuple[Rows, np.random.Generator]:
    """Few rows, so that classes are missing, alone, and scores tied."""
    rng = np.random.default_rng(seed)
    n, classes = int(rng.integers(2, 40)), int(rng.integers(2, 5))
    label = rng.integers(0, classes, n).astype(np.uint8)
    scores = rng.integers(0, 6, (n, classes)) + 1.0
    scores /= scores.sum(1, keepdims=True)
    prediction = rng.integers(0, classes, n).astype(np.uint8)
    if classes == 2:
        scores = scores[:, 1]
    rows = Rows(label, Outputs(prediction, scores), None)
    rows.classes = list(range(classes))
    rows.weight = rng.random(n) + 0.1 if weighted else None
    return rows, rng


@given(SEEDS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_metrics_of_predictions(seed: int, weighted: bool) -> None:
    rows, _ = classified(seed, weighted)
    both: dict[str, Any] = {"sample_weight": rows.weight}
    y, p = rows.label, rows.new.prediction
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            ("accuracy", "macro"): sk.accuracy_score(y, p, **both),
            ("balanced_accuracy", "macro"): sk.balanced_accuracy_score(y, p, **both),
            ("matthews_corrcoef", "macro"): sk.matthews_corrcoef(y, p, **both),
        }
        averages = ["macro", "weighted", *(["binary"] if len(rows.classes) == 2 else [])]
        for metric in ("precision", "recall", "f1"):
            for average in averages:
                judge = getattr(sk, f"{metric}_score")
                expected[metric, average] = judge(y, p, average=average, zero_division=0, **both)
    for (metric, average), wanted in expected.items():
        found = value(rows, metric, average=average)
        assert found == pytest.approx(wanted, abs=1e-9), (metric, average)


@given(SEEDS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_metrics_of_scores(seed: int, weighted: bool) -> None:
    rows, _ = classified(seed, weighted)
    y, scores, w = rows.label, rows.new.scores, rows.weight
    there = len(np.unique(y))
    labels = list(range(len(rows.classes)))
    both: dict[str, Any] = {"sample_weight": w}
    expected = {"log_loss": sk.log_loss(y, scores, labels=labels, **both)}
    if len(labels) == 2:
        expected["brier_score"] = np.average((scores - y) ** 2, weights=w)
        if there == 2:
            expected["roc_auc"] = sk.roc_auc_score(y, scores, **both)
            expected["average_precision"] = sk.average_precision_score(y, scores, **both)
        else:
            assert "not defined" in measured(rows, ask("roc_auc"))["why"]
    else:
        top = sk.top_k_accuracy_score(y, scores, k=2, labels=labels, **both)
        expected["top_k_accuracy"] = top
    for metric, wanted in expected.items():
        assert value(rows, metric) == pytest.approx(wanted, abs=1e-9), metric
    if len(labels) > 2 and there == len(labels):
        auc = sk.roc_auc_score(y, scores, multi_class="ovr", sample_weight=w)
        assert value(rows, "roc_auc") == pytest.approx(auc, abs=1e-9)


@given(SEEDS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_metrics_of_regression(seed: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    label = np.round(rng.normal(size=n), 1)
    rows = Rows(label, Outputs(label + rng.normal(size=n), None), None)
    rows.weight = rng.random(n) + 0.1 if weighted else None
    names = {
        "mean_absolute_error": sk.mean_absolute_error,
        "mean_squared_error": sk.mean_squared_error,
        "root_mean_squared_error": sk.root_mean_squared_error,
        "mean_absolute_percentage_error": sk.mean_absolute_percentage_error,
    }
    for name, judge in names.items():
        wanted = judge(label, rows.new.prediction, sample_weight=rows.weight)
        assert value(rows, name) == pytest.approx(wanted, rel=1e-9)
    if len(np.unique(label)) > 1:
        wanted = sk.r2_score(label, rows.new.prediction, sample_weight=rows.weight)
        assert value(rows, "r2") == pytest.approx(wanted, rel=1e-9, abs=1e-9)
    wanted = sk.mean_pinball_loss(label, rows.new.prediction, alpha=0.9, sample_weight=rows.weight)
    assert value(rows, "mean_pinball_loss") == pytest.approx(wanted, rel=1e-9)


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_influences_are_derivatives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 20, (3, 3)).astype(float)
    j, k = rng.integers(0, 3, 2)
    step = np.zeros((3, 3))
    step[j, k] = 1e-5
    metrics = [cells.accuracy, cells.balanced_accuracy, cells.matthews_corrcoef]
    for name in ("precision", "recall", "f1"):
        metrics += [cells.averaged(name, average) for average in ("macro", "weighted", "binary")]
    for metric in metrics:
        slope = (metric(counts + step)[0] - metric(counts - step)[0]) / 2e-5
        assert metric(counts)[1][j, k] == pytest.approx(slope, abs=1e-7)
        assert (metric(counts)[1] * counts).sum() == pytest.approx(0, abs=1e-9)


def test_delongs_variance() -> None:
    """The textbook formula, with placements counted pair by pair."""
    rng = np.random.default_rng(5)
    label, score = rng.integers(0, 2, 60), np.round(rng.normal(size=60), 1)
    ones, zeros = score[label == 1], score[label == 0]
    wins = (ones[:, None] > zeros).astype(float) + 0.5 * (ones[:, None] == zeros)
    wanted = wins.mean(1).var(ddof=1) / len(ones) + wins.mean(0).var(ddof=1) / len(zeros)
    value, influence = ranking.roc_auc(label, score)
    assert value == pytest.approx(wins.mean())
    assert (influence**2).sum() == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("bins", [256, 65_536])
def test_bins_tell_what_sorting_tells(bins: int) -> None:
    rng = np.random.default_rng(5)
    label = rng.integers(0, 2, 20_000).astype(np.uint8)
    score = rng.beta(2, 2, 20_000) * 0.5 + label * 0.2
    value, table, place, off = ranking.binned_roc_auc(label, score, bins)
    exact, influence = ranking.roc_auc(label, score)
    assert abs(value - exact) <= off + 1e-12 and off < 1 / bins
    assert (table[place] ** 2).sum() == pytest.approx((influence**2).sum(), rel=1e-3)


def test_average_precision_is_nearer_the_truth_without_its_excess() -> None:
    """Over 3,000 draws of 200 rows more than half of the bias goes. What stays is of the other
    sign: the number of positives, which is divided by, is random too."""
    rng = np.random.default_rng(11)

    def draw(n: int) -> tuple[Any, Any]:
        label = (rng.random(n) < 0.1).astype(np.uint8)
        return label, 1.5 * label + rng.normal(size=n)

    truth = np.mean([ranking.average_precision(*draw(500_000))[0] for _ in range(4)])
    found = np.array(
        [(value, value - bias) for value, _, bias in
         (ranking.average_precision(*draw(200)) for _ in range(3000))]
    )  # fmt: skip
    off = (found.mean(0) - truth) / (found.std(0) / 3000**0.5)
    assert off[0] > 6 and abs(off[1]) < 0.5 * off[0], off


def test_the_excess_of_average_precision_has_ties_and_weights() -> None:
    """Written out row by row."""
    label, score = np.array([1, 0, 1, 0, 1]), np.array([3.0, 3.0, 2.0, 1.0, 1.0])
    weight = np.array([1.0, 2.0, 1.0, 1.0, 3.0])
    excess = 0.0
    for i in np.flatnonzero(label):
        high = score >= score[i]
        others = weight[high].sum() - weight[i]
        zeros = weight[high & (label == 0)].sum()
        excess += weight[i] * weight[i] * zeros / (others * (others + weight[i]))
    assert ranking.average_precision(label, score, weight)[2] == pytest.approx(excess / 5)
