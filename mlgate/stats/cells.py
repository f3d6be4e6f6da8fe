"""Metrics of a confusion matrix, each with its derivative, from which influence values follow.

A metric of counts that does not change when all counts are doubled has the influence values
d metric / d count of the row's cell, summing to zero over the rows (Hampel 1974, J. Am. Stat.
Assoc. 69; the delta method for ratios of counts). Names and meaning are scikit-learn's, with
`zero_division=0`.

Every function takes `counts`, an array (classes, classes) of true by predicted class (weights
summed), and gives the value and an array of derivatives of the same shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Valued = tuple[float, "Array"]


def accuracy(counts: Array) -> Valued:
    """The share of rows on the diagonal."""
    import numpy as np

    total = counts.sum()
    value = np.trace(counts) / total
    return float(value), (np.eye(len(counts)) - value) / total


def balanced_accuracy(counts: Array) -> Valued:
    """The mean recall of the classes that occur."""
    import numpy as np

    values, slopes = _recalls(counts)
    there = counts.sum(1) > 0
    value = values[there].mean()
    return float(value), np.where(there[:, None], slopes, 0.0) / there.sum()


def _recalls(counts: Array) -> tuple[Array, Array]:
    """Each class's recall, and for each cell the derivative of its own row's recall."""
    import numpy as np

    true = counts.sum(1)
    values = _ratio(np.diag(counts), true)
    return values, _ratio(np.eye(len(counts)) - values[:, None], true[:, None])


def _per_class(counts: Array, metric: str) -> tuple[Array, Callable[[Array], Array]]:
    """Values (classes) of a metric of one class each, and what gives, for a weight of each class,
    the derivatives (true, predicted) of their weighted sum.

    No array has three axes of classes: of a few thousand it would fit into no memory.
    """
    import numpy as np

    hit, true, predicted = np.diag(counts), counts.sum(1), counts.sum(0)
    above, below, in_rows, in_columns = {
        "precision": (hit, predicted, 0, 1),
        "recall": (hit, true, 1, 0),
        "f1": (2 * hit, predicted + true, 1, 1),
    }[metric]
    values = _ratio(above, below)

    def slopes(weights: Array) -> Array:
        scaled = _ratio(weights, below)
        falls = values * scaled
        found = np.zeros(counts.shape)
        if in_rows:
            found -= falls[:, None]
        if in_columns:
            found -= falls[None, :]
        found[np.diag_indices_from(found)] += (in_rows + in_columns) * scaled
        return found

    return values, slopes


def _ratio(above: Array, below: Array) -> Array:
    """0 where nothing can be divided by."""
    import numpy as np

    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.zeros(above.shape), where=below > 0)


def averaged(metric: str, average: str, positive: int = 1) -> Callable[[Array], Valued]:
    """`precision`, `recall` or `f1`: of the class `positive` (`binary`), the mean of the classes
    that occur in labels or predictions (`macro`), or that weighted by their share (`weighted`)."""

    def measure(counts: Array) -> Valued:
        import numpy as np

        values, slopes = _per_class(counts, metric)
        if average == "binary":
            return float(values[positive]), slopes(np.eye(len(counts))[positive])
        true, total = counts.sum(1), counts.sum()
        if average == "weighted":
            share = true / total
            value = float(share @ values)
            moves = np.broadcast_to(((values - value) / total)[:, None], counts.shape)
            return value, slopes(share) + moves
        there = (true + counts.sum(0)) > 0
        return float(values[there].mean()), slopes(there / there.sum())

    return measure


def matthews_corrcoef(counts: Array) -> Valued:
    """The correlation of label and prediction (Gorodkin 2004, Comput. Biol. Chem. 28)."""
    import numpy as np

    total, hits = counts.sum(), np.trace(counts)
    true, predicted = counts.sum(1), counts.sum(0)
    above = hits * total - true @ predicted
    spread_predicted = total**2 - predicted @ predicted
    spread_true = total**2 - true @ true
    if min(spread_predicted, spread_true) <= _ROUNDING * total**2:  # all rows of one class
        return 0.0, np.zeros_like(counts, dtype=float)
    below = np.sqrt(spread_predicted * spread_true)
    value = above / below
    slope = np.eye(len(counts)) * total + hits - predicted[:, None] - true[None, :]
    narrowing = (total - predicted)[None, :] / spread_predicted
    narrowing = narrowing + (total - true)[:, None] / spread_true
    return float(value), slope / below - value * narrowing


_ROUNDING = 1e-13
