"""The value of one metric of one model, and each row's influence on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlgate.gates._model_ask import Ask
from mlgate.gates._model_metrics import AVERAGES, is_custom, metric_named
from mlgate.gates._model_quantile import windowed
from mlgate.gates._model_read import MANY, SOME
from mlgate.gates._model_rows import Outputs, Rows
from mlgate.stats import cells, multilabel, ranking
from mlgate.stats import rows as by_row
from mlgate.stats.influences import Influence
from mlgate.stats.tallies import tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Valued = tuple[float, Influence]

_BINS = 65_536
"""Of the scores of a whole table; a slice, whose intervals are wider, has a quarter of them."""


def valued(rows: Rows, outputs: Outputs | None, ask: Ask, *, old: bool) -> Valued:
    """One model's value, and each row's influence on it."""
    metric = ask.metric
    if metric in ("mean", "share", "quantile"):
        new_values, old_values = rows.columns[ask.column or ""]
        values: Any = old_values if old else new_values
        if metric == "quantile":
            return windowed(values, ask.quantile)[0], Influence(values[:0])
        if metric == "share":
            values = by_row.compared(ask.filter or "")(values)
        return _mean(values, rows.weight)
    if outputs is None:
        raise AssertionError("no outputs")
    if rows.several:
        return _of_several(rows, outputs, ask)
    if is_custom(metric):
        return _custom(rows, outputs, ask)
    if metric == "ndcg_at_k":
        return _by_query(rows, outputs, ask.k)
    if metric_named(metric).tasks == ("regression",):
        return _regression(rows, outputs, ask)
    if metric_named(metric).needs == "prediction":
        return _of_cells(rows, outputs, ask)
    return _of_scores(rows, outputs, ask)


def _mean(values: Array, weight: Array | None) -> Valued:
    if weight is None:
        mean = float(values.mean(dtype=float))
        return mean, Influence(values, mean=mean)
    value, influence = by_row.mean_influence(values, weight)
    return value, Influence(influence)


def _custom(rows: Rows, outputs: Outputs, ask: Ask) -> Valued:
    """The mean of what the project's function says of each row, or the one number it says."""
    import numpy as np

    from mlgate.gates._model_custom import computed

    found = computed(rows, outputs, ask.metric, ask.home)
    if isinstance(found, float):
        return found, Influence(np.zeros(0))
    return _mean(found, rows.weight)


def _by_query(rows: Rows, outputs: Outputs, k: int) -> Valued:
    """The mean over queries; a query's influence stands at the first of its rows."""
    import numpy as np

    if rows.query is None or rows.label is None or outputs.scores is None:
        raise AssertionError("no queries")
    found = by_row.ndcg(rows.query, rows.label, outputs.scores, k)
    value, influence = by_row.mean_influence(found, None)
    _, first = np.unique(rows.query, return_index=True)
    spread = np.zeros(len(rows))
    spread[first] = influence
    return value, Influence(spread)


def _regression(rows: Rows, outputs: Outputs, ask: Ask) -> Valued:
    import numpy as np

    label, prediction, weight = rows.label, outputs.prediction, rows.weight
    error = label - prediction  # type: ignore[operator]
    if ask.metric == "r2":
        value, influence = by_row.r2_influence(label, error, weight)  # type: ignore[arg-type]
        return value, Influence(influence)
    if ask.metric == "root_mean_squared_error":
        value, influence = by_row.root_mean_influence(error**2, weight)
        return value, Influence(influence)
    if ask.metric == "mean_squared_error":
        return _mean(error**2, weight)
    if ask.metric == "mean_absolute_percentage_error":
        least = np.finfo(float).eps
        return _mean(np.abs(error) / np.maximum(np.abs(label), least), weight)  # type: ignore[arg-type]
    if ask.metric == "mean_pinball_loss":
        return _mean(by_row.pinball(label, prediction, ask.quantile), weight)  # type: ignore[arg-type]
    return _mean(np.abs(error), weight)


def _of_cells(rows: Rows, outputs: Outputs, ask: Ask) -> Valued:
    """A metric of the confusion matrix: rows of one cell have one influence."""
    import numpy as np

    classes = len(rows.classes)
    cell = rows.label.astype(np.uint8 if classes**2 < 256 else np.int64) * classes  # type: ignore[union-attr]
    cell += outputs.prediction.astype(cell.dtype)  # type: ignore[union-attr]
    if rows.weight is None:
        counts = tally(cell, classes**2)
    else:
        counts = np.bincount(cell, weights=rows.weight, minlength=classes**2)
    value, slopes = cell_metric(rows, ask)(counts.reshape(classes, classes).astype(float))
    if rows.weight is None:
        return value, Influence(slopes.ravel(), cell)
    return value, Influence(slopes.ravel()[cell] * rows.weight)


def cell_metric(rows: Rows, ask: Ask) -> Callable[[Array], tuple[float, Array]]:
    """The function from a confusion matrix to the metric and its derivatives."""
    if ask.metric in ("precision", "recall", "f1"):
        return cells.averaged(ask.metric, ask.average, rows.positive)
    found: Callable[[Array], tuple[float, Array]] = getattr(cells, ask.metric)
    return found


def _of_several(rows: Rows, outputs: Outputs, ask: Ask) -> Valued:
    """A metric of rows with any number of classes."""
    label, prediction = rows.label, outputs.prediction
    if label is None or prediction is None:
        raise AssertionError("no predictions")
    if ask.of_class is not None:
        at = rows.classes.index(ask.of_class)
        label, prediction = label[:, at : at + 1], prediction[:, at : at + 1]
    if ask.metric in AVERAGES:
        found = multilabel.ratio(ask.metric, ask.average, label, prediction, rows.weight)
    else:
        found = getattr(multilabel, ask.metric)(label, prediction, rows.weight)
    return found[0], Influence(found[1])


def _of_scores(rows: Rows, outputs: Outputs, ask: Ask) -> Valued:
    import numpy as np

    scores, label = outputs.scores, rows.label
    if scores is None or label is None:
        raise AssertionError("no scores")
    if scores.ndim == 2:
        if ask.metric == "roc_auc":
            return _one_against_rest(rows, scores)
        if ask.metric == "top_k_accuracy":
            return _mean(by_row.top_k(label, scores, ask.k).astype(float), rows.weight)
        return _mean(by_row.log_loss_of_classes(label, scores), rows.weight)
    binary: Array = np.equal(label, rows.positive).astype(np.uint8)
    if ask.metric == "roc_auc" and rows.rough and len(label) > SOME and rows.weight is None:
        bins = _BINS if len(label) > MANY else _BINS // 4
        value, table, index, off = ranking.binned_roc_auc(binary, scores, bins)
        return value, Influence(table, index, off=off)
    if ask.metric == "average_precision":
        value, influence, bias = ranking.average_precision(binary, scores, rows.weight)
        return value, Influence(influence, bias=bias)
    if ask.metric == "roc_auc":
        value, influence = ranking.roc_auc(binary, scores, rows.weight)
        return value, Influence(influence)
    if ask.metric == "expected_calibration_error":
        error = by_row.calibration_error(binary, scores, ask.bins, rows.weight)
        return error, Influence(np.zeros(0))
    return _mean(getattr(by_row, ask.metric)(binary, scores), rows.weight)


def _one_against_rest(rows: Rows, scores: Array) -> Valued:
    """The mean over the classes of the AUC of each against the rest."""
    import numpy as np

    values, total = [], np.zeros(len(rows))
    for at in range(len(rows.classes)):
        label: Array = np.asarray(rows.label == at, dtype=np.uint8)
        value, influence = ranking.roc_auc(label, scores[:, at], rows.weight)
        values.append(value)
        total += influence
    return float(np.mean(values)), Influence(total / len(values))
