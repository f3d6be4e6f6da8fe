"""The Spark session of the policy, and how it opens the files of a table."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from mlgate.core.errors import GateError
from mlgate.core.text import plain, shown
from mlgate.tables._protocol import Source
from mlgate.tables._spark_footer import MARK, understood
from mlgate.tables._spark_otherwise import Otherwise
from mlgate.tables._spark_text import schema
from mlgate.tables.table import Column, Type

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_TYPES: dict[str, Type] = {
    "tinyint": "integer", "smallint": "integer", "int": "integer", "bigint": "integer",
    "float": "float", "double": "float", "string": "string", "boolean": "boolean", "date": "date",
    "timestamp": "timestamp", "timestamp_ntz": "timestamp", "binary": "binary",
}  # fmt: skip
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "true",
}


_PORT, _PATIENCE = 15002, 10
_GLOB = "*?[]{}\\"


def session(given: dict[str, str]) -> SparkSession:
    """The session at `remote`, or of `master`. Raises `GateError`."""
    from pyspark.sql import SparkSession

    builder: Any = SparkSession.builder
    if given.get("remote"):
        _check_listens(given["remote"])
        builder = builder.remote(given["remote"])
    else:
        builder = builder.master(given.get("master") or "local[*]")
        builder = builder.config("spark.ui.enabled", "false").appName("mlgate")
        builder = builder.config("spark.log.level", "ERROR")
        builder = builder.config("spark.ui.showConsoleProgress", "false")
    try:
        found: SparkSession = builder.getOrCreate()
        for key, value in _SETTINGS.items():
            found.conf.set(key, value)
    except Exception as error:  # Java that is missing, an address where nobody listens
        first = str(error).strip().partition("\n")[0]
        raise GateError(
            f"no Spark session: {shown(first[:200])}",
            "see `[tables] spark` in the policy, and that Java 17 is there",
        ) from None
    return found


def _check_listens(remote: str) -> None:
    """Raise `GateError` where nobody answers: Spark's own client tries again for ten minutes."""
    import socket
    from urllib.parse import urlsplit
    from urllib.request import getproxies

    try:
        address = urlsplit(remote)
        if address.scheme != "sc" or not address.hostname or getproxies():
            return
        socket.create_connection((address.hostname, address.port or _PORT), _PATIENCE).close()
    except (OSError, ValueError) as error:
        raise GateError(
            f"no Spark session: {shown(remote.partition(';')[0])}: {error}",
            "see `[tables] spark` in the policy, and that the server runs",
        ) from None


def frame(
    spark: SparkSession,
    table: Source,
    files: tuple[str, ...],
    exact: frozenset[str] | None = None,
) -> DataFrame:
    """Those files as one frame. Raises `Otherwise` where Spark does not read them as they are.

    Of times in nanoseconds the columns of `exact` (None: all) must hold whole microseconds; others
    are rounded down to them.
    """
    for file in files:
        _check_reads(file)
    if table.form == "parquet":
        reader = spark.read.option("mergeSchema", str(len(files) > 1).lower())
        return understood(_partitioned(reader, table, files).parquet(*files), files, exact)
    if table.form == "csv":
        from mlgate.tables._separator import separator

        reader = spark.read.schema(schema(table, files)).options(
            header=True, mode="FAILFAST", multiLine=True, escape='"',
            sep=separator(files[0]), enforceSchema=False, unescapedQuoteHandling="RAISE_ERROR",
            emptyValue="", encoding="UTF-8",
        )  # fmt: skip
        return cast("DataFrame", _partitioned(reader, table, files).csv(list(files)))
    if table.form == "json":
        reader = spark.read.schema(schema(table, files)).option("mode", "FAILFAST")
        return cast("DataFrame", _partitioned(reader, table, files).json(list(files)))
    raise Otherwise(f"it reads no {table.form}")


def _check_reads(file: str) -> None:
    """Raise `Otherwise` for what Spark takes for another file, or passes over without a word."""
    name = os.path.basename(file)
    if any(sign in file for sign in _GLOB):
        raise Otherwise("a name that is a pattern to it")
    if name.startswith(("_", ".")):
        raise Otherwise("a name of hidden files, which it passes over")
    if ":" in name:
        raise Otherwise("a name with a colon")
    if not os.path.getsize(file):
        raise Otherwise("a file of no bytes")


def _partitioned(reader: Any, table: Source, files: tuple[str, ...]) -> Any:
    """With the columns that folders named `key=value` add."""
    if not table.partitioned:
        return reader
    steps = os.path.commonpath([os.path.dirname(file) for file in files]).split("/")
    first = next((i for i, step in enumerate(steps) if "=" in step), len(steps))
    return reader.option("basePath", "/".join(steps[:first]))


def columns(found: DataFrame) -> list[Column]:
    """Its columns, typed as a policy names types. Raises `Otherwise` where Spark takes two for
    one."""
    if len({name.lower() for name in found.columns}) < len(found.columns):
        raise Otherwise("two columns differ in case only")
    return [Column(f.name, _type(f.dataType.simpleString(), f.metadata.get(MARK) == "unsigned"),
                   f.dataType.simpleString()) for f in found.schema.fields]  # fmt: skip


def _type(native: str, unsigned: bool = False) -> Type:
    if unsigned:
        return "integer"
    if native in _TYPES:
        return _TYPES[native]
    if native.startswith("decimal("):
        return "decimal"
    if native.startswith("time("):
        return "time"
    nested = native.startswith(("array<", "struct<", "map<"))
    return "nested" if nested else "other"


def told(error: Exception) -> str:
    """What Spark says, in its first line; the others may quote rows."""
    condition = getattr(error, "getCondition", lambda: None)()
    first = plain(str(error)).strip().partition("\n")[0]
    return (condition or first)[:500] or type(error).__name__
