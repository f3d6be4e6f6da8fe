"""Every metric of the registry has an oracle that says the same to 1e-9: scikit-learn, Fairlearn,
numpy, or its definition written out row by row; with ties, weights, and classes that are missing.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from mlgate.gates import _model_fairness as fairness
from mlgate.gates._model_ask import Ask
from mlgate.gates._model_groups import rates
from mlgate.gates._model_measure import measured
from mlgate.gates._model_metrics import METRICS, RATES
from mlgate.gates._model_rows import Outputs, Rows

fl = pytest.importorskip("fairlearn.metrics")

Judge = Callable[[Rows], float]
SEEDS = st.integers(0, 2**31)
SHAPES = st.sampled_from(["plain", "tied", "one class", "right"])
K, QUANTILE, BINS = 3, 0.3, 7


def drawn(task: str, seed: int, shape: str, weighted: bool, n: int | None = None) -> Rows:
    """Rows of a task; few, so that classes are missing among labels and predictions."""
    rng = np.random.default_rng(seed)
    n = n or int(rng.integers(2, 40))
    rows = _ROWS[task](rng, n, shape)
    if weighted and task != "ranking":
        rows.weight = rng.integers(0, 4, n) + rng.random() + 0.1
    return rows


def _scores(rng: np.random.Generator, size: Any, shape: str) -> Any:
    found = rng.random(size)
    return np.round(found, 1) if shape == "tied" else found


def _binary(rng: np.random.Generator, n: int, shape: str) -> Rows:
    label = (rng.random(n) < (0.0 if shape == "one class" else 0.4)).astype(np.uint8)
    scores = _scores(rng, n, shape)
    if shape == "right":
        scores = 0.4 * scores + 0.6 * label
    rows = Rows(label, Outputs((scores >= 0.5).astype(np.uint8), scores), None)
    rows.classes = [0, 1]
    return rows


def _multiclass(rng: np.random.Generator, n: int, shape: str) -> Rows:
    label = rng.integers(0, 1 if shape == "one class" else 5, n).astype(np.uint8)
    scores = _scores(rng, (n, 5), shape) + 0.01
    if shape == "right":
        scores += np.eye(5)[label]
    rows = Rows(label, Outputs(scores.argmax(1), scores / scores.sum(1, keepdims=True)), None)
    rows.classes = list(range(5))
    return rows


def _multilabel(rng: np.random.Generator, n: int, shape: str) -> Rows:
    share = np.array([0.0, 0.3, 0.6]) if shape == "one class" else rng.random(3)
    label = (rng.random((n, 3)) < share).astype(np.uint8)
    wrong = rng.random((n, 3)) < (0.0 if shape == "right" else 0.3)
    rows = Rows(label, Outputs(np.where(wrong, 1 - label, label), None), None)
    rows.classes = ["a", "b", "c"]
    return rows


def _regression(rng: np.random.Generator, n: int, shape: str) -> Rows:
    label = np.ones(n) if shape == "one class" else rng.normal(size=n)
    label = np.round(label) if shape == "tied" else label
    said = label if shape == "right" else label + rng.normal(size=n)
    return Rows(label, Outputs(said, None), None)


def _score(rng: np.random.Generator, n: int, shape: str) -> Rows:
    rows = Rows(None, Outputs(None, None), None)
    rows.columns = {"s": (_scores(rng, n, shape), None)}
    return rows


def _ranking(rng: np.random.Generator, n: int, shape: str) -> Rows:
    query = np.repeat(np.arange(4), n)
    gain = rng.integers(0, 1 if shape == "one class" else 4, 4 * n).astype(float)
    score = gain if shape == "right" else _scores(rng, 4 * n, shape)
    rows = Rows(gain, Outputs(None, score), None)
    rows.query = rows.cluster = query
    return rows


_ROWS = {
    "binary": _binary, "multiclass": _multiclass, "multilabel": _multilabel,
    "regression": _regression, "score": _score, "ranking": _ranking,
}  # fmt: skip


def of_predictions(name: str, **more: Any) -> Judge:
    judge = getattr(sk, name)
    return lambda rows: float(
        judge(rows.label, rows.new.prediction, sample_weight=rows.weight, **more)
    )


def averaged(name: str) -> Judge:
    def judge(rows: Rows) -> float:
        average = "binary" if rows.classes == [0, 1] else "macro"
        return of_predictions(f"{name}_score", average=average, zero_division=0)(rows)

    return judge


def of_scores(name: str, **more: Any) -> Judge:
    def judge(rows: Rows) -> float:
        also = dict(more)
        if rows.new.scores is not None and rows.new.scores.ndim == 2 and name == "roc_auc_score":
            also["multi_class"] = "ovr"
            if len(np.unique(rows.label)) < len(rows.classes):  # type: ignore[arg-type]  # labels
                return float("nan")
        if name in ("log_loss", "top_k_accuracy_score"):
            also["labels"] = rows.classes
        return float(
            getattr(sk, name)(rows.label, rows.new.scores, sample_weight=rows.weight, **also)
        )

    return judge


def of_column(judge: Callable[[Any, Any], Any]) -> Judge:
    return lambda rows: float(judge(rows.columns["s"][0], rows.weight))


def calibration_error(rows: Rows) -> float:
    """Row by row, bin by bin."""
    label, scores = rows.label, rows.new.scores
    assert label is not None and scores is not None
    mass = np.ones(len(rows)) if rows.weight is None else rows.weight
    total = 0.0
    for at in range(BINS):
        own = [i for i, s in enumerate(scores) if min(int(s * BINS), BINS - 1) == at]
        total += abs(sum(mass[i] * (scores[i] - label[i]) for i in own))
    return float(total / mass.sum())


def ndcg(rows: Rows) -> float:
    shape = (4, -1)
    assert rows.label is not None and rows.new.scores is not None
    return float(sk.ndcg_score(rows.label.reshape(shape), rows.new.scores.reshape(shape), k=K))


def quantile(values: Any, weight: Any) -> Any:
    return np.quantile(values, QUANTILE, method="inverted_cdf")


def brier(rows: Rows) -> float:
    return float(np.average((rows.new.scores - rows.label) ** 2, weights=rows.weight))  # type: ignore[operator]  # arrays


ORACLES: dict[str, Judge] = {
    "accuracy": of_predictions("accuracy_score"),
    "balanced_accuracy": of_predictions("balanced_accuracy_score"),
    "precision": averaged("precision"),
    "recall": averaged("recall"),
    "f1": averaged("f1"),
    "jaccard": averaged("jaccard"),
    "hamming_loss": of_predictions("hamming_loss"),
    "matthews_corrcoef": of_predictions("matthews_corrcoef"),
    "roc_auc": of_scores("roc_auc_score"),
    "average_precision": of_scores("average_precision_score"),
    "log_loss": of_scores("log_loss"),
    "brier_score": brier,
    "top_k_accuracy": of_scores("top_k_accuracy_score", k=K),
    "expected_calibration_error": calibration_error,
    "mean_absolute_error": of_predictions("mean_absolute_error"),
    "mean_squared_error": of_predictions("mean_squared_error"),
    "root_mean_squared_error": of_predictions("root_mean_squared_error"),
    "mean_absolute_percentage_error": of_predictions("mean_absolute_percentage_error"),
    "mean_pinball_loss": of_predictions("mean_pinball_loss", alpha=QUANTILE),
    "r2": of_predictions("r2_score"),
    "ndcg_at_k": ndcg,
    "mean": of_column(lambda values, weight: np.average(values, weights=weight)),
    "share": of_column(lambda values, weight: np.average(values >= 0.5, weights=weight)),
    "quantile": of_column(quantile),
}
FAIRNESS = {f"{name}_{form}" for name in RATES for form in ("difference", "ratio")}
CASES = [(name, task) for name in ORACLES for task in METRICS[name].tasks]


def value(rows: Rows, metric: str, **more: Any) -> float:
    average = "binary" if rows.classes == [0, 1] else "macro"
    asked = {"metric": metric, "average": average, "k": K, "quantile": QUANTILE, "bins": BINS,
             "column": "s", "filter": ">= 0.5", "relative": None}  # fmt: skip
    found = measured(rows, Ask({**asked, **more}))
    return float("nan") if "why" in found else float(found["new"])


def test_every_metric_has_an_oracle() -> None:
    assert set(ORACLES) | FAIRNESS == set(METRICS)


@pytest.mark.parametrize(("metric", "task"), CASES)
@given(seed=SEEDS, shape=SHAPES, weighted=st.booleans())
@example(seed=345364, shape="tied", weighted=False)  # labels that are all the same by chance
@settings(max_examples=25, deadline=None)
def test_every_value_is_its_oracles(
    metric: str, task: str, seed: int, shape: str, weighted: bool
) -> None:
    rows = drawn(task, seed, shape, weighted and metric != "quantile")
    found = value(rows, metric)
    there = 2 if rows.label is None or not rows.classes else len(np.unique(rows.label))
    if there < 2 and metric in ("roc_auc", "average_precision"):
        assert np.isnan(found)  # no value, said so, instead of one by convention
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = ORACLES[metric](rows)
    if metric == "r2" and rows.label is not None and np.ptp(rows.label) == 0:
        assert np.isnan(found)  # as above
        return
    if metric == "matthews_corrcoef" and there < 2:
        wanted = 0.0  # by its definition, where rounding may lead scikit-learn elsewhere
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("metric", ["precision", "recall", "f1", "jaccard"])
@given(seed=SEEDS, shape=SHAPES, weighted=st.booleans())
@settings(max_examples=25, deadline=None)
def test_one_class_of_many(metric: str, seed: int, shape: str, weighted: bool) -> None:
    rows = drawn("multilabel", seed, shape, weighted)
    assert rows.label is not None and rows.new.prediction is not None
    for at, name in enumerate(rows.classes):
        judge = getattr(sk, f"{metric}_score")
        both = (rows.label[:, at], rows.new.prediction[:, at])
        wanted = judge(*both, sample_weight=rows.weight, zero_division=0)
        assert value(rows, metric, of_class=name) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(
    "metric",
    ["accuracy", "balanced_accuracy", "precision", "recall", "f1", "matthews_corrcoef", "roc_auc",
     "average_precision", "log_loss", "brier_score"],
)  # fmt: skip
def test_a_million_rows(metric: str) -> None:
    rows = drawn("binary", 3, "tied", False, 1_000_000)
    assert value(rows, metric) == pytest.approx(ORACLES[metric](rows), rel=1e-9, abs=1e-9)


RATE_JUDGES = {
    "selection_rate": (fl.selection_rate, lambda y, p: np.ones(len(y), dtype=bool)),
    "true_positive_rate": (fl.true_positive_rate, lambda y, p: y == 1),
    "false_positive_rate": (fl.false_positive_rate, lambda y, p: y == 0),
    "precision": (sk.precision_score, lambda y, p: p == 1),
}
"""With the rows that a rate is a share of: a group without any has no such rate."""


@pytest.mark.parametrize("name", RATES)
@given(seed=SEEDS, shape=SHAPES, weighted=st.booleans())
@settings(max_examples=25, deadline=None)
def test_every_fairness_metric_is_fairlearns(
    name: str, seed: int, shape: str, weighted: bool
) -> None:
    """Groups of few rows, so that some hold one class only, or one prediction."""
    rows = drawn("binary", seed, shape, weighted)
    y, p = rows.label, rows.new.prediction
    assert y is not None and p is not None
    codes = np.random.default_rng(seed).integers(0, 4, len(rows))
    forms = ("difference", "ratio")
    pairs: dict[str, list[fairness.Pair]] = {form: [] for form in forms}
    wanted: dict[str, list[float]] = {form: [] for form in forms}
    for rate in RATES[name]:
        told = {"measure": 0, "rate": rate, "groups": rates(rows, rate, list("abcd"), codes)}
        one = msgspec.convert(told, fairness.Rates)
        there = [at for at, group in enumerate(one.groups) if group.of]
        for form in forms:
            pairs[form] += [
                fairness.Pair(rates=one, first=a, second=b, ratio=form == "ratio")
                for a in there for b in there if a < b
            ]  # fmt: skip
        judge, counts = RATE_JUDGES[rate]
        own = counts(y, p)
        if len(there) > 1:
            weight = None if rows.weight is None else {"sample_weight": rows.weight[own]}
            frame = fl.MetricFrame(
                metrics=judge, y_true=y[own], y_pred=p[own], sensitive_features=codes[own],
                sample_params=weight,
            )  # fmt: skip
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                wanted["difference"].append(frame.difference())
                wanted["ratio"].append(frame.ratio())
    for form, worst in (("difference", max), ("ratio", min)):
        if pairs[form] and not np.isnan(most := worst(wanted[form])):
            assert fairness.widest(pairs[form]) == pytest.approx(most, abs=1e-9)
