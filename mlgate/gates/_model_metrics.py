"""The metrics by name: what they need, which direction is better, how their bounds are found."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mlgate.stats.estimates import Scale


class Metric(Struct, frozen=True, kw_only=True):
    """What is known of a metric."""

    tasks: tuple[str, ...]
    needs: str
    """`prediction`, `score`, `probability` or `value`."""
    lower_is_better: bool = False
    scale: Scale = "plain"
    """Where its errors are nearest to symmetric, for the bounds of one model."""
    skewed: bool = False
    """True where the skewness of the rows is corrected for, too."""
    least: float = 0.0
    most: float = 1.0
    interval: bool = True
    rates: tuple[str, ...] = ()
    """Of fairness: the rates that are compared between groups."""


_CLASSES = ("binary", "multiclass")
_ANY = (*_CLASSES, "multilabel")
AVERAGES = ("precision", "recall", "f1", "jaccard")
"""Metrics that put classes together, one way or another."""
_UP = float("inf")


def _of_classes(needs: str = "prediction", **more: Any) -> Metric:
    return Metric(tasks=_CLASSES, needs=needs, **more)


def _share() -> Metric:
    """A share, or a mean of two; bounds that rest on counts have no scale."""
    return Metric(tasks=_ANY, needs="prediction", scale="logit")


def _loss(task: str, needs: str, **more: Any) -> Metric:
    """Lower is better, and errors are skewed upwards."""
    return Metric(tasks=(task,), needs=needs, lower_is_better=True, scale="log", **more)


_ERROR = _loss("regression", "prediction", skewed=True, most=_UP)

METRICS: dict[str, Metric] = {
    "accuracy": _share(),
    "balanced_accuracy": _of_classes(skewed=True),
    "precision": _share(),
    "recall": _share(),
    "f1": _share(),
    "jaccard": Metric(tasks=("multilabel",), needs="prediction"),
    "hamming_loss": Metric(
        tasks=("multilabel",), needs="prediction", lower_is_better=True, skewed=True
    ),
    "matthews_corrcoef": _of_classes(least=-1.0),
    "roc_auc": _of_classes("score", scale="logit"),
    "average_precision": Metric(tasks=("binary",), needs="score", scale="logit"),
    "log_loss": _of_classes("probability", lower_is_better=True, scale="log", most=_UP),
    "brier_score": _loss("binary", "probability"),
    "top_k_accuracy": Metric(tasks=("multiclass",), needs="score"),
    "expected_calibration_error": Metric(
        tasks=("binary",), needs="probability", lower_is_better=True, interval=False
    ),
    "mean_absolute_error": _ERROR,
    "mean_squared_error": _ERROR,
    "root_mean_squared_error": _ERROR,
    "mean_absolute_percentage_error": _ERROR,
    "mean_pinball_loss": _loss("regression", "prediction", most=_UP),
    "r2": Metric(tasks=("regression",), needs="prediction", scale="log1m", skewed=True, least=-_UP),
    "ndcg_at_k": Metric(tasks=("ranking",), needs="score", skewed=True),
    "mean": Metric(tasks=("score",), needs="value", skewed=True, least=-_UP, most=_UP),
    "share": Metric(tasks=("score",), needs="value"),
    "quantile": Metric(tasks=("score",), needs="value", least=-_UP, most=_UP),
}
"""Keyed by scikit-learn's names; `mean`, `share` and `quantile` are of task `score`."""

RATES = {
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("true_positive_rate",),
    "equalized_odds": ("true_positive_rate", "false_positive_rate"),
    "predictive_parity": ("precision",),
}
"""What has to be alike between groups, by Fairlearn's names."""
METRICS |= {
    f"{name}_{form}": Metric(
        tasks=("binary",), needs="prediction", rates=rates, lower_is_better=form == "difference"
    )
    for name, rates in RATES.items()
    for form in ("difference", "ratio")
}

_CUSTOM = Metric(
    tasks=("binary", "multiclass", "regression"), needs="prediction", least=-_UP, most=_UP
)


def is_custom(name: str) -> bool:
    """True for a function of the project's own, `package.module:function`."""
    module, colon, function = name.partition(":")
    return bool(colon) and all(map(str.isidentifier, [*module.split("."), function]))


def metric_named(name: str) -> Metric:
    """What is known of the metric. Raises `KeyError`."""
    return _CUSTOM if is_custom(name) else METRICS[name]


def named_by(place: str) -> str | None:
    """The metric whose name a number of a file has, as `overall.log_loss`; None of others."""
    last = last_of(place)
    return last if last in METRICS else None


def last_of(place: str) -> str:
    """The name of a number of a file, without what lm-evaluation-harness puts behind it:
    `brier_score` of `results.task.brier_score,none`."""
    return place.rpartition(".")[2].partition(",")[0]


_FREE = Metric(tasks=(), needs="value", least=float("-inf"), most=float("inf"))


def metric_of(name: str | None) -> Metric:
    """The same, or what is known of a number of a file, which is of no metric."""
    return metric_named(name) if name else _FREE
