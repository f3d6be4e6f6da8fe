"""Columns whose text may come as codes: their different values, some rows, all written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.gates._model_read import MANY
from mlgate.stats.tallies import tally
from mlgate.tables.columns import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def factored(column: Array | Coded) -> tuple[Array, list[Any]]:
    """A column as numbers of its sorted different values, and these values."""
    import numpy as np

    if isinstance(column, Coded):
        used = np.flatnonzero(tally(column.codes, len(column.texts)))
        if len(used) == len(column.texts) and column.texts == sorted(column.texts):
            return column.codes, column.texts
        values, renumbered = np.unique([column.texts[i] for i in used], return_inverse=True)
        table = np.zeros(len(column.texts), dtype=np.int64)
        table[used] = renumbered
        return table[column.codes], values.tolist()
    if column.dtype.kind in "iu" and len(column) > MANY:
        least, most = int(column.min()), int(column.max())
        if most - least < 256:
            there = np.flatnonzero(tally(column - least, most - least + 1)) + least
            if len(there) == most - least + 1:
                return column - least if least else column, there.tolist()
    values, codes = np.unique(column, return_inverse=True)
    return codes, values.tolist()


def taken(column: Array | Coded, places: Array) -> Array | Coded:
    """Some rows of a column."""
    if isinstance(column, Coded):
        return Coded(column.codes[places], column.texts)
    return column[places]


def unfolded(column: Array | Coded) -> Array:
    """A column with its text written out."""
    import numpy as np

    if isinstance(column, Coded):
        return np.array(column.texts)[column.codes]
    return column.astype(str) if column.dtype.kind == "O" else column
