"""The metrics by name: what they need, which direction is better, how their bounds are found."""

from __future__ import annotations

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


_CLASSES = ("binary", "multiclass")
_UP = float("inf")

METRICS: dict[str, Metric] = {
    "accuracy": Metric(tasks=_CLASSES, needs="prediction"),
    "balanced_accuracy": Metric(tasks=_CLASSES, needs="prediction", skewed=True),
    "precision": Metric(tasks=_CLASSES, needs="prediction"),
    "recall": Metric(tasks=_CLASSES, needs="prediction"),
    "f1": Metric(tasks=_CLASSES, needs="prediction"),
    "matthews_corrcoef": Metric(tasks=_CLASSES, needs="prediction", least=-1.0),
    "roc_auc": Metric(tasks=_CLASSES, needs="score", scale="logit"),
    "average_precision": Metric(tasks=("binary",), needs="score", scale="logit"),
    "log_loss": Metric(
        tasks=_CLASSES, needs="probability", lower_is_better=True, scale="log", most=_UP
    ),
    "brier_score": Metric(
        tasks=("binary",), needs="probability", lower_is_better=True, scale="log"
    ),
    "top_k_accuracy": Metric(tasks=("multiclass",), needs="score"),
    "expected_calibration_error": Metric(
        tasks=("binary",), needs="probability", lower_is_better=True, interval=False
    ),
    "mean_absolute_error": Metric(
        tasks=("regression",),
        needs="prediction",
        lower_is_better=True,
        scale="log",
        skewed=True,
        most=_UP,
    ),
    "mean_squared_error": Metric(
        tasks=("regression",),
        needs="prediction",
        lower_is_better=True,
        scale="log",
        skewed=True,
        most=_UP,
    ),
    "root_mean_squared_error": Metric(
        tasks=("regression",),
        needs="prediction",
        lower_is_better=True,
        scale="log",
        skewed=True,
        most=_UP,
    ),
    "mean_absolute_percentage_error": Metric(
        tasks=("regression",), needs="prediction", lower_is_better=True, scale="log", most=_UP
    ),
    "mean_pinball_loss": Metric(
        tasks=("regression",), needs="prediction", lower_is_better=True, scale="log", most=_UP
    ),
    "r2": Metric(tasks=("regression",), needs="prediction", scale="log1m", skewed=True, least=-_UP),
    "mean": Metric(tasks=("score",), needs="value", skewed=True, least=-_UP, most=_UP),
    "share": Metric(tasks=("score",), needs="value"),
}
"""Keyed by scikit-learn's names; `share` and `mean` are of task `score`."""
