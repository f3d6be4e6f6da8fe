"""Reads columns of a table through DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mlgate.core.errors import GateError
from mlgate.tables._arrow_stream import numbers
from mlgate.tables._protocol import Source
from mlgate.tables._separator import separator
from mlgate.tables._sql import name as quoted
from mlgate.tables._sql import text
from mlgate.tables.columns import LONG, Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgate.tables._engine import Engine

    Array = NDArray[Any]

_FEW = 100
"""Different texts up to which they are looked up one after the other: DuckDB does so once for those
of a dictionary, where it would cast every row to an ENUM."""


def fetched(
    _engine: Engine,
    table: Source,
    choose: Callable[[list[str]], Sequence[str]],
    rounds: Callable[[int, str], bool],
    /,
) -> dict[str, Array | Coded]:
    """The columns, as `mlgate.tables.columns` says."""
    import duckdb

    settings: Any = {"memory_limit": "300MB", "autoinstall_known_extensions": "false"}
    database = duckdb.connect(config=settings)
    try:
        return _columns(database, _source(table), choose, rounds)
    except duckdb.Error as error:
        raise GateError(f"cannot be read: {str(error).splitlines()[0]}") from None
    finally:
        database.close()


def _columns(
    database: Any,
    source: str,
    choose: Callable[[list[str]], Sequence[str]],
    rounds: Callable[[int, str], bool],
) -> dict[str, Array | Coded]:
    described = database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    types = {row[0]: row[1] for row in described}
    wanted = choose(list(types))
    number = database.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]
    rounded = {name for name in wanted if rounds(number, name)}
    texts = {name: _texts(database, source, name) for name in wanted if types[name] == "VARCHAR"}
    if rounded and source.startswith("read_parquet"):
        types |= _small(database, source, {name: types[name] for name in wanted})
    picked = [
        _picked(name, types[name], texts.get(name), short=bool(rounded), single=name in rounded)
        for name in wanted
    ]
    query = f"SELECT {', '.join(picked)} FROM {source}"
    found = numbers(database, query, number) if rounded else None
    if found is None:
        found = database.execute(query).fetchnumpy()
    return {name: _plain(found[name], texts.get(name)) for name in wanted}


def _source(table: Source) -> str:
    listed = ", ".join(map(text, table.files))
    several = ", union_by_name=true" if len(table.files) > 1 else ""
    hive = f"hive_partitioning={str(table.partitioned).lower()}{several}"
    if table.form == "parquet":
        return f"read_parquet([{listed}], {hive})"
    if table.form == "csv":
        delimiter = text(separator(table.files[0]))
        return f"read_csv([{listed}], header=true, delim={delimiter}, sample_size=-1, {hive})"
    return f"read_json([{listed}], format='newline_delimited', {hive})"


def _texts(database: Any, source: str, name: str) -> list[str] | None:
    """The different texts of a column, if they are few."""
    found = database.execute(
        f"SELECT DISTINCT {quoted(name)} FROM {source} WHERE {quoted(name)} IS NOT NULL "
        f"LIMIT {LONG + 1}"
    ).fetchall()
    return sorted(row[0] for row in found) if 0 < len(found) <= LONG else None


def _small(database: Any, source: str, types: dict[str, str]) -> dict[str, str]:
    """The narrowest type of each column of whole numbers, from the footers of Parquet files."""
    whole = [name for name, kind in types.items() if kind in ("BIGINT", "INTEGER", "SMALLINT")]
    if not whole:
        return {}
    listed = ", ".join(f"min({quoted(name)}), max({quoted(name)})" for name in whole)
    [found] = database.execute(f"SELECT {listed} FROM {source}").fetchall()
    narrow = {}
    for name, least, most in zip(whole, found[::2], found[1::2], strict=True):
        if least is not None and least >= 0 and most < 2**8:
            narrow[name] = "UTINYINT"
        elif least is not None and least >= -(2**31) and most < 2**31:
            narrow[name] = "INTEGER"
    return narrow


def _picked(name: str, kind: str, texts: list[str] | None, *, short: bool, single: bool) -> str:
    """The expression for a column; `short` of a few texts, `single` in single precision."""
    column = quoted(name)
    if texts is not None:
        listed = ", ".join(map(text, texts))
        if short and len(texts) <= _FEW:
            return f"CAST(list_position([{listed}], {column}) - 1 AS UTINYINT) AS {column}"
        return f"enum_code(CAST({column} AS ENUM({listed}))) AS {column}"
    if kind.startswith("DECIMAL") or (kind == "DOUBLE" and single):
        return f"CAST({column} AS {'FLOAT' if single else 'DOUBLE'}) AS {column}"
    if kind == "BOOLEAN":
        return f"CAST({column} AS TINYINT) AS {column}"
    return f"CAST({column} AS {kind}) AS {column}" if kind in ("UTINYINT", "INTEGER") else column


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
