"""A DuckDB that may read the files of one table and nothing else, and how it opens them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.tables._protocol import Source
from mlgate.tables._separator import separator
from mlgate.tables._sql import text
from mlgate.tables.table import Column, Type

_CSV = (
    "header=true, quote='\"', escape='\"', skip=0, strict_mode=true, null_padding=false,"
    " ignore_errors=false, comment=''"
)
_TYPES: dict[str, Type] = {
    "TINYINT": "integer", "SMALLINT": "integer", "INTEGER": "integer", "BIGINT": "integer",
    "HUGEINT": "integer", "UTINYINT": "integer", "USMALLINT": "integer", "UINTEGER": "integer",
    "UBIGINT": "integer", "UHUGEINT": "integer", "FLOAT": "float", "DOUBLE": "float",
    "VARCHAR": "string", "BOOLEAN": "boolean", "DATE": "date", "TIME": "time",
    "TIMESTAMP": "timestamp", "TIMESTAMP_S": "timestamp", "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp", "TIMESTAMPTZ_NS": "timestamp", "TIME_NS": "time",
    "TIMESTAMP WITH TIME ZONE": "timestamp", "BLOB": "binary",
    "UUID": "other", "JSON": "other",
}  # fmt: skip
_DIRECT = 17
"""Bits of a group's number up to which groups are counted in an array: thousands of bins in two
thirds of the time that a hash table takes."""


class Database:
    """A connection that is locked to `files`."""

    def __init__(
        self,
        files: Iterable[str],
        memory: str,
        spill: str,
        threads: int | None = None,
        *,
        conditions: bool = False,
    ) -> None:
        """With `conditions` of a policy's own every row is asked: where the bounds in a Parquet
        file leave NaN out, DuckDB takes them at their word (2.0.0)."""
        import duckdb

        config: dict[str, Any] = {
            "memory_limit": memory,
            "temp_directory": spill,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "perfect_ht_threshold": _DIRECT,
        }
        if threads:
            config["threads"] = threads
        if conditions:
            config["disabled_optimizers"] = "statistics_propagation,filter_pushdown"
        self._connection = duckdb.connect(":memory:", config=config)
        listed = ", ".join(text(file) for file in files)
        for statement in (
            f"SET allowed_paths = [{listed}]",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self._connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return list(self._connection.execute(query).fetchall())

    def register(self, name: str, frame: object) -> None:
        """Let queries see an Arrow data set under `name`."""
        self._connection.register(name, frame)

    def close(self) -> None:
        """Let go of memory and of what was spilled."""
        self._connection.close()


def source(database: Database, table: Source, files: Sequence[str] | None = None) -> str:
    """A table expression over those files, or over all of the table's."""
    chosen = table.files if files is None else files
    listed = "[" + ", ".join(text(file) for file in chosen) + "]"
    hive = f"hive_partitioning={str(table.partitioned).lower()}"
    union = ", union_by_name=true" if len(chosen) > 1 else ""
    if table.form == "parquet":
        return f"read_parquet({listed}, {hive}{union})"
    if table.form == "csv":
        delimiter = text(separator(chosen[0]))
        return f"read_csv({listed}, {_CSV}, delim={delimiter}, {hive}{union})"
    if table.form == "json":
        return f"read_json({listed}, format='newline_delimited', {hive}{union})"
    return _arrow(database, chosen)


def numbered(database: Database, table: Source) -> str:
    """The table with `__row`, the number of the row in `__file`, or among all rows."""
    whole = source(database, table)
    if table.form == "parquet":
        plain = whole.removesuffix(")") + ", file_row_number=true, filename='__file')"
        return f"(SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS __row FROM {plain})"
    return f"(SELECT *, row_number() OVER () AS __row, '' AS __file FROM {whole})"


def _arrow(database: Database, files: Sequence[str]) -> str:
    try:
        from pyarrow import dataset  # type: ignore[import-untyped]
    except ImportError:
        raise GateError("Arrow files need pyarrow", "pip install pyarrow") from None
    name = f"arrow_{abs(hash(tuple(files)))}"
    database.register(name, dataset.dataset(list(files), format="feather"))
    return name


def columns(database: Database, table: Source, file: str) -> list[Column]:
    """The columns of one file. Raises `GateError` where it holds nothing."""
    if not os.path.getsize(file):
        which = f"{shown(os.path.basename(file))} is" if len(table.files) > 1 else "it is"
        raise GateError(f"{which} empty: 0 bytes", "write it again, or bring it anew (dvc pull)")
    described = database.rows(f"DESCRIBE SELECT * FROM {source(database, table, [file])}")
    return [Column(row[0], _type(row[1]), row[1]) for row in described]


def _type(native: str) -> Type:
    if native in _TYPES:
        return _TYPES[native]
    if native.startswith("DECIMAL("):
        return "decimal"
    if native.startswith("ENUM("):
        return "string"
    nested = native.endswith("]") or native.startswith(("STRUCT(", "MAP(", "UNION("))
    return "nested" if nested else "other"
