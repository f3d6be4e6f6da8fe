"""Reads the columns of a table, in the worker: CSV, JSON, JSON lines and Parquet.

Small text files are read by the standard library, so that they cost no engine's start.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.errors import GateError
from mlgate.gates import _model_json
from mlgate.gates._model_delimited import delimited
from mlgate.gates._model_head import check_columns, with_optional
from mlgate.gates._model_refused import Refused
from mlgate.tables._separator import opened
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
_LINES = (".jsonl", ".ndjson", ".jsonl.gz")
_DELIMITED = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_FORMS: dict[str, Form] = {
    ".json": "json",
    **{one: FORMS[one] for one in (*_DELIMITED, *_LINES, ".parquet", ".pq")},
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
    if suffix not in _FORMS:
        raise Refused(
            f"{place['path']}: {suffix or 'a file without a suffix'} is no table that can be read",
            "write it as .csv, .tsv, .csv.gz, .jsonl, .json or .parquet",
        )
    found: dict[str, Array | Coded]
    if suffix == ".json" or (suffix in _LINES and (_is_small(files) or _has_paths(place, wanted))):
        found = dict(_model_json.read(place, wanted, lines=suffix != ".json"))
    elif suffix in _DELIMITED and (raw := _small(place)) is not None:
        found = dict(delimited(place, raw, wanted))
    else:
        found = _large(msgspec.convert(place["engine"], Engine), place, wanted, rounded)
    if not empty and not len(next(iter(found.values()), ())):
        raise Refused(f"{place['path']} has no rows", "evaluate the model on its test set")
    return found


def _is_small(files: Sequence[str]) -> bool:
    return len(files) == 1 and os.path.getsize(files[0]) <= SMALL


def _small(place: dict[str, Any]) -> bytes | None:
    """The bytes of a small text file, unpacked; None of a larger one. Raises `Refused` where they
    cannot be unpacked."""
    if not _is_small(place["files"]):
        return None
    try:
        with opened(place["files"][0]) as file:
            raw = file.read(SMALL + 1)
    except (EOFError, zlib.error, OSError) as error:
        raise Refused(f"{place['path']} cannot be read: {error}", "write it again") from None
    return raw if len(raw) <= SMALL else None


def _has_paths(place: dict[str, Any], wanted: Sequence[str]) -> bool:
    """True where a name may be a path into objects, of which engines make what they like."""
    return any("." in name for name in (*wanted, place.get("optional") or ""))


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
