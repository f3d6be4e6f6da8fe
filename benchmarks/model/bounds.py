"""How often each one-sided bound misses the truth, by simulation: 10 % prevalence, skewed scores,
errors of Student's t with 6 degrees of freedom (finite fourth moment)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from mlgate.gates._model_ask import Ask
from mlgate.gates._model_evidence import Measured, of_difference, of_one, of_relative
from mlgate.gates._model_measure import measured, values
from mlgate.gates._model_metrics import METRICS
from mlgate.gates._model_rows import Outputs, Rows

ALPHA = 0.05
BINARY = (
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "matthews_corrcoef", "roc_auc",
    "average_precision", "log_loss", "brier_score",
)  # fmt: skip
REGRESSION = (
    "mean_absolute_error", "mean_squared_error", "root_mean_squared_error", "r2",
    "mean_pinball_loss",
)  # fmt: skip
MULTILABEL = (
    ("f1", "micro"), ("f1", "macro"), ("f1", "weighted"), ("f1", "samples"), ("jaccard", "samples"),
    ("precision", "micro"), ("recall", "macro"), ("hamming_loss", "macro"), ("accuracy", "macro"),
)  # fmt: skip
"""With how their classes are put together."""
_TRUTH_ROWS = 4_000_000


class Missed(NamedTuple):
    """Shares of draws in which a bound lay on the wrong side of the truth."""

    metric: str
    of: str
    low: float
    high: float


def ask(metric: str, average: str = "binary") -> Ask:
    """The metric as a rule on two classes would ask for it."""
    return Ask({"metric": metric, "average": average, "k": 5, "quantile": 0.9, "bins": 15,
                "column": None, "filter": None, "relative": share_kept(metric)})  # fmt: skip


RELATIVE = 0.1
"""The `max_drop_relative` of the difference that is called relative."""


def share_kept(metric: str) -> float:
    """Of the old value what the new one has to keep, or may reach where lower is better."""
    better = -1 if METRICS[metric].lower_is_better else 1
    return 1 - better * RELATIVE


def draw(rng: np.random.Generator, n: int, clusters: int | None = None) -> tuple[Rows, Rows]:
    """Rows of a binary and of a regression task, each with two models of nearly equal worth."""
    shared = rng.normal(size=clusters)[np.arange(n) % clusters] if clusters else 0.0
    label = (rng.random(n) < 0.1).astype(np.uint8)
    signal = 1.5 * label + rng.normal(size=n) + 0.5 * shared
    outputs = []
    for noise in (0.4, 0.3):
        score = 1 / (1 + np.exp(3.4 - 1.6 * (signal + noise * rng.normal(size=n))))
        outputs.append(Outputs((score >= 0.5).astype(np.uint8), score))
    binary = Rows(label, outputs[1], outputs[0])
    binary.classes = [0, 1]
    target = 2 * rng.normal(size=n)
    error = rng.standard_t(6, size=n) + 0.7 * shared
    models = [Outputs(target + error + k * rng.normal(size=n), None) for k in (0.5, 0.4)]
    regression = Rows(target, models[1], models[0])
    if clusters:
        binary.cluster = regression.cluster = np.arange(n) % clusters
    return binary, regression


def draw_lists(rng: np.random.Generator, n: int, clusters: int | None = None) -> Rows:
    """Rows of five classes each, of 40 % to 10 % of the rows, that two models find alike."""
    shared = rng.normal(size=(clusters, 1))[np.arange(n) % clusters] if clusters else 0.0
    label = rng.random((n, 5)) < (0.4, 0.3, 0.2, 0.15, 0.1)
    signal = 1.5 * label + 0.7 * rng.normal(size=(n, 5)) + 0.3 * shared
    outputs = [
        Outputs((signal + noise * rng.normal(size=(n, 5)) > 0.9).astype(np.uint8), None)
        for noise in (0.4, 0.3)
    ]
    rows = Rows(label.astype(np.uint8), outputs[1], outputs[0])
    rows.classes = list(range(5))
    if clusters:
        rows.cluster = np.arange(n) % clusters
    return rows


def misses(
    draws: int, rows: int, seed: int = 1, clusters: int | None = None, truth: int = _TRUTH_ROWS
) -> Iterator[Missed]:
    """Every metric's bounds of one model and of the difference, `draws` times."""
    rng = np.random.default_rng(seed)
    many = truth * clusters // rows if clusters else None
    true = _values((*draw(rng, truth, many), draw_lists(rng, truth // 4, many and many // 4)))
    counts: dict[tuple[str, str], list[int]] = {}
    for _ in range(draws):
        for metric, found in _all((*draw(rng, rows, clusters), draw_lists(rng, rows, clusters))):
            for of, evidence, value in _evidence(metric, found, true[metric]):
                low, high = evidence.bounds(ALPHA)
                count = counts.setdefault((metric, of), [0, 0])
                count[0] += low > value
                count[1] += high < value
    for (metric, of), (low, high) in counts.items():
        yield Missed(metric, of, low / draws, high / draws)


def _all(three: tuple[Rows, Rows, Rows]) -> Iterator[tuple[str, Measured]]:
    for name, rows, asked in _asked(three):
        yield name, Measured(measure=0, slice=None, **measured(rows, asked))


def _values(three: tuple[Rows, Rows, Rows]) -> dict[str, tuple[float, float]]:
    """Without what bounds need."""
    return {name: values(rows, asked) for name, rows, asked in _asked(three)}


def _asked(three: tuple[Rows, Rows, Rows]) -> Iterator[tuple[str, Rows, Ask]]:
    *two, lists = three
    for rows, metrics in zip(two, (BINARY, REGRESSION), strict=True):
        for metric in metrics:
            yield metric, rows, ask(metric)
    for metric, average in MULTILABEL:
        yield f"{metric} (lists, {average})", lists, ask(metric, average)


def _evidence(metric: str, found: Measured, true: tuple[float, float]) -> Iterator[Any]:
    name = metric.partition(" ")[0]
    one = of_one(found, METRICS[name], f1=metric == "f1")
    if one is not None:
        yield "value", one, true[0]
    difference = of_difference(found, 1)
    if difference is not None:
        yield "difference", difference, true[0] - true[1]
    share = share_kept(name)
    relative = of_relative(found, share, 1)
    if relative is not None:
        yield "relative", relative, true[0] - share * true[1]


def table(found: list[Missed]) -> str:
    """As Markdown; the nominal share is 5 %."""
    lines = [
        "| metric | of | lower bound misses | upper bound misses |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.metric} | {one.of} | {100 * one.low:.2f} % | {100 * one.high:.2f} % |"
        for one in sorted(found, key=lambda one: (one.of, one.metric))
    ]
    return "\n".join(lines)
