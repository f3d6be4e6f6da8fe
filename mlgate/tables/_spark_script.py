"""The worker of the Spark engine: one request on standard input, JSON lines in answer."""

from __future__ import annotations

from collections.abc import Iterator

from mlgate.core.answering import serve
from mlgate.core.errors import GateError
from mlgate.tables._protocol import Aggregates, Line, Request, Several
from mlgate.tables._spark_otherwise import failures


def answered(request: Request) -> Iterator[Line]:
    """The lines of an answer; rows rather than aggregates are the embedded engine's matter."""
    if not isinstance(request.ask, Aggregates | Several):
        from mlgate.tables import _duckdb_script

        yield from _duckdb_script.answered(request)
        return
    try:
        import duckdb  # noqa: F401 - it answers what Spark may answer otherwise

        spark_failures = failures()
    except ImportError as error:
        yield Line(missing=str(error.name).partition(".")[0])
        return
    from mlgate.tables import _spark
    from mlgate.tables._spark_session import told

    try:
        yield from _spark.answers(request, request.ask)
    except GateError as error:
        yield Line(error=error.message, hint=error.hint)
    except spark_failures as error:
        yield Line(error=told(error))


if __name__ == "__main__":
    serve(answered, Request)
