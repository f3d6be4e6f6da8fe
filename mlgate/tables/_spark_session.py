"""The Spark session of the policy, and how it opens the files of a table."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from mlgate.core.errors import GateError
from mlgate.core.text import plain, shown
from mlgate.tables._protocol import Source
from mlgate.tables._spark_footer import MARK, PARTIAL, understood
from mlgate.tables._spark_functions import BEYOND_ASCII
from mlgate.tables._spark_kinds import NAN
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
    """Those files as one frame. Raises `GateError` for a form that Spark does not read.

    Of times in nanoseconds the columns of `exact` (None: all) must hold whole microseconds; others
    are rounded down to them.
    """
    for file in files:
        _check_reads(file)
    if table.form == "parquet":
        reader = spark.read.option("mergeSchema", str(len(files) > 1).lower())
        return understood(_partitioned(reader, table, files).parquet(*files), files, exact)
    if table.form == "csv":
        from mlgate.tables._connect import _delimiter

        reader = spark.read.options(
            header=True, inferSchema=True, mode="FAILFAST", multiLine=True, escape='"',
            sep=_delimiter(files[0]), enforceSchema=False, unescapedQuoteHandling="RAISE_ERROR",
            emptyValue="", encoding="UTF-8",
        )  # fmt: skip
        return cast("DataFrame", _partitioned(reader, table, files).csv(list(files)))
    if table.form == "json":
        reader = spark.read.option("mode", "FAILFAST")
        return cast("DataFrame", _partitioned(reader, table, files).json(list(files)))
    kind = "Arrow files" if table.form == "arrow" else "database files"
    raise GateError(f"Spark reads no {kind}", "write the table as Parquet")


def _check_reads(file: str) -> None:
    """Raise `GateError` for a name that Spark reads as another, or passes over without a word."""
    name = os.path.basename(file)
    if any(sign in file for sign in _GLOB):
        raise GateError(f"Spark takes {shown(name)} for a pattern", "rename it")
    if name.startswith(("_", ".")):
        raise GateError(f"Spark passes over {shown(name)}, as over hidden files", "rename it")
    if ":" in name:
        raise GateError(f"Spark reads no file with a colon in its name: {shown(name)}", "rename it")
    if not os.path.getsize(file):
        raise GateError(f"{shown(name)} is empty: 0 bytes")


def _partitioned(reader: Any, table: Source, files: tuple[str, ...]) -> Any:
    """With the columns that folders named `key=value` add."""
    if not table.partitioned:
        return reader
    steps = os.path.commonpath([os.path.dirname(file) for file in files]).split("/")
    first = next((i for i, step in enumerate(steps) if "=" in step), len(steps))
    return reader.option("basePath", "/".join(steps[:first]))


def columns(found: DataFrame) -> list[Column]:
    """Its columns, typed as a policy names types. Raises `GateError` where Spark takes two for
    one."""
    names = [name.lower() for name in found.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise GateError(f"two columns differ in case only: {shown(twice)}", "rename one")
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
    for raised in (PARTIAL, NAN, BEYOND_ASCII):
        if raised in str(error):
            return raised
    if condition == "PARQUET_TYPE_ILLEGAL" or "Illegal Parquet type" in first:
        return (
            "a column is of a type that Spark does not read, such as a time of day in nanoseconds"
        )
    return (condition or first)[:500] or type(error).__name__
