"""ROC AUC and average precision of scores against 0/1 labels, with each row's influence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_PART = 1 << 16
"""Rows at once, so that what is computed of them stays in the processor's cache."""
_COUNTED = 1 << 20
"""Rows counted at once, so many that to add up all bins is little beside."""


def _tied(score: Array, weight: Array | None) -> tuple[Array, Array]:
    """The order of rising scores, and for each of the ordered rows the number of its group of equal
    scores. Weights of a group are summed in the order of the rows, the same on every machine."""
    import numpy as np

    order = np.argsort(score, kind=None if weight is None else "stable")
    ordered = score[order]
    group = np.empty(len(score), dtype=np.int64)
    group[0] = 0
    np.cumsum(ordered[1:] != ordered[:-1], out=group[1:])
    return order, group


def roc_auc(label: Array, score: Array, weight: Array | None = None) -> tuple[float, Array]:
    """The share of (1, 0) pairs in the right order, ties half, and each row's influence: its
    placement among the other class (DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44; in one
    sort as Sun and Xu 2014, IEEE Signal Process. Lett. 21). The sum of squared influences is
    DeLong's variance. NaN where a class is missing."""
    import numpy as np

    order, group = _tied(score, weight)
    positive = (label == 1)[order]
    mass = None if weight is None else weight[order]
    ones = np.bincount(group, weights=positive if mass is None else mass * positive)
    zeros = np.bincount(group, weights=None if mass is None else mass) - ones
    all_ones, all_zeros = ones.sum(), zeros.sum()
    if all_ones == 0 or all_zeros == 0:
        return float("nan"), np.zeros(len(label))
    value, of_zeros, of_ones = _placements(ones, zeros)
    number = int(np.count_nonzero(positive))
    of_zeros *= _unbiased(len(label) - number)
    of_ones *= _unbiased(number)
    ordered = np.where(positive, of_ones[group], of_zeros[group])
    influence = np.empty(len(label))
    influence[order] = ordered if mass is None else ordered * mass
    return value, influence


def _placements(ones: Array, zeros: Array) -> tuple[float, Array, Array]:
    """The AUC, and the influence of a zero and of a one in each group of equal scores."""
    import numpy as np

    all_ones, all_zeros = ones.sum(), zeros.sum()
    zeros_below = np.cumsum(zeros)
    zeros_below -= zeros / 2
    zeros_below /= all_zeros
    ones_above = np.cumsum(ones)
    np.subtract(all_ones, ones_above, out=ones_above)
    ones_above += ones / 2
    ones_above /= all_ones
    value = float((ones @ zeros_below) / all_ones)
    for share, other in ((ones_above, all_zeros), (zeros_below, all_ones)):
        share -= value
        share /= other
    return value, ones_above, zeros_below


def _unbiased(number: int) -> float:
    return float((number / max(number - 1.0, 1.0)) ** 0.5)


def average_precision(
    label: Array, score: Array, weight: Array | None = None
) -> tuple[float, Array, float]:
    """The mean over the ones of the precision at their scores, without interpolation, each row's
    influence (delta method on the two survival functions), and by how much the value is too high
    on average. NaN without a one.

    A one counts itself among the hits at its own score. With A other rows at least as high, K of
    them ones, the expectation of (1 + K) / (1 + A) exceeds that of K / A by that of
    (1 - K / A) / (1 + A), which the rows themselves estimate without bias.
    """
    import numpy as np

    positive = label == 1
    mass = np.ones(len(label)) if weight is None else weight
    order, group = _tied(score, weight)
    ones = np.bincount(group, weights=(mass * positive)[order])
    alls = np.bincount(group, weights=mass[order])
    total = ones.sum()
    if total == 0:
        return float("nan"), np.zeros(len(mass)), 0.0
    ones_from = np.cumsum(ones[::-1])[::-1]
    alls_from = np.cumsum(alls[::-1])[::-1]
    precision = np.divide(ones_from, alls_from, out=np.zeros_like(ones_from), where=alls_from > 0)
    value = float(ones @ precision / total)
    per_row = np.divide(ones, alls_from, out=np.zeros_like(ones_from), where=alls_from > 0)
    gained, spent = np.cumsum(per_row), np.cumsum(per_row * precision)
    is_one = positive[order]
    own = is_one * (precision[group] - value)
    influence = np.empty(len(mass))
    influence[order] = (own + is_one * gained[group] - spent[group]) * mass[order] / total
    itself = mass[order][is_one]
    higher = alls_from[group[is_one]]
    zeros = higher - ones_from[group[is_one]]
    others = higher - itself
    excess = np.divide(itself * zeros, others * higher, out=np.zeros_like(itself), where=others > 0)
    return value, influence, float(itself @ excess / total)


def binned_roc_auc(label: Array, score: Array, bins: int) -> tuple[float, Array, Array, float]:
    """`roc_auc` with scores told apart to a `bins`-th of their span only: the value, a table of
    influences, each row's place in it, and by how much at most the value is off: half the share of
    (1, 0) pairs whose scores fall into one bin."""
    import numpy as np

    least, most = float(score.min()), float(score.max())
    scale = (bins - 1) / (most - least) if most > least else 0.0
    place = np.empty(len(score), dtype=np.int32)
    for start in range(0, len(score), _PART):
        part = slice(start, start + _PART)
        place[part] = (score[part] - least) * scale
        place[part] += np.multiply(label[part], bins, dtype=np.int32)
    counts = np.zeros(2 * bins, dtype=np.int64)
    for start in range(0, len(score), _COUNTED):
        counts += np.bincount(place[start : start + _COUNTED], minlength=2 * bins)
    zeros, ones = counts[:bins].astype(float), counts[bins:].astype(float)
    all_ones, all_zeros = ones.sum(), zeros.sum()
    if all_ones == 0 or all_zeros == 0:
        return float("nan"), np.zeros(2 * bins), place, 0.0
    value, of_zeros, of_ones = _placements(ones, zeros)
    off = float(ones @ zeros / (2 * all_ones * all_zeros))
    return value, np.concatenate([of_zeros, of_ones]), place, off
