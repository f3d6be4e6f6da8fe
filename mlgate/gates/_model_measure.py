"""Computes one metric of one slice for both models: the value, and what its bounds need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlgate.gates._model_metrics import is_custom, metric_named
from mlgate.gates._model_read import MANY, Refused
from mlgate.gates._model_rows import Outputs, Rows
from mlgate.stats import cells, ranking
from mlgate.stats import rows as by_row
from mlgate.stats.influences import Influence, by_cluster, moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Measured = dict[str, Any]


class Ask:
    """A metric with what it depends on, as the request names it."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.metric: str = asked["metric"]
        self.average: str = asked["average"]
        self.k: int = asked["k"]
        self.quantile: float = asked["quantile"]
        self.bins: int = asked["bins"]
        self.column: str | None = asked["column"]
        self.filter: str | None = asked["filter"]
        self.home: str = asked.get("home", "")
        """Where metrics of the project's own are imported from."""
        self.relative: float | None = asked["relative"]


def measured(rows: Rows, ask: Ask) -> Measured:
    """Value of the new and the old model with moments, or counts where each row is right or wrong.

    `why` instead says why the metric has no value on these rows.
    """
    found: Measured = {"n": len(rows)}
    if rows.cluster is not None:
        found["clusters"] = int(rows.cluster.max()) + 1
    found |= _classes_there(rows, ask)
    if "why" in found:
        return found
    hits = _hits(rows, ask)
    if hits is not None:
        return found | _counted(*hits)
    new = _valued(rows, rows.new, ask, old=False)
    old = _valued(rows, rows.old, ask, old=True) if _has_old(rows) else None
    found["new"] = new[0]
    if not len(new[1]):
        return found | ({"old": old[0]} if old else {})
    found |= _floor_counts(rows, ask)
    influences = [one[1] for one in (new, old) if one]
    if rows.cluster is not None:
        influences = [by_cluster(one, rows.cluster, found["clusters"]) for one in influences]
    found["of_new"] = moments(influences[0])
    found["bias"] = influences[0].bias
    if old is not None:
        found["old"] = old[0]
        found["of_difference"] = moments(influences[0], influences[1])
        if ask.relative is not None:
            found["of_relative"] = moments(influences[0], influences[1], ask.relative)
    return found


def values(rows: Rows, ask: Ask) -> tuple[float, float]:
    """The metric of the new and of the old model; NaN where it has no value."""
    if "why" in _classes_there(rows, ask):
        return float("nan"), float("nan")
    new = _valued(rows, rows.new, ask, old=False)[0]
    if not _has_old(rows):
        return new, float("nan")
    return new, _valued(rows, rows.old, ask, old=True)[0]


def _has_old(rows: Rows) -> bool:
    return rows.old is not None or any(old is not None for _, old in rows.columns.values())


def _classes_there(rows: Rows, ask: Ask) -> Measured:
    """How many rows the rarer of two classes has, or why the metric means nothing here."""
    import numpy as np

    if rows.label is None or not rows.classes:
        return {}
    counts = np.bincount(rows.label, minlength=len(rows.classes))
    there = [int(number) for number in counts if number]
    if len(there) < 2 and ask.metric in ("roc_auc", "average_precision"):
        return {"why": f"all rows are of one class, so that {ask.metric} is not defined"}
    if len(rows.classes) == 2:
        return {"rarest": int(counts.min())}
    return {"rarest": min(there)}


def churn(rows: Rows) -> float | None:
    """The share of rows on which the two models' answers differ."""
    import numpy as np

    if rows.old is None or rows.old.prediction is None or rows.new.prediction is None:
        return None
    differ = np.count_nonzero(rows.new.prediction != rows.old.prediction)
    return float(differ) / len(rows)


def _hits(rows: Rows, ask: Ask) -> tuple[Array, Array | None] | None:
    """Where each row is right or wrong by itself, which rows are; of recall the positives only."""
    import numpy as np

    if rows.weight is not None or rows.cluster is not None:
        return None
    if ask.metric == "share":
        new, old = rows.columns[ask.column or ""]
        test = by_row.compared(ask.filter or "")
        return test(new), None if old is None else test(old)
    outputs = [one for one in (rows.new, rows.old) if one]
    if ask.metric == "accuracy":
        found = [one.prediction == rows.label for one in outputs]
    elif ask.metric == "recall" and ask.average == "binary":
        there: Array = np.equal(rows.label, rows.positive)  # type: ignore[arg-type]
        if not there.any():
            return None
        found = [one.prediction[there] == rows.positive for one in outputs]  # type: ignore[index]
    elif ask.metric == "top_k_accuracy":
        found = [by_row.top_k(rows.label, one.scores, ask.k) for one in outputs]  # type: ignore[arg-type]
    else:
        return None
    return found[0], found[1] if len(found) > 1 else None  # type: ignore[return-value]


def _counted(new: Array, old: Array | None) -> Measured:
    import numpy as np

    number = len(new)
    right = int(np.count_nonzero(new))
    found: Measured = {"new": right / number, "right": right, "of": number}
    if old is not None:
        found["old"] = int(np.count_nonzero(old)) / number
        found["gained"] = int(np.count_nonzero(new & ~old))
        found["lost"] = int(np.count_nonzero(old & ~new))
    return found


def _floor_counts(rows: Rows, ask: Ask) -> Measured:
    """Precision is a share of the predicted positives; F1 is 2 j / (1 + j) of the share j of hits
    among hits, misses and false alarms. Both then have a proportion's bounds."""
    import numpy as np

    if ask.average != "binary" or rows.weight is not None or rows.cluster is not None:
        return {}
    if ask.metric not in ("precision", "f1") or rows.new.prediction is None:
        return {}
    predicted, true = rows.new.prediction == rows.positive, rows.label == rows.positive
    hits = int(np.count_nonzero(predicted & true))
    among = predicted if ask.metric == "precision" else predicted | true
    return {"right": hits, "of": int(np.count_nonzero(among))}


Valued = tuple[float, Influence]


def _valued(rows: Rows, outputs: Outputs | None, ask: Ask, *, old: bool) -> Valued:
    """One model's value, and each row's influence on it."""
    metric = ask.metric
    if metric in ("mean", "share"):
        new_values, old_values = rows.columns[ask.column or ""]
        values: Any = old_values if old else new_values
        if metric == "share":
            values = by_row.compared(ask.filter or "")(values)
        return _mean(values, rows.weight)
    if outputs is None:
        raise AssertionError("no outputs")
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
    counts = np.bincount(cell, weights=rows.weight, minlength=classes**2)
    value, slopes = _cell_metric(rows, ask)(counts.reshape(classes, classes).astype(float))
    if rows.weight is None:
        return value, Influence(slopes.ravel(), cell)
    return value, Influence(slopes.ravel()[cell] * rows.weight)


def _cell_metric(rows: Rows, ask: Ask) -> Callable[[Array], tuple[float, Array]]:
    if ask.metric in ("precision", "recall", "f1"):
        return cells.averaged(ask.metric, ask.average, rows.positive)
    found: Callable[[Array], tuple[float, Array]] = getattr(cells, ask.metric)
    return found


def _of_scores(rows: Rows, outputs: Outputs, ask: Ask) -> Valued:
    import numpy as np

    scores, label = outputs.scores, rows.label
    if scores is None or label is None:
        raise AssertionError("no scores")
    if scores.ndim == 2:
        if scores.shape[1] != len(rows.classes):
            raise Refused(
                f"{scores.shape[1]} score columns for {len(rows.classes)} classes",
                "name them by class: score = { cat = 'p_cat', dog = 'p_dog' }",
            )
        if ask.metric == "roc_auc":
            return _one_against_rest(rows, scores)
        if ask.metric == "top_k_accuracy":
            return _mean(by_row.top_k(label, scores, ask.k).astype(float), rows.weight)
        return _mean(by_row.log_loss_of_classes(label, scores), rows.weight)
    binary: Array = np.equal(label, rows.positive).astype(np.uint8)
    if ask.metric == "roc_auc" and len(label) > MANY and rows.weight is None:
        value, table, index = ranking.binned_roc_auc(binary, scores)
        return value, Influence(table, index)
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
