"""Reads the columns of a table, in the worker: CSV, JSON, JSON lines and Parquet.

Small text files are read by the standard library, so that they cost no engine's start.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.errors import GateError
from mlgate.gates import _model_json
from mlgate.gates._model_delimited import delimited
from mlgate.gates._model_head import check_columns, with_optional
from mlgate.gates._model_refused import Refused
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
_FORMS: dict[str, Form] = {
    ".json": "json",
    **{each: FORMS[each] for each in (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".pq")},
}


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
    engine = msgspec.convert(place["engine"], Engine)
    if suffix == ".json":  # a document, which Spark does not read
        engine = msgspec.structs.replace(engine, name="duckdb")
    if suffix not in _FORMS:
        raise Refused(
            f"{place['path']}: {suffix or 'a file without a suffix'} is no table that can be read",
            "write it as .csv, .tsv, .jsonl, .json or .parquet",
        )
    if suffix not in (".parquet", ".pq") and _is_small(files):
        found: dict[str, Array | Coded] = dict(_small(place, suffix, wanted))
    else:
        found = _large(engine, place, wanted, rounded)
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


def _small(place: dict[str, Any], suffix: str, wanted: Sequence[str]) -> dict[str, Array]:
    with open(place["files"][0], "rb") as file:
        raw = file.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{place['path']} is not UTF-8 at byte {error.start:,}") from None
    if suffix in (".csv", ".tsv"):
        return delimited(place, text, "\t" if suffix == ".tsv" else ",", wanted)
    return _model_json.read(place, text, wanted, lines=suffix != ".json")
