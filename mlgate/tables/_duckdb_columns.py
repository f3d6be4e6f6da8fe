"""Reads columns of a table through DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mlgate.core.errors import GateError
from mlgate.tables._connect import _delimiter
from mlgate.tables._protocol import Source
from mlgate.tables._sql import name as quoted
from mlgate.tables._sql import text
from mlgate.tables.columns import LONG, Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgate.tables._engine import Engine

    Array = NDArray[Any]

_TRIED = 512
"""Moduli, of which each tells so few texts apart in six of ten cases."""


def fetched(
    _engine: Engine,
    table: Source,
    choose: Callable[[list[str]], Sequence[str]],
    rounds: Callable[[int], bool],
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
    rounds: Callable[[int], bool],
) -> dict[str, Array | Coded]:
    described = database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    types = {row[0]: row[1] for row in described}
    wanted = choose(list(types))
    single = rounds(database.execute(f"SELECT count(*) FROM {source}").fetchone()[0])
    texts = {name: _texts(database, source, name) for name in wanted if types[name] == "VARCHAR"}
    hashed = {name: _hashed(database, few) for name, few in texts.items() if few and single}
    picked = [
        _picked(name, types[name], texts.get(name), single, hashed.get(name)) for name in wanted
    ]
    found = database.execute(f"SELECT {', '.join(picked)} FROM {source}").fetchnumpy()
    return {name: _plain(found[name], texts.get(name), hashed.get(name)) for name in wanted}


def _source(table: Source) -> str:
    listed = ", ".join(map(text, table.files))
    several = ", union_by_name=true" if len(table.files) > 1 else ""
    hive = f"hive_partitioning={str(table.partitioned).lower()}{several}"
    if table.form == "parquet":
        return f"read_parquet([{listed}], {hive})"
    if table.form == "csv":
        delimiter = text(_delimiter(table.files[0]))
        return f"read_csv([{listed}], header=true, delim={delimiter}, sample_size=-1, {hive})"
    return f"read_json([{listed}], format='newline_delimited', {hive})"


def _texts(database: Any, source: str, name: str) -> list[str] | None:
    """The different texts of a column, if they are few."""
    found = database.execute(
        f"SELECT DISTINCT {quoted(name)} FROM {source} WHERE {quoted(name)} IS NOT NULL "
        f"LIMIT {LONG + 1}"
    ).fetchall()
    return sorted(row[0] for row in found) if 0 < len(found) <= LONG else None


class _Hashed(NamedTuple):
    """A modulus that tells the hashes of some texts, and of none, apart; and whose each rest is."""

    modulus: int
    code: Array


def _hashed(database: Any, texts: list[str]) -> _Hashed | None:
    """None where no small modulus does. DuckDB hashes the few texts of a dictionary, where it would
    cast every row to an ENUM."""
    import numpy as np

    listed = ", ".join([*map(text, texts), "NULL"])
    rows = database.execute(f"SELECT hash(unnest([{listed}]))").fetchall()
    hashes = [row[0] for row in rows]
    least = len(hashes) ** 2
    for modulus in range(least, min(least + _TRIED, 1 << 16)):
        if len({one % modulus for one in hashes}) == len(hashes):
            code = np.zeros(modulus, dtype=np.uint8 if len(texts) < 255 else np.int32)
            code[[one % modulus for one in hashes]] = np.arange(len(hashes))
            return _Hashed(modulus, code)
    return None


def _picked(
    name: str, kind: str, texts: list[str] | None, single: bool, hashed: _Hashed | None
) -> str:
    column = quoted(name)
    if hashed is not None:
        return f"CAST(hash({column}) % {hashed.modulus} AS USMALLINT) AS {column}"
    if texts is not None:
        listed = ", ".join(map(text, texts))
        return f"enum_code(CAST({column} AS ENUM({listed}))) AS {column}"
    if kind.startswith("DECIMAL") or (kind == "DOUBLE" and single):
        return f"CAST({column} AS {'FLOAT' if single else 'DOUBLE'}) AS {column}"
    if kind == "BOOLEAN":
        return f"CAST({column} AS TINYINT) AS {column}"
    return column


def _plain(found: Any, texts: list[str] | None, hashed: _Hashed | None) -> Array | Coded:
    """A fetched column without mask: nulls are NaN, or empty text."""
    import numpy as np

    if texts is not None and hashed is not None:
        codes = hashed.code[np.asarray(found)]
        return Coded(codes, [*texts, ""] if bool((codes == len(texts)).any()) else texts)
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
