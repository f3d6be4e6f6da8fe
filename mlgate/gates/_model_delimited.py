"""Reads columns of CSV and TSV without an engine, in the worker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from mlgate.gates._model_head import check_columns, with_optional
from mlgate.gates._model_refused import Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_DIGITS = 15
"""What a number of double precision holds."""


def delimited(
    place: dict[str, Any], text: str, delimiter: str, wanted: Sequence[str]
) -> dict[str, Array]:
    """The wanted columns, and the optional one if it is there. Raises `Refused`."""
    import csv
    import io

    path = place["path"]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        head = next(reader, [])
        rows = [row for row in reader if row]
    except csv.Error as error:
        raise Refused(f"{path}, line {reader.line_num:,}: {error}") from None
    wanted = with_optional(place, wanted, head)
    check_columns(path, head, wanted)
    for number, row in enumerate(rows, 2):
        if len(row) != len(head):
            raise Refused(f"{path}, row {number:,}: {len(row)} values for {len(head)} columns")
    return {name: typed([row[at] for row in rows]) for name, at in _positions(head, wanted)}


def _positions(head: Sequence[str], wanted: Iterable[str]) -> list[tuple[str, int]]:
    return [(name, head.index(name)) for name in wanted]


def typed(texts: list[str]) -> Array:
    """Text of a file as whole numbers or numbers, where all of it is; empty fields are NaN."""
    import numpy as np

    found = np.array(texts, dtype=str)
    for convert in (_whole, _number, _truth):
        converted = convert(found)
        if converted is not None:
            return converted
    return found


def _whole(texts: Array) -> Array | None:
    """Only where nothing is lost: `007` stays text."""
    import numpy as np

    try:
        numbers = texts.astype(np.int64)
    except (ValueError, OverflowError):
        return None
    return numbers if len(texts) and bool((numbers.astype(texts.dtype) == texts).all()) else None


def _number(texts: Array) -> Array | None:
    import numpy as np

    filled = np.where(texts == "", "nan", texts)
    padded = np.char.startswith(filled, "0") & np.char.isdigit(filled)
    padded &= np.char.str_len(filled) > 1
    if padded.any() or (filled == "nan").all() or _long(filled):
        return None
    try:
        return filled.astype(float)
    except ValueError:
        return None


def _long(texts: Array) -> bool:
    """True of whole numbers of more digits than a number of double precision tells apart."""
    import numpy as np

    digits = np.char.lstrip(texts, "-")
    return bool(np.char.isdigit(digits).all() and (np.char.str_len(digits) > _DIGITS).any())


def _truth(texts: Array) -> Array | None:
    import numpy as np

    lower = np.char.lower(texts)
    if not bool(np.isin(lower, ("true", "false")).all()):
        return None
    numbers: Array = (lower == "true").astype(np.int64)
    return numbers
