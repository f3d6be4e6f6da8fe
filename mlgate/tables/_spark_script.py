"""The worker of the Spark engine: one request on standard input, JSON lines in answer."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import msgspec

from mlgate.core.errors import GateError
from mlgate.core.text import plain
from mlgate.tables._protocol import Aggregates, Line, Request, Several


def main() -> None:
    """Answer, and say what went wrong as an answer too.

    Sessions write what they like to standard output, so that answers go where it was at first.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=Request)
    encoder = msgspec.json.Encoder()
    for line in answered(request):
        answers.write(encoder.encode(line) + b"\n")
    answers.write(b'{"end":true}\n')
    answers.flush()
    os._exit(0)  # a session that is left alone takes seconds to end


def answered(request: Request) -> Iterator[Line]:
    """The lines of an answer; rows rather than aggregates are the embedded engine's matter."""
    if not isinstance(request.ask, Aggregates | Several):
        from mlgate.tables import _duckdb_script

        yield from _duckdb_script._answered(request)
        return
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession  # noqa: F401
    except ImportError:
        yield Line(missing="pyspark")
        return
    from mlgate.tables import _spark

    try:
        yield from _spark.answers(request, request.ask)
    except GateError as error:
        yield Line(error=error.message, hint=error.hint)
    except (PySparkException, OSError) as error:
        yield Line(error=_told(error))


def _told(error: Exception) -> str:
    """The first line; the others may quote rows."""
    condition = getattr(error, "getCondition", lambda: None)()
    first = plain(str(error)).strip().partition("\n")[0]
    return (condition or first)[:500] or type(error).__name__


if __name__ == "__main__":
    main()
