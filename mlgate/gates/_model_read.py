"""Reads the columns of a table, in the worker: CSV, JSON, JSON lines and Parquet.

Small text files are read by the standard library, so that they cost no engine's start.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.errors import GateError
from mlgate.stats.tallies import tally
from mlgate.tables.columns import Coded, Engine, Source
from mlgate.tables.columns import columns as read
from mlgate.tables.table import FORMS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgate.tables.table import Form

    Array = NDArray[Any]

SMALL = 16 << 20
"""Bytes up to which text files are read without an engine."""
MANY = 1_000_000
"""Rows of a table beyond which scores are kept in single precision, and the ROC AUC of the table,
and of each slice of more than `SOME` rows, is computed in bins."""
SOME = 65_536
_DIGITS = 15
"""What a number of double precision holds."""
_LINES = (".jsonl", ".ndjson")
_COMPRESSED = (".csv.gz", ".tsv.gz", ".jsonl.gz")
_FORMS: dict[str, Form] = {
    ".json": "json",
    **{one: FORMS[one] for one in (".csv", ".tsv", *_LINES, *_COMPRESSED, ".parquet", ".pq")},
}


class Refused(Exception):
    """The tables cannot be judged; the message says what and where, the hint what mends it."""

    other_rows = False
    names_only = False

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class OtherRows(Refused):
    """The two tables are about different rows."""

    other_rows = True


class NoColumn(Refused):
    """A table lacks a column, which says nothing of what it holds."""

    names_only = True


def columns(
    place: dict[str, Any],
    wanted: Sequence[str],
    *,
    rounded: Collection[str] = (),
    empty: bool = False,
) -> dict[str, Array | Coded]:
    """The wanted columns of the table in `place["files"]`, called `place["path"]` in messages; of
    very many rows those to be `rounded` in single precision.

    Raises `Refused`; for no rows unless it may be `empty`.
    """
    suffix, files = place["suffix"], place["files"]
    if suffix not in _FORMS:
        raise Refused(
            f"{place['path']}: {suffix or 'a file without a suffix'} is no table that can be read",
            "write it as .csv, .tsv, .csv.gz, .jsonl, .json or .parquet",
        )
    found: dict[str, Array | Coded]
    if suffix == ".json" or (suffix in _LINES and (_is_small(files) or _has_paths(place, wanted))):
        from mlgate.gates import _model_json

        found = dict(_model_json.read(place, wanted, lines=suffix != ".json"))
    elif suffix in (".csv", ".tsv") and _is_small(files):
        found = dict(_delimited(place, wanted))
    else:
        found = _large(msgspec.convert(place["engine"], Engine), place, wanted, rounded)
    if not empty and not len(next(iter(found.values()), ())):
        raise Refused(f"{place['path']} has no rows", "evaluate the model on its test set")
    return found


def _is_small(files: Sequence[str]) -> bool:
    return len(files) == 1 and os.path.getsize(files[0]) <= SMALL


def _large(
    engine: Engine, place: dict[str, Any], wanted: Sequence[str], rounded: Collection[str]
) -> dict[str, Array | Coded]:
    """The same through the engine that the policy names."""
    path, suffix = place["path"], place["suffix"]

    def chosen(head: list[str]) -> Sequence[str]:
        names = with_optional(place, wanted, head)
        check_columns(path, head, names)
        return names

    table = Source(tuple(place["files"]), _FORMS[suffix], place["partitioned"])
    try:
        return read(engine, table, chosen, lambda rows, name: rows > MANY and name in rounded)
    except GateError as error:
        raise Refused(f"{path} {error.message}", error.hint) from None


def _has_paths(place: dict[str, Any], wanted: Sequence[str]) -> bool:
    """True where a name may be a path into objects, of which engines make what they like."""
    return any("." in name for name in (*wanted, place.get("optional") or ""))


def _delimited(place: dict[str, Any], wanted: Sequence[str]) -> dict[str, Array]:
    import csv
    import io

    from mlgate.tables._separator import separator

    path, [file] = place["path"], place["files"]
    with open(file, "rb") as opened:
        raw = opened.read()
    if not raw.strip():
        raise Refused(
            f"{path} is empty: it has no column {wanted[0]!r}",
            "evaluate the model again, or bring it anew (dvc pull)",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mend = "write it as UTF-8, as to_csv of pandas does unless told otherwise"
        raise Refused(f"{path} is not UTF-8 at byte {error.start:,}", mend) from None
    mark = "\t" if place["suffix"] == ".tsv" else separator(file)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
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


def with_optional(
    place: dict[str, Any], wanted: Sequence[str], head: Iterable[str]
) -> Sequence[str]:
    """What is wanted, and the column that is read where it is there."""
    name: str = place.get("optional") or ""
    return [*wanted, name] if name in head and name not in wanted else wanted


def check_columns(path: str, head: Sequence[str], wanted: Iterable[str]) -> None:
    """Raise `Refused` where a wanted column is missing or stands there twice."""
    from mlgate.core.parts import nearest

    for name in wanted:
        if name not in head:
            raise NoColumn(f"{path} has no column {name!r}", nearest(name, list(head)))
        if list(head).count(name) > 1:
            raise Refused(f"{path} has {list(head).count(name)} columns called {name!r}")


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
