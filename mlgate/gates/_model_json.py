"""Reads columns of JSON and JSON lines without an engine, in the worker."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.gates._model_head import check_columns, with_optional
from mlgate.gates._model_refused import Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_NUMBERS_OF_PYTHON = re.compile(r"(?<=[\s:,\[])(?:NaN|-?Infinity)\b")


def read(
    place: dict[str, Any], text: str, wanted: Sequence[str], *, lines: bool
) -> dict[str, Array]:
    """The wanted columns, and the optional one if it is there, of an array of objects or of a line
    each. Raises `Refused`."""
    path = place["path"]
    found = _decoded_lines(path, text) if lines else _decoded(path, text)
    for key in filter(None, (place.get("records") or "").split(".")):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        hint = None if place.get("records") else 'name the array with `records = "results.rows"`'
        raise Refused(f"{path} holds no array of objects", hint)
    wanted = with_optional(place, wanted, found[0] if found else ())
    for name in wanted:
        missing = next((i for i, row in enumerate(found, 1) if name not in row), None)
        if missing:
            check_columns(path, sorted(found[missing - 1]), (name,))
    return {name: _json([row[name] for row in found], place, name) for name in wanted}


def _decoded_lines(path: str, text: str) -> list[Any]:
    return [
        _decoded(f"{path}, line {number:,}", line)
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]


def _decoded(where: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        found = _NUMBERS_OF_PYTHON.search(text)
        hint = f"JSON has no {found[0]}: write null, or a number" if found else None
        raise Refused(f"{where} is no JSON: {error}", hint) from None


def _json(values: list[Any], place: dict[str, Any], name: str) -> Array:
    import numpy as np

    if not (place.get("lists") and any(isinstance(value, list) for value in values)):
        return from_values(values, place["path"], name, mixed=place.get("mixed", False))
    found = np.empty(len(values), dtype=object)
    for at, value in enumerate(values):  # all at once, lists of one length would be a table
        found[at] = value
    return found


def from_values(values: list[Any], path: str, name: str, *, mixed: bool = False) -> Array:
    """Values of JSON as an array: whole numbers, numbers (null is NaN) or text; numbers beside text
    are text where they may be `mixed`."""
    import numpy as np

    kinds = {type(value) for value in values}
    if kinds <= {bool}:
        return np.array(values, dtype=np.int64)
    if kinds <= {int, bool}:
        try:
            return np.array(values, dtype=np.int64)
        except OverflowError:
            return np.array([str(value) for value in values])
    if kinds <= {int, float, bool, type(None)}:
        return np.array([np.nan if value is None else value for value in values], dtype=float)
    if kinds <= {str, type(None)}:
        return np.array(["" if value is None else value for value in values])
    if mixed and kinds <= {int, float, bool, str, type(None)}:
        return np.array([_written(value) for value in values])
    names = " and ".join(sorted(_KINDS.get(kind, kind.__name__) for kind in kinds))
    raise Refused(
        f"{path}: column {name!r} holds {names}", "write numbers, or text, in every row of it"
    )


_KINDS = {
    type(None): "null", bool: "true or false", int: "whole numbers", float: "numbers",
    str: "text", list: "lists", dict: "objects",
}  # fmt: skip


def _written(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return repr(float(value) if isinstance(value, bool) else value)
