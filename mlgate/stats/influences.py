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
    """The moments of `new`, or of `new - share * old` of the same rows. Beyond a million rows only
    the second is summed: a mean of so many is normal."""
    second = third = fourth = 0.0
    for start in range(0, len(new), _PART):
        part = new.part(start, start + _PART)
        if old is not None:
            other = old.part(start, start + _PART)
            part = part - (other if share == 1.0 else share * other)
        if len(new) > MANY:
            second += float(part @ part)
            continue
        squared = part * part
        second += float(squared.sum())
        third += float(squared @ part)
        fourth += float(squared @ squared)
    return Moments(units=len(new), second=second, third=third, fourth=fourth)
