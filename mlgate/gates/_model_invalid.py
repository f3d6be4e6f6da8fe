"""Rows without a judgement: told apart, counted, and left out on both sides; in the worker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlgate.gates._model_coded import taken, unfolded
from mlgate.gates._model_refused import Refused
from mlgate.gates._model_table import Table
from mlgate.stats.rows import compared
from mlgate.tables.columns import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def left_out(tables: list[Table], names: list[str], invalid: dict[str, Any]) -> list[int]:
    """Take the rows out of which any table lacks a judgement; how many each table lacks."""
    import numpy as np

    keep: Array = np.ones(len(tables[0]), dtype=bool)
    lacking = []
    for table in tables:
        lacks = np.zeros(len(table), dtype=bool)
        for name in names:
            lacks |= _lacks(table, name, invalid)
        lacking.append(int(np.count_nonzero(lacks)))
        keep &= ~lacks
    places = np.flatnonzero(keep)
    if not len(places):
        raise Refused(f"{tables[0].path} has no row with a judgement")
    for table in tables:
        for name, column in table.found.items():
            table.found[name] = taken(column, places)
        for name in names:
            table.found[name] = _numbers(table, name)
    return lacking


def _lacks(table: Table, name: str, invalid: dict[str, Any]) -> Array:
    """Where a column holds one of the values, or a number that the filter means."""
    import numpy as np

    values = unfolded(table.found[name])
    texts = [value for value in invalid["values"] if isinstance(value, str)]
    numbers = [float(value) for value in invalid["values"] if not isinstance(value, str)]
    parsed = values.astype(float) if values.dtype.kind in "iufb" else None
    if parsed is None:
        lacks: Array = np.isin(values, texts)
        kept = values[~lacks]
        parsed = np.full(len(values), np.inf)
        parsed[~lacks] = _parsed(table, name, kept)
    else:
        lacks = np.isnan(parsed) if "" in texts else np.zeros(len(values), dtype=bool)
    lacks = lacks | np.isin(parsed, numbers)
    if invalid["filter"]:
        lacks |= np.isfinite(parsed) & compared(invalid["filter"])(parsed)
    return lacks


def _numbers(table: Table, name: str) -> Array:
    column = table.found[name]
    if isinstance(column, Coded) or column.dtype.kind not in "iufb":
        return _parsed(table, name, unfolded(column))
    return column


def _parsed(table: Table, name: str, texts: Array) -> Array:
    try:
        numbers: Array = texts.astype(float)
    except ValueError as error:
        word = re.sub(r"^np\.str_\((.*)\)$", r"\1", str(error).rpartition(": ")[2])
        raise Refused(
            f"{table.path}: column {name!r} holds {word}, which is neither a number nor one of "
            "the values that count as none",
            "add it to invalid.values, or mend the evaluation",
        ) from None
    return numbers
