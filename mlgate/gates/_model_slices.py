"""The slices that each row lies in; in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.gates._model_coded import factored
from mlgate.gates._model_refused import Refused
from mlgate.gates._model_table import Table, finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


_GAPS = "fill every row, or slice by another column: ranges have no place for what is missing"


def sliced(table: Table, slicing: list[dict[str, Any]]) -> tuple[list[str], Array]:
    """The names of the slices of one or several crossed columns, and each row's slice."""
    import numpy as np

    names, codes = [""], np.zeros(len(table), dtype=np.int64)
    for one in slicing:
        if one["ranges"]:
            part, values = _ranged(finite(table, one["column"], _GAPS), one["ranges"])
        else:
            part, values = factored(table.found[one["column"]])
        texts = [_called(one["column"], _text(value), one["ranges"]) for value in values]
        if len(slicing) == 1:
            return texts, part
        codes = codes * len(values) + part
        names = [f"{name}, {text}" if name else text for name in names for text in texts]
        if len(names) > 100_000:
            raise Refused("the crossed slices are more than 100,000", "slice by fewer columns")
    return names, codes


def _called(column: str, text: str, ranges: list[float] | None) -> str:
    """`region=north`, `age=30..50`, and `age<30`."""
    return column + text if ranges and text[0] in "<>" else f"{column}={text}"


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "(empty)" if value == "" or value != value else str(value)


def _ranged(values: Array, edges: list[float]) -> tuple[Array, list[str]]:
    """Ranges between edges, each with its lower edge."""
    from itertools import pairwise

    import numpy as np

    words = [f"{edge:g}" for edge in edges]
    names = [f"<{words[0]}", *(f"{low}..{high}" for low, high in pairwise(words))]
    return np.searchsorted(np.array(edges), values, side="right"), [*names, f">={words[-1]}"]
