"""Where no row speaks against a change, the bounds are the worst that could have stayed unseen."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from benchmarks.model import unseen as simulated
from mlgate.core.words import Result
from mlgate.gates._model_ask import Ask
from mlgate.gates._model_decide import decide
from mlgate.gates._model_evidence import Measured
from mlgate.gates._model_measure import measured
from mlgate.gates._model_metrics import METRICS
from mlgate.gates._model_needs import Decision, needs
from mlgate.gates._model_rows import Outputs, Rows
from mlgate.gates._model_rule import Rule
from mlgate.stats.unseen import Part, farthest, least_level, level, share_below, times_needed

N = 50
CLASSES = (
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "average_precision",
    "log_loss", "brier_score",
)  # fmt: skip
UNBOUNDED = ("matthews_corrcoef", "mean_absolute_error", "mean_squared_error", "r2")


def rows(metric: str, n: int = N, seed: int = 0, right: bool = False) -> Rows:
    """Two models that say the same of every row."""
    rng = np.random.default_rng(seed)
    if METRICS[metric].tasks == ("regression",):
        label = rng.normal(size=n)
        return Rows(label, *(Outputs(label + 0.1 * np.sign(label), None) for _ in range(2)))
    label = (np.arange(n) % 2).astype(np.uint8)
    score = np.clip(0.5 + 0.2 * (2 * label - 1.0) + (0 if right else 0.2) * rng.normal(size=n),
                    0.01, 0.99)  # fmt: skip
    found = Rows(label, *(Outputs((score >= 0.5).astype(np.uint8), score) for _ in range(2)))
    found.classes = [0, 1]
    return found


def asked(metric: str, average: str = "binary", relative: float | None = None) -> Ask:
    return Ask({"metric": metric, "average": average, "k": 5, "quantile": 0.9, "bins": 15,
                "column": "s", "filter": ">= 0.5", "relative": relative})  # fmt: skip


def verdict(found: Rows, metric: str, average: str = "binary", **bound: Any) -> Decision:
    relative = bound.get("max_drop_relative")
    better = -1 if METRICS[metric].lower_is_better else 1
    share = None if relative is None else 1 - better * relative
    told = {"measure": 0, "slice": None, **measured(found, asked(metric, average, share))}
    as_sent = msgspec.convert(msgspec.json.decode(msgspec.json.encode(told)), Measured)
    rule = Rule(metric=metric, **bound, **({"filter": ">= 0.5"} if metric == "share" else {}))
    return decide(needs(rule)[0], as_sent, rule, METRICS[metric], better)


def clustered(found: Rows) -> Rows:
    found.cluster = np.arange(len(found)) // 2 % (len(found) // 4)
    return found


def weighted(found: Rows) -> Rows:
    found.weight = 1.0 + np.arange(len(found)) % 3
    return found


@pytest.mark.parametrize("around", [lambda one: one, clustered, weighted])
@pytest.mark.parametrize("metric", CLASSES)
def test_equal_predictions_pass_no_margin_that_rows_cannot_show(metric: str, around: Any) -> None:
    tight = verdict(around(rows(metric)), metric, max_drop=0.001)
    assert tight.result is Result.OPEN
    assert tight.low is not None and tight.low < -0.001 and tight.p == 1.0
    assert verdict(around(rows(metric)), metric, max_drop=0.0).result is Result.OPEN
    assert verdict(around(rows(metric)), metric, min_gain=0.0).result is Result.OPEN
    assert verdict(around(rows(metric)), metric, max_drop=1e-6 - tight.low).result is Result.PASS


@pytest.mark.parametrize("around", [lambda one: one, clustered, weighted])
@pytest.mark.parametrize("metric", UNBOUNDED)
def test_what_has_no_worst_case_is_not_judged(metric: str, around: Any) -> None:
    for bound in ({"max_drop": 0.001}, {"max_drop": 0.9}, {"max_drop_relative": 0.5}):
        found = verdict(around(rows(metric)), metric, **bound)
        assert (found.result, found.judged) == (Result.OPEN, False)
        assert found.reason.startswith("no discordant rows")


@pytest.mark.parametrize("metric", CLASSES)
def test_nor_do_they_pass_a_tight_relative_margin(metric: str) -> None:
    found = verdict(rows(metric, 200), metric, max_drop_relative=0.001)
    assert found.result is Result.OPEN
    assert verdict(rows(metric, 20_000), metric, max_drop_relative=0.5).result is Result.PASS


@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize("metric", ["precision", "recall", "f1"])
def test_averages_of_classes(metric: str, average: str) -> None:
    tight = verdict(rows(metric), metric, average, max_drop=0.001)
    assert tight.result is Result.OPEN
    assert verdict(rows(metric, 5000), metric, average, max_drop=0.01).result is Result.PASS


def lists(n: int) -> Rows:
    label = (np.arange(3 * n).reshape(n, 3) % 4 < 2).astype(np.uint8)
    told = label.copy()
    told[::5] = 1
    found = Rows(label, Outputs(told, None), Outputs(told, None))
    found.classes = [0, 1, 2]
    return found


@pytest.mark.parametrize("average", ["micro", "macro", "weighted", "samples"])
@pytest.mark.parametrize("metric", ["precision", "recall", "f1", "jaccard"])
def test_rows_of_any_number_of_classes(metric: str, average: str) -> None:
    assert verdict(lists(N), metric, average, max_drop=0.001).result is Result.OPEN
    assert verdict(lists(5000), metric, average, max_drop=0.01).result is Result.PASS


def test_one_class_against_the_rest() -> None:
    def scored(n: int) -> Rows:
        label = (np.arange(n) % 3).astype(np.uint8)
        scores = np.full((n, 3), 0.2)
        scores[np.arange(n), np.where(np.arange(n) % 5, label, 0)] = 0.6
        found = Rows(label, *(Outputs(scores.argmax(1), scores) for _ in range(2)))
        found.classes = [0, 1, 2]
        return found

    for metric in ("roc_auc", "log_loss"):
        assert verdict(scored(N), metric, "macro", max_drop=0.001).result is Result.OPEN
        assert verdict(scored(30_000), metric, "macro", max_drop=0.01).result is Result.PASS


@pytest.mark.parametrize("around", [clustered, weighted])
@pytest.mark.parametrize(
    "metric", ["accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc"]
)
def test_a_faultless_sample_proves_no_faultless_model(metric: str, around: Any) -> None:
    few = verdict(around(rows(metric, right=True)), metric, min=0.999)
    assert few.result is Result.OPEN
    assert few.low is not None and few.low < 0.99 and few.value == pytest.approx(1)
    many = verdict(around(rows(metric, 20_000, right=True)), metric, min=0.99)
    assert many.result is Result.PASS


def test_the_bounds_of_clusters_and_weights_by_hand() -> None:
    of_clusters = verdict(clustered(rows("accuracy", 400, right=True)), "accuracy", min=0.5)
    assert of_clusters.low == pytest.approx(0.05 ** (1 / 100))
    of_weights = verdict(weighted(rows("accuracy", 300, right=True)), "accuracy", min=0.5)
    assert of_weights.low == pytest.approx(1 - 1.5 * (1 - 0.05 ** (1 / 300)))
    of_ranks = verdict(rows("roc_auc", 200), "roc_auc", max_drop=0.1)
    assert of_ranks.low == pytest.approx(0.05 ** (1 / 100) - 1)


def test_a_bootstrap_of_nothing_shows_nothing() -> None:
    told = {"measure": 0, "slice": None, **measured(rows("f1"), asked("f1")),
            "draws_of_difference": (0.0,) * 200}  # fmt: skip
    rule = Rule(metric="f1", max_drop=0.001)
    found = decide(needs(rule)[0], msgspec.convert(told, Measured), rule, METRICS["f1"], 1)
    assert found.result is Result.OPEN


def test_levels_and_sizes_agree_with_the_bound() -> None:
    parts = [Part(units=100), Part(units=80, form="f1"),
             Part(units=90, form="average_precision", others=300)]  # fmt: skip
    for part in parts:
        reach = farthest([part], 0.05)
        assert level([part], reach) == pytest.approx(0.05, rel=1e-3)
        times = times_needed([part], reach / 2, 0.05)
        assert times is not None and times > 2
    assert farthest([Part(units=0)], 0.05) == 1.0
    assert share_below(50, 0.05) == pytest.approx(0.0582, abs=1e-4)
    assert least_level(lambda alpha: alpha > 0.3) == pytest.approx(0.3)
    assert times_needed([Part(units=10)], 0.0, 0.05) is None


@pytest.mark.parametrize("metric", ["f1", "precision", "balanced_accuracy", "roc_auc",
                                    "average_precision"])  # fmt: skip
def test_a_loss_that_stays_unseen_is_within_the_bound(metric: str) -> None:
    """Of models that do differ, the samples in which nothing shows do not pass more than 5 %."""
    draws, n = 400, 60
    rng = np.random.default_rng(7)
    loss = _true_loss(metric, share := 0.02)
    missed = silent = 0
    for _ in range(draws):
        found = _drawn(rng, n, share)
        if np.array_equal(found.new.scores, found.old.scores):  # type: ignore[union-attr, arg-type]  # there
            silent += 1
            missed += verdict(found, metric, max_drop=loss * 0.999).result is Result.PASS
    assert silent / draws > 0.2
    assert missed / draws <= 0.05 + 3 * (0.05 * 0.95 / draws) ** 0.5


def _drawn(rng: np.random.Generator, n: int, share: float) -> Rows:
    """The new model is wrong, and surely so, on a share of the rows on which the old one is not."""
    label = (rng.random(n) < 0.5).astype(np.uint8)
    old = 0.2 + 0.6 * label + 0.1 * rng.random(n)
    wrong = rng.random(n) < share
    new = np.where(wrong, 1 - label + 0.0, old)
    found = Rows(label, *(Outputs((one >= 0.5).astype(np.uint8), one) for one in (new, old)))
    found.classes = [0, 1]
    return found


def _true_loss(metric: str, share: float) -> float:
    told = measured(_drawn(np.random.default_rng(1), 200_000, share), asked(metric))
    return float(told["old"] - told["new"])


def test_the_bound_misses_no_more_often_than_it_says() -> None:
    """The truth just beyond the bound, and no row of the sample tells."""
    draws = 2000
    found = list(simulated.misses(draws))
    print("\n" + simulated.table(found))
    assert max(one.low for one in found) <= 0.05 + 4 * (0.05 * 0.95 / draws) ** 0.5
    worst = next(one for one in found if (one.metric, one.kind) == ("recall", "hits lost"))
    assert worst.loss > 0.01 and worst.low > 0.01  # the case is near the bound
