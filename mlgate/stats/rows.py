"""Metrics that are means over rows, or functions of means: each row's value or influence.

Values are those of scikit-learn's functions of the same names. `weight` is None for equal weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]

_PART = 1 << 16
"""Rows at once, so that what is computed of them stays in the processor's cache."""


def log_loss(label: Array, score: Array) -> Array:
    """Each row's loss; `label` 0 or 1, `score` the probability of 1, kept off 0 and 1 by the
    spacing of its type, as scikit-learn does."""
    import numpy as np

    least = np.finfo(score.dtype).eps
    loss = np.empty_like(score)
    for start in range(0, len(score), _PART):
        part = loss[start : start + _PART]
        # The distance from the other label: the same number as a choice of two, which costs four
        # times as much.
        np.subtract(score[start : start + _PART], label[start : start + _PART] != 1, out=part)
        np.abs(part, out=part)
        np.clip(part, least, 1 - least, out=part)
        np.log(part, out=part)
        np.negative(part, out=part)
    return loss


def log_loss_of_classes(label: Array, scores: Array) -> Array:
    """Each row's loss; `label` is the column of `scores` (rows, classes), whose rows sum to 1."""
    import numpy as np

    least = np.finfo(scores.dtype).eps
    of_label = scores[np.arange(len(label)), label]
    loss: Array = -np.log(np.clip(of_label, least, 1 - least))
    return loss


def brier_score(label: Array, score: Array) -> Array:
    """Each row's squared distance between the probability of 1 and the label, 0 or 1."""
    squared: Array = (score - label) ** 2
    return squared


def top_k(label: Array, scores: Array, k: int) -> Array:
    """True where fewer than `k` classes rank before the label's; ties as scikit-learn breaks
    them, by the order of the classes."""
    import numpy as np

    ranked = np.argsort(scores, axis=1, kind="mergesort")[:, ::-1]
    hits: Array = (ranked[:, :k] == label[:, None]).any(axis=1)
    return hits


def ndcg(query: Array, gain: Array, score: Array, k: int) -> Array:
    """Each query's normalised discounted cumulative gain among its first `k` rows (Jarvelin and
    Kekalainen 2002, ACM TOIS 20), gains as they are; rows of equal score share their places, and a
    query without gain has 0, as in scikit-learn."""
    import numpy as np

    queries = int(query.max()) + 1
    starts = np.concatenate([[0], np.cumsum(np.bincount(query, minlength=queries))])[:-1]

    def ordered(by: Array) -> tuple[Array, Array, Array]:
        order = np.lexsort((-by, query))
        own = query[order]
        place = np.arange(len(order)) - starts[own]
        return order, own, np.where(place < k, 1 / np.log2(place + 2.0), 0.0)

    order, own, discount = ordered(score)
    ranked = score[order]
    new = np.concatenate([[True], (own[1:] != own[:-1]) | (ranked[1:] != ranked[:-1])])
    tie = np.cumsum(new) - 1
    shared = np.bincount(tie, weights=gain[order]) / np.bincount(tie)
    found = np.bincount(own, weights=shared[tie] * discount, minlength=queries)
    order, own, discount = ordered(gain)
    best = np.bincount(own, weights=gain[order] * discount, minlength=queries)
    value: Array = np.divide(found, best, out=np.zeros(queries), where=best > 0)
    return value


def pinball(label: Array, prediction: Array, quantile: float) -> Array:
    """Each row's loss of a predicted quantile (Koenker and Bassett 1978, Econometrica 46)."""
    import numpy as np

    miss = label - prediction
    return np.maximum(quantile * miss, (quantile - 1) * miss)


def mean_influence(values: Array, weight: Array | None = None) -> tuple[float, Array]:
    """The (weighted) mean, and each row's share in its deviation."""
    if weight is None:
        mean = float(values.mean())
        return mean, (values - mean) / len(values)
    total = weight.sum()
    mean = float((values * weight).sum() / total)
    return mean, weight * (values - mean) / total


def root_mean_influence(values: Array, weight: Array | None = None) -> tuple[float, Array]:
    """The root of the mean, by the delta method."""
    import numpy as np

    mean, influence = mean_influence(values, weight)
    rooted = mean**0.5
    return rooted, influence / (2 * rooted) if rooted else np.zeros_like(influence)


def r2_influence(label: Array, error: Array, weight: Array | None = None) -> tuple[float, Array]:
    """1 - mean squared error / variance of the labels, by the delta method; NaN where the labels
    do not vary."""
    import numpy as np

    squared, by_error = mean_influence(error**2, weight)
    centre = np.average(label, weights=weight)
    spread, by_spread = mean_influence((label - centre) ** 2, weight)
    if spread == 0:
        return float("nan"), np.zeros(len(label))
    return 1 - squared / spread, -(by_error - squared / spread * by_spread) / spread


def calibration_error(label: Array, score: Array, bins: int, weight: Array | None = None) -> float:
    """The mean distance between the mean score and the share of ones in `bins` equal ranges of the
    score, weighted by their rows (Naeini et al. 2015, AAAI). Biased upwards: no interval."""
    import numpy as np

    place = np.minimum((score * bins).astype(np.int64), bins - 1)
    mass = np.ones(len(score)) if weight is None else weight
    gap = np.bincount(place, weights=mass * (score - label), minlength=bins)
    return float(np.abs(gap).sum() / mass.sum())


def compared(text: str) -> Callable[[Array], Array]:
    """What `>= 0.5`, or of words `== 'C'`, and its like say of each value."""
    import operator

    signs = {">=": "ge", "<=": "le", "==": "eq", "!=": "ne", ">": "gt", "<": "lt"}
    sign = next(sign for sign in signs if text.strip().startswith(sign))
    told = text.strip()[len(sign) :].strip()
    limit = told[1:-1] if told[0] in "'\"" else float(told)
    return lambda values: getattr(operator, signs[sign])(values, limit)
