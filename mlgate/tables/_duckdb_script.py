"""The worker of the embedded engine: one request on standard input, JSON lines in answer."""

from __future__ import annotations

from collections.abc import Iterator

from mlgate.core.answering import answer, serve
from mlgate.core.errors import GateError
from mlgate.tables import _aggregate, _broken, _database, _overlap, _skew
from mlgate.tables._engine_words import told
from mlgate.tables._protocol import (
    Aggregates,
    Examples,
    Failing,
    Line,
    Orphans,
    Overlap,
    Request,
    Several,
    Skew,
)  # fmt: skip


def answered(request: Request) -> Iterator[Line]:
    try:
        import duckdb
    except ImportError:
        yield Line(missing="duckdb")
        return
    try:
        yield from _asked(_database.extracted(request))
    except GateError as error:
        yield Line(error=error.message, hint=error.hint)
    except (duckdb.Error, OSError) as error:
        reason, mend = told(error)
        yield Line(error=reason, hint=mend)


def _asked(request: Request) -> Iterator[Line]:
    match request.ask:
        case Aggregates():
            return _aggregate.answers(request, [request.ask])
        case Several(asks=asks):
            return _aggregate.answers(request, asks)
        case Examples():
            return _broken.examples(request, request.ask)
        case Failing():
            return _broken.failing(request, request.ask)
        case Orphans():
            return _overlap.orphans(request, request.ask)
        case Overlap():
            return _overlap.overlap(request, request.ask)
        case Skew():
            return _skew.skew(request, request.ask)


def main() -> None:
    """Answer one request in an interpreter that may be asked again."""
    answer(answered, Request)


if __name__ == "__main__":
    serve(answered, Request)
