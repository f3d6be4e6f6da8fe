"""Sums over the rows' influences: what of ten million rows a verdict needs to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.stats.estimates import Moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

MANY = 1_000_000
_PART = 1 << 16
"""Rows at once, so that what is computed of them stays in the processor's cache."""


class Influence:
    """Each row's influence: an array of them, or a table and each row's place in it."""

    def __init__(
        self, values: Array, index: Array | None = None, bias: float = 0.0, off: float = 0.0
    ) -> None:
        self._values = values
        self._index = index
        self.bias = bias
        """By how much the value is too high on average."""
        self.off = off
        """By how much at most the value is off, on either side, because it was computed in bins."""

    def __len__(self) -> int:
        return len(self._values if self._index is None else self._index)

    def part(self, start: int, end: int) -> Array:
        """Those of the rows from `start` to `end`, in double precision."""
        if self._index is None:
            found: Array = self._values[start:end].astype(float, copy=False)
            return found
        taken: Array = self._values.take(self._index[start:end])
        return taken


def by_cluster(influence: Influence, cluster: Array, clusters: int) -> Influence:
    """The sums of the rows of each cluster, which then stand for the rows (Liang and Zeger 1986,
    Biometrika 73)."""
    import numpy as np

    summed = np.bincount(cluster, weights=influence.part(0, len(influence)), minlength=clusters)
    return Influence(summed, bias=influence.bias, off=influence.off)


def moments(new: Influence, old: Influence | None = None, share: float = 1.0) -> Moments:
    """The moments of `new`, or of `new - share * old` of the same rows. Beyond a million rows there
    is no third: a mean of so many is not skewed, though few of them may carry all of it."""
    second = third = fourth = 0.0
    for start in range(0, len(new), _PART):
        part = new.part(start, start + _PART)
        if old is not None:
            other = old.part(start, start + _PART)
            part = part - (other if share == 1.0 else share * other)
        squared = part * part
        second += float(squared.sum())
        fourth += float(squared @ squared)
        if len(new) <= MANY:
            third += float(squared @ part)
    return Moments(units=len(new), second=second, third=third, fourth=fourth)


def carrying(
    new: Influence,
    old: Influence,
    group: Array,
    slight: float,
    *,
    weight: Array | None = None,
    cluster: Array | None = None,
) -> int:
    """How many rows (or clusters) make the difference of two rank metrics, in which each row of one
    class that moves moves all rows of the other a little. Counted are those that count for more
    than a share `slight` of the most that one of their class does, beside what most of that class
    do; classes are put together by their shares of the variance, as degrees of freedom are (Welch
    1947, Biometrika 34)."""
    import numpy as np

    changed: Array = new.part(0, len(new)) - old.part(0, len(old))
    for at in np.unique(group):
        own = group == at
        changed[own] = _beside_most(changed[own], None if weight is None else weight[own])
    if cluster is not None:
        changed = np.bincount(cluster, weights=changed)
        group = np.zeros(len(changed), dtype=np.uint8)
    squared = changed * changed
    total = float(squared.sum())
    apart = 0.0
    for at in np.unique(group) if total > 0 else ():
        part: Array = squared[group == at]
        number = int(np.count_nonzero(part > slight**2 * part.max()))
        apart += (float(part.sum()) / total) ** 2 / max(number, 1)
    return round(1 / apart) if apart else 0


def _beside_most(changed: Array, weight: Array | None) -> Array:
    import numpy as np

    if weight is None:
        beside: Array = changed - np.median(changed)
        return beside
    there = weight > 0
    common = float(np.median(changed[there] / weight[there])) if there.any() else 0.0
    weighed: Array = changed - weight * common
    return weighed
