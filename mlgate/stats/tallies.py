"""How often each small whole number is there, without a wider copy of all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_PART = 1 << 16
"""Numbers at once: NumPy counts them as 64 bits each, and these stay in the processor's cache."""


def tally(numbers: Array, different: int) -> Array:
    """How often each of the numbers from 0 up to `different` is there."""
    import numpy as np

    counts = np.zeros(different, dtype=np.int64)
    for start in range(0, len(numbers), _PART):
        counts += np.bincount(numbers[start : start + _PART], minlength=different)
    return counts
