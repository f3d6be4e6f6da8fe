"""How often each small whole number is there, and where rows go that are put together by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_PART = 1 << 16
"""Numbers at once: NumPy counts them as 64 bits each, and these stay in the processor's cache."""
_COMPARED = 4
"""Different numbers up to which it is quicker to look for each of them in turn."""
_MOVED = 1 << 14
"""The same of rows of which several such arrays are at hand."""


def tally(numbers: Array, different: int) -> Array:
    """How often each of the numbers from 0 up to `different` is there."""
    import numpy as np

    counts = np.zeros(different, dtype=np.int64)
    for start in range(0, len(numbers), _PART):
        part = numbers[start : start + _PART]
        if different <= _COMPARED:
            counts += [np.count_nonzero(part == number) for number in range(different)]
        else:
            counts += np.bincount(part, minlength=different)
    return counts


def placed(numbers: Array, starts: Array) -> Array:
    """The place of each row once those of one number stand together, from `starts` of it on, in
    their order. Rows are then moved in one pass through all columns, not in one for each number."""
    import numpy as np

    small = np.uint8 if len(starts) <= 256 else np.int64
    places = np.empty(len(numbers), dtype=np.intp)
    free = starts.copy()
    rank = np.arange(_MOVED)
    for start in range(0, len(numbers), _MOVED):
        part = numbers[start : start + _MOVED].astype(small, copy=False)
        counts = np.bincount(part, minlength=len(starts))
        place = np.repeat(free - (np.cumsum(counts) - counts), counts)
        place += rank[: len(part)]
        places[start : start + _MOVED][np.argsort(part, kind="stable")] = place
        free += counts
    return places
