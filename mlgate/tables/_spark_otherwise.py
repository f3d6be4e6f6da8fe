"""What Spark might answer otherwise than the embedded engine, which answers it in its place."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager

from mlgate.tables import _sql
from mlgate.tables.table import Form

_UNKNOWN = re.compile(
    r"\[(?:UNSUPPORTED|PARQUET|FAILED_READ|COLUMN_ALREADY|AMBIGUOUS)_[\w.]+\]"
    r"|Illegal Parquet type"
)
"""What it says of files and types that it does not read, and of columns that it takes for one."""
_RAISED = "mlgate: Spark may answer otherwise: "


class Otherwise(Exception):
    """Spark reads, rounds or compares this in another way; the message says what."""


def unless(problem: str, sql: str, what: str) -> str:
    """The value of `sql`, in our quotes, but for rows of which the condition `problem` holds.

    The query fails where there is such a row, and `otherwise` knows the failure again.
    """
    return f"CASE WHEN {problem} THEN raise_error({_sql.text(_RAISED + what)}) ELSE {sql} END"


def failures() -> tuple[type[Exception], ...]:
    """What Spark raises. Raises `ImportError` where it is not installed."""
    from pyspark.errors import PySparkException

    bridge = importlib.import_module("py4j.protocol")  # which pyspark brings, and lets through
    return PySparkException, bridge.Py4JError, OSError


@contextmanager
def otherwise(form: Form) -> Iterator[None]:
    """Raise `Otherwise` for errors of Spark that mean it: of text files all do, which can be wrong
    in ways that the embedded engine has words for, or reads."""
    try:
        yield
    except failures() as error:
        said = str(error)
        if form in ("csv", "json"):
            raise Otherwise(said) from None
        if _RAISED in said:
            raise Otherwise(said.partition(_RAISED)[2].partition("\n")[0]) from None
        unknown = _UNKNOWN.search(said)
        if unknown is not None:
            raise Otherwise(unknown[0]) from None
        raise
