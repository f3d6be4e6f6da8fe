"""The columns of text files on Spark, typed as the embedded engine types them."""

from __future__ import annotations

import tempfile

from mlgate.tables._connect import Database, source
from mlgate.tables._protocol import Source
from mlgate.tables._spark_otherwise import Otherwise

_TYPES = {
    "BIGINT": "bigint", "DOUBLE": "double", "VARCHAR": "string", "BOOLEAN": "boolean",
    "DATE": "date", "TIMESTAMP": "timestamp_ntz",
}  # fmt: skip
_LOOKED_AT = "64MB"


def schema(table: Source, files: tuple[str, ...]) -> str:
    """Their columns as Spark declares them. Raises `Otherwise` for types that Spark reads from text
    in another way, and for what the embedded engine has to say of the files."""
    import duckdb

    database = Database(files, _LOOKED_AT, tempfile.gettempdir())
    try:
        described = database.rows(f"DESCRIBE SELECT * FROM {source(database, table, files)}")
    except duckdb.Error:
        raise Otherwise("files that the embedded engine does not read") from None
    finally:
        database.close()
    columns = []
    for name, kind, *_ in described:
        if kind not in _TYPES:
            raise Otherwise(f"a text that is {kind}")
        quoted = name.replace("`", "``")
        columns.append(f"`{quoted}` {_TYPES[kind]}")
    return ", ".join(columns)
