"""Measures rates group by group, for fairness; in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.gates._model_rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def rates(rows: Rows, rate: str, names: list[str], codes: Array) -> list[dict[str, Any]]:
    """Of each group the rows that `rate` is a share of and how many of them hit; where rows have
    weights or clusters, its value and covariances with all groups instead of counts."""
    import numpy as np

    hit, of = _hits(rows, rate)
    mass = np.ones(len(rows)) if rows.weight is None else rows.weight
    of = of & (mass > 0)
    number = len(names)
    below = np.bincount(codes[of], mass[of], number)
    above = np.bincount(codes[of & hit], mass[of & hit], number)
    counts = np.bincount(codes[of], minlength=number)
    value = np.divide(above, below, out=np.full(number, np.nan), where=below > 0)
    found = [
        {"group": name, "of": int(counts[at]), "value": float(value[at]) if counts[at] else None}
        for at, name in enumerate(names)
    ]
    if rows.weight is None and rows.cluster is None:
        return [one | {"hits": round(float(above[at]))} for at, one in enumerate(found)]
    mean = np.where(below > 0, value, 0)
    influence = np.where(of, mass * (hit - mean[codes]) / np.where(below > 0, below, 1)[codes], 0)
    covariance, units = _covariance(influence, codes, of, rows.cluster, number)
    return [
        one | {"covariance": covariance[at].tolist(), "units": int(units[at])}
        for at, one in enumerate(found)
    ]


def _hits(rows: Rows, rate: str) -> tuple[Array, Array]:
    """Where a row hits, and whether it counts."""
    import numpy as np

    if rows.label is None or rows.new.prediction is None:
        raise AssertionError("fairness is about labels and predictions")
    chosen, true = rows.new.prediction == rows.positive, rows.label == rows.positive
    if rate == "selection_rate":
        return chosen, np.ones(len(rows), dtype=bool)
    if rate == "precision":
        return true, chosen
    return chosen, true if rate == "true_positive_rate" else ~true


def _covariance(
    influence: Array, codes: Array, of: Array, cluster: Array | None, number: int
) -> tuple[Array, Array]:
    """Of the groups' rates, from the sums of influences by cluster; and each group's clusters."""
    import numpy as np

    if cluster is None:
        units = np.bincount(codes[of], minlength=number)
        variance = np.bincount(codes, influence**2, number)
        return np.diag(variance * units / np.maximum(units - 1, 1)), units
    clusters = int(cluster.max()) + 1
    place = cluster * number + codes
    summed = np.bincount(place, influence, clusters * number).reshape(clusters, number)
    units = (np.bincount(place[of], minlength=clusters * number).reshape(summed.shape) > 0).sum(0)
    scale = np.sqrt(units / np.maximum(units - 1, 1))
    return (summed.T @ summed) * np.outer(scale, scale), units
