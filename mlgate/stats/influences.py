"""Sums over the rows' influences: what of ten million rows a verdict needs to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.stats.estimates import Moments
from mlgate.stats.tallies import tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

MANY = 1_000_000
_PART = 1 << 14
"""Rows at once, so that what is computed of them stays in the processor's cache."""
_PAIRS = 256
"""Different pairs of influences up to which rows are counted by them, and not gone through."""


class Influence:
    """Each row's influence: an array of them, a table and each row's place in it, or what a mean is
    taken of."""

    def __init__(
        self,
        values: Array,
        index: Array | None = None,
        bias: float = 0.0,
        off: float = 0.0,
        mean: float | None = None,
    ) -> None:
        self._values = values
        self._index = index
        self._mean = mean
        """Of `values`, where each row's influence is its share in the deviation."""
        self.bias = bias
        """By how much the value is too high on average."""
        self.off = off
        """By how much at most the value is off, on either side, because it was computed in bins."""

    def __len__(self) -> int:
        return len(self._values if self._index is None else self._index)

    def part(self, start: int, end: int) -> Array:
        """Those of the rows from `start` to `end`, in double precision."""
        import numpy as np

        if self._index is not None:
            # To take by narrower numbers costs twice as much as to widen them first.
            place = self._index[start:end].astype(np.intp)
            return self._values.take(place, mode="clip")
        found: Array = self._values[start:end].astype(float, copy=self._mean is not None)
        if self._mean is not None:
            found -= self._mean
            found /= len(self._values)
        return found

    def pairs(self, other: Influence) -> tuple[Array, Array, Array] | None:
        """This one's influences and the other's where they are few: each pair of them that is
        there, and how many rows have it."""
        import numpy as np

        if self._index is None or other._index is None:
            return None
        different = len(self._values) * len(other._values)
        if different > _PAIRS:
            return None
        pair = self._index.astype(np.uint8) * np.uint8(len(other._values))
        pair += other._index.astype(np.uint8)
        counts = tally(pair, different)
        mine, theirs = np.divmod(np.flatnonzero(counts), len(other._values))
        return self._values[mine], other._values[theirs], counts[counts > 0].astype(float)


def by_cluster(influence: Influence, cluster: Array, clusters: int) -> Influence:
    """The sums of the rows of each cluster, which then stand for the rows (Liang and Zeger 1986,
    Biometrika 73)."""
    import numpy as np

    summed = np.bincount(cluster, weights=influence.part(0, len(influence)), minlength=clusters)
    return Influence(summed, bias=influence.bias, off=influence.off)


def moments(new: Influence, old: Influence | None = None, share: float = 1.0) -> Moments:
    """The moments of `new`, or of `new - share * old` of the same rows. Beyond a million rows there
    is no third: a mean of so many is not skewed, though few of them may carry all of it."""
    pairs = new.pairs(old) if old is not None else None
    if pairs is not None:
        return _counted(pairs[0] - share * pairs[1], pairs[2], len(new))
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


def _counted(values: Array, counts: Array, units: int) -> Moments:
    """The same of values that so many rows have each."""
    squared = values * values
    third = float(counts @ (squared * values)) if units <= MANY else 0.0
    return Moments(
        units=units,
        second=float(counts @ squared),
        third=third,
        fourth=float(counts @ (squared * squared)),
    )


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
