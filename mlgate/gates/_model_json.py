"""Reads columns of JSON and JSON lines, fields of objects inside rows too, as evaluation harnesses
write them; in the worker."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.gates._model_head import check_columns
from mlgate.gates._model_refused import NoColumn, Refused
from mlgate.tables._separator import opened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

LARGEST = 1 << 30
"""Bytes of a document, which is read as a whole; JSON lines may be longer."""
_LONGEST_INDEX = 9
"""Digits."""
_DEEPEST = 4
"""How deep a hint looks for what is there."""
_LISTED = 3
_MISSING = object()
_NUMBERS_OF_PYTHON = re.compile(r"(?<=[\s:,\[])(?:NaN|-?Infinity)\b")


def read(place: dict[str, Any], wanted: Sequence[str], *, lines: bool) -> dict[str, Array]:
    """The wanted columns, and the optional one if it is there. A name that no row has as it stands
    is a path, as `scores.match.value` or `metricsData.0.score`; a row that lacks what others have
    has null there. Raises `Refused`."""
    optional: str = place.get("optional") or ""
    names = list(dict.fromkeys([*wanted, optional] if optional else wanted))
    found: dict[str, list[Any]] = {name: [] for name in names}
    first: dict[str, Any] = {}
    for row in _rows(place, lines=lines):
        first = first or row
        for name, column in found.items():
            column.append(field(row, name))
    for name, column in list(found.items()):
        if column and all(value is _MISSING for value in column):
            if name not in wanted:
                del found[name]
                continue
            raise _no_column(place["path"], name, first)
        _check_plain(place, name, column)
    return {name: _array(column, place, name) for name, column in found.items()}


def field(value: Any, name: str) -> Any:
    """What stands at a path of keys (which may hold dots themselves) and places in lists; null
    below null, and `_MISSING` where there is nothing."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        head, dot, rest = name.partition(".")
        while dot:
            found = field(value[head], rest) if head in value else _MISSING
            if found is not _MISSING:
                return found
            more, dot, rest = rest.partition(".")
            head = f"{head}.{more}"
        return _MISSING
    if isinstance(value, list):
        head, dot, rest = name.partition(".")
        if not head.isdecimal() or len(head) > _LONGEST_INDEX or int(head) >= len(value):
            return _MISSING
        return field(value[int(head)], rest) if dot else value[int(head)]
    return None if value is None else _MISSING


def _no_column(path: str, name: str, row: dict[str, Any]) -> Refused:
    """A column that no row has, with the one of the same last part that may be meant."""
    leaves = list(_leaves(row, (), 0))
    last = name.rpartition(".")[2]
    alike = [leaf for leaf in leaves if leaf.rpartition(".")[2] == last]
    if alike:
        return NoColumn(f"{path} has no column {name!r}", f"did you mean {alike[0]!r}?")
    known = leaves if "." in name else sorted(row)
    try:
        check_columns(path, known, (name,))
    except NoColumn as error:
        return error
    raise AssertionError("it is there")


def _leaves(value: Any, at: tuple[str, ...], depth: int) -> Iterator[str]:
    """The paths of what is neither object nor list in a row."""
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, inner in value.items():
            yield from _leaves(inner, (*at, key), depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for number, inner in enumerate(value[:_LISTED]):
            yield from _leaves(inner, (*at, str(number)), depth + 1)
    elif not isinstance(value, dict | list):
        yield ".".join(at)


def _check_plain(place: dict[str, Any], name: str, column: list[Any]) -> None:
    """Raise `Refused` for a column of objects, naming what is in them."""
    one = next((value for value in column if isinstance(value, dict)), None)
    if one is None:
        return
    inside = [f"'{name}.{leaf}'" for leaf in _leaves(one, (), 0)][:_LISTED]
    hint = f"name what is in them: {', '.join(inside)}" if inside else None
    raise Refused(f"{place['path']}: column {name!r} holds objects", hint)


def _rows(place: dict[str, Any], *, lines: bool) -> Iterator[dict[str, Any]]:
    """The rows of all files, in their order."""
    several = len(place["files"]) > 1
    for number, file in enumerate(place["files"]):
        path = place["names"][number] if several else place["path"]
        found = _lines(path, file) if lines else _document(path, file, place.get("records") or "")
        for row in found:
            if not isinstance(row, dict):
                raise Refused(f"{path} holds no array of objects", "write an object for each row")
            yield row


def _lines(path: str, file: str) -> Iterator[Any]:
    with opened(file) as stream:
        try:
            for number, line in enumerate(stream, 1):
                told = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                if told.strip():
                    yield _decoded(f"{path}, line {number:,}", told)
        except (EOFError, zlib.error, OSError) as error:
            raise Refused(f"{path} cannot be read: {error}", "write it again") from None


def _document(path: str, file: str, records: str) -> Sequence[Any] | Iterator[Any]:
    """The rows of a JSON document; of JSON lines that are called one, as pandas and Spark do."""
    if os.path.getsize(file) > LARGEST:
        raise Refused(f"{path} is larger than 1 GiB", "write it as JSON lines: .jsonl")
    with opened(file) as stream:
        raw = stream.read().removeprefix(b"\xef\xbb\xbf")
    if not raw.strip():
        raise Refused(f"{path} is empty", "evaluate the model again, or bring it anew (dvc pull)")
    if not records and _is_lines(raw):
        return _lines(path, file)
    document = _decoded(path, raw)
    found = _of_columns(field(document, records) if records else document)
    if isinstance(found, list) and all(isinstance(row, dict) for row in found):
        return found
    there = sorted(_arrays(document, (), 0), key=lambda one: -one[1])
    arrays = [".".join(at) for at, _ in there]
    hint = f"name the array with `records = \"{arrays[0] if arrays else 'results.rows'}\"`"
    if len(arrays) > 1:
        hint += f"; there are also {', '.join(arrays[1 : 1 + _LISTED])}"
    where = f" at `records`, {records!r}" if records else ""
    raise Refused(f"{path} holds no array of objects{where}", hint)


def _of_columns(found: Any) -> Any:
    """The rows of `{"columns": [...], "data": [[...], ...]}`, as MLflow and pandas write tables;
    of everything else itself."""
    if not isinstance(found, dict) or not {"columns", "data"} <= found.keys():
        return found
    head, rows = found["columns"], found["data"]
    if not isinstance(head, list) or not isinstance(rows, list):
        return found
    told = all(isinstance(one, list) and len(one) == len(head) for one in rows)
    if not told or len(set(map(str, head))) < len(head):
        return found
    names = [str(one) for one in head]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _is_lines(raw: bytes) -> bool:
    """True if the first line is an object, and more follow."""
    line, _, rest = raw.strip().partition(b"\n")
    if not rest or not line.startswith(b"{"):
        return False
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _arrays(value: Any, at: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """Where arrays of objects stand, and how long they are."""
    if not isinstance(value, dict) or depth >= _DEEPEST:
        return
    for key, one in value.items():
        if isinstance(one, list) and one and all(isinstance(row, dict) for row in one):
            yield (*at, key), len(one)
        yield from _arrays(one, (*at, key), depth + 1)


def _decoded(where: str, raw: bytes) -> Any:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise Refused(
            f"{where} is not UTF-8 at byte {error.start:,}", "write it as UTF-8"
        ) from None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        found = _NUMBERS_OF_PYTHON.search(text)
        hint = f"JSON has no {found[0]}: write null, or a number" if found else None
        raise Refused(f"{where} is no JSON: {error}", hint) from None


def _array(column: list[Any], place: dict[str, Any], name: str) -> Array:
    import numpy as np

    values = [None if value is _MISSING else value for value in column]
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
