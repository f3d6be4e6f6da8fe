"""Metrics of rows that have any number of classes, each with the influence of every row.

Influence values are those of the delta method for ratios of sums (Hampel 1974, J. Am. Stat. Assoc.
69). Names and meaning are scikit-learn's, with `zero_division=0`.

`label` and `prediction` are arrays (rows, classes) of 0 and 1; `weight` is None for equal weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.stats.rows import mean_influence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Valued = tuple[float, "Array"]


def ratio(
    metric: str, average: str, label: Array, prediction: Array, weight: Array | None = None
) -> Valued:
    """`precision`, `recall`, `f1` or `jaccard`: of all decisions together (`micro`), the mean of
    the classes (`macro`), that weighted by their rows (`weighted`), or the mean of the rows
    (`samples`)."""
    import numpy as np

    above, below = _counted(metric, label, prediction)
    if average == "samples":
        return mean_influence(_divided(above.sum(1), below.sum(1)), weight)
    if average == "micro":
        above, below = above.sum(1, keepdims=True), below.sum(1, keepdims=True)
    mass = np.ones(len(label)) if weight is None else weight
    total = mass @ below
    values = _divided(mass @ above, total)
    share = np.full(len(values), 1 / len(values))
    if average == "weighted":
        rows = mass @ label
        share = _divided(rows, np.broadcast_to(rows.sum(), rows.shape))
    value = float(share @ values)
    # Of a class: (above - value * below) / total; all classes at once, without their matrix.
    each = _divided(share, total)
    influence = above @ each - below @ (each * values)
    if average == "weighted" and rows.sum() > 0:
        influence = influence + label @ ((values - value) / rows.sum())
    return value, influence * mass


def _counted(metric: str, label: Array, prediction: Array) -> tuple[Array, Array]:
    """What of each decision counts above the line, and what below."""
    label, prediction = label.astype(float), prediction.astype(float)
    hit = label * prediction
    if metric == "precision":
        return hit, prediction
    if metric == "recall":
        return hit, label
    if metric == "f1":
        return 2 * hit, label + prediction
    return hit, label + prediction - hit


def _divided(above: Array, below: Array) -> Array:
    """0 where nothing can be divided by."""
    import numpy as np

    found: Array = np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
    return found


def accuracy(label: Array, prediction: Array, weight: Array | None = None) -> Valued:
    """The share of rows with exactly their classes (scikit-learn's subset accuracy)."""
    return mean_influence((label == prediction).all(1).astype(float), weight)


def hamming_loss(label: Array, prediction: Array, weight: Array | None = None) -> Valued:
    """The share of wrong decisions, of rows times classes."""
    return mean_influence((label != prediction).mean(1), weight)
