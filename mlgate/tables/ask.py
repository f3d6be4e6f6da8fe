"""Asks tables for aggregates: what is stored first, then what their engine finds out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.text import shown
from mlgate.tables._asking import Answers, Asking
from mlgate.tables._engine import Engine, engine_of
from mlgate.tables._protocol import Ask, Line, Request, Several
from mlgate.tables.aggregates import Aggregate
from mlgate.tables.table import Located

if TYPE_CHECKING:
    from mlgate.tables._asking import Desk

__all__ = ["Answers", "ask", "ask_each", "digest", "told"]


def ask(ctx: Desk, table: Located, wanted: Sequence[Aggregate]) -> Answers:
    """The answers to all of `wanted`. Raises `GateError`, `ToolMissing`."""
    return ask_each(ctx, (table,), wanted)[0]


def ask_each(ctx: Desk, tables: Sequence[Located], wanted: Sequence[Aggregate]) -> list[Answers]:
    """The same of several tables, in one process of the engine."""
    asking = [Asking(ctx, table, list(dict.fromkeys(wanted))) for table in tables]
    if engine_of(ctx).embedded:
        for asked in asking:
            asked.prove()
    waiting = [one for one in asking if one.question() is not None]
    for engine in dict.fromkeys(one.engine.name for one in waiting):
        _find_out(ctx, [one for one in waiting if one.engine.name == engine])
    return [one.answers() for one in asking]


def _find_out(ctx: Desk, asking: Sequence[Asking]) -> None:
    """Ask the one engine of these tables what none of them knows yet."""
    questions = [question for one in asking if (question := one.question()) is not None]
    for one in asking:
        one.begin()
    asked = questions[0] if len(questions) == 1 else Several(asks=questions)
    paths = " and ".join(shown(one.table.path) for one in asking)
    for line in _lines(ctx, asking[0].engine, asked, paths):
        asking[line.table].take(line)
    for one in asking:
        one.end()


def digest(ctx: Desk, table: Located) -> str | None:
    """What a table's content is known by, if it is."""
    return Asking(ctx, table, []).together()


def told(ctx: Desk, asked: Ask, path: str) -> Iterator[Line]:
    """The lines of the engine's answer. Raises `GateError` where it could not answer."""
    return _lines(ctx, engine_of(ctx), asked, path)


def _lines(ctx: Desk, engine: Engine, asked: Ask, path: str) -> Iterator[Line]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="mlgate-spill-") as spill:
        request = Request(ask=asked, spill=spill, memory=engine.memory, spark=engine.spark)
        for line in ctx.worker(engine.script, msgspec.to_builtins(request), again=engine.stays):
            answer = msgspec.convert(line, Line)
            if answer.missing:
                raise ToolMissing(f"tables need {answer.missing}", engine.install)
            if answer.error:
                raise GateError(f"{path}: {answer.error}", answer.hint)
            yield answer
