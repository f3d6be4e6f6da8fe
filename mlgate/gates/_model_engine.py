"""Reads the columns of a table through DuckDB, in the worker; text comes as codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlgate.gates._model_read import MANY, Coded, Refused, check_columns, with_optional

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_LONG = 10_000
"""Different texts of a column up to which they are fetched as codes."""


def columns(place: dict[str, Any], suffix: str, wanted: Sequence[str]) -> dict[str, Array | Coded]:
    """The wanted columns, in the file's order."""
    try:
        import duckdb
    except ImportError:
        raise Refused(
            f"{place['path']} is read by DuckDB, which is not installed",
            "pip install 'mlgate[model]'",
        ) from None
    settings: Any = {"memory_limit": "300MB", "autoinstall_known_extensions": "false"}
    engine = duckdb.connect(config=settings)
    try:
        return _fetched(engine, place, suffix, list(wanted))
    except duckdb.Error as error:
        raise Refused(f"{place['path']} cannot be read: {str(error).splitlines()[0]}") from None
    finally:
        engine.close()


def _fetched(
    engine: Any, place: dict[str, Any], suffix: str, wanted: list[str]
) -> dict[str, Array | Coded]:
    source = _source(place["file"], suffix)
    described = engine.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    types = {row[0]: row[1] for row in described}
    wanted = list(with_optional(place, wanted, types))
    check_columns(place["path"], list(types), wanted)
    rows = engine.execute(f"SELECT count(*) FROM {source}").fetchone()[0]
    texts = {name: _texts(engine, source, name) for name in wanted if types[name] == "VARCHAR"}
    picked = [_picked(name, types[name], texts.get(name), rows) for name in wanted]
    found = engine.execute(f"SELECT {', '.join(picked)} FROM {source}").fetchnumpy()
    return {name: _plain(found[name], texts.get(name)) for name in wanted}


def _source(file: str, suffix: str) -> str:
    quoted = "'" + file.replace("'", "''") + "'"
    if suffix in (".parquet", ".pq"):
        return f"read_parquet({quoted})"
    if suffix in (".csv", ".tsv"):
        delimiter = "\\t" if suffix == ".tsv" else ","
        return f"read_csv({quoted}, header=true, delim='{delimiter}', sample_size=-1)"
    return f"read_json({quoted}, format='newline_delimited')"


def _texts(engine: Any, source: str, name: str) -> list[str] | None:
    """The different texts of a column, if they are few."""
    found = engine.execute(
        f"SELECT DISTINCT {_quoted(name)} FROM {source} WHERE {_quoted(name)} IS NOT NULL "
        f"LIMIT {_LONG + 1}"
    ).fetchall()
    return sorted(row[0] for row in found) if 0 < len(found) <= _LONG else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _picked(name: str, kind: str, texts: list[str] | None, rows: int) -> str:
    column = _quoted(name)
    if texts is not None:
        listed = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
        return f"enum_code(CAST({column} AS ENUM({listed}))) AS {column}"
    if kind.startswith("DECIMAL") or (kind == "DOUBLE" and rows > MANY):
        return f"CAST({column} AS {'FLOAT' if rows > MANY else 'DOUBLE'}) AS {column}"
    if kind == "BOOLEAN":
        return f"CAST({column} AS TINYINT) AS {column}"
    return column


def _plain(found: Any, texts: list[str] | None) -> Array | Coded:
    """A fetched column without mask: nulls are NaN, or empty text."""
    import numpy as np

    if texts is not None:
        if np.ma.isMaskedArray(found) and found.mask.any():
            codes = np.ma.filled(found.astype(np.int32), len(texts))
            return Coded(codes, [*texts, ""])
        return Coded(np.asarray(found), texts)
    if not np.ma.isMaskedArray(found) or not found.mask.any():
        plain: Array = np.asarray(found)
        return plain
    if found.dtype.kind in "iuf":
        return np.ma.filled(found.astype(float), np.nan)
    filled: Array = np.where(found.mask, "", found.data.astype(str))
    return filled
