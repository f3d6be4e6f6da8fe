"""One table judged beside another: the worker is asked, and its answers become findings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding
from mlgate.gates import _model_home, _model_request, _model_value_rules
from mlgate.gates import _model_sides as sides
from mlgate.gates import _model_where as where
from mlgate.gates._model_place import NoBaseline, Place
from mlgate.gates._model_verdicts import Verdicts
from mlgate.tables.columns import engine_of

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates._model_options import Options

Worker = Callable[..., Iterator[Any]]


class Quoted(GateError):
    """What a table or a file holds cannot be judged; the message may quote it."""


class OtherRows(Quoted):
    """Candidate and baseline were made on different rows."""


def judged(
    ctx: Context, options: Options, new: Place, old: Place | NoBaseline | None, labels: Place | None
) -> Iterator[Finding | Figure]:
    """The findings of the rules of `options`."""
    verdicts = Verdicts(options)
    before = old if isinstance(old, Place) else None
    if isinstance(old, NoBaseline):
        verdicts.no_baseline = old.why
    elif before is not None:
        told = where.same_model(ctx, options.baseline, new.identity, before.identity)
        verdicts.same_model = told
    if options.metrics:
        yield from verdicts.of_numbers(*_numbers(options, new, before))
        return
    found = answers(ctx, options, new, before, labels)
    yield from verdicts.of_rows(found)
    for one in found:
        if one["kind"] == "figure":
            name, columns = one["id"], one["columns"]
            yield Figure(id=name, title=one["title"], kind=name, columns=columns)


def _numbers(options: Options, new: Place, old: Place | None) -> Any:
    """As `_model_value_rules.read`. Raises `Quoted`."""
    try:
        return _model_value_rules.read(options, new, old)
    except GateError as error:
        raise Quoted(error.message, error.hint) from None


def answers(
    ctx: Context, options: Options, new: Place, old: Place | None, labels: Place | None
) -> list[dict[str, Any]]:
    """What the worker says; a baseline on other rows is evaluated on the candidate's."""
    also: dict[str, Any] = {"home": _model_home.home(ctx), "engine": engine_of(ctx)}
    try:
        return asked(ctx.worker, _model_request.request(options, new, old, labels, **also))
    except OtherRows as error:
        if options.evaluate is None and not options.baseline.startswith(("file:", "mlflow:")):
            also_so = "or let `evaluate` run the baseline's model on the candidate's rows"
            raise OtherRows(error.message, f"{error.hint}; {also_so}") from None
        again = sides.evaluated(ctx, options.baseline) if options.evaluate else None
        if again is None or old is None or old.identity == again.identity:
            raise
        made = sides.made(ctx, again)
        return asked(ctx.worker, _model_request.request(options, new, made, labels, **also))


def asked(worker: Worker, request: dict[str, Any]) -> list[dict[str, Any]]:
    """What the worker says. Raises `GateError` where the tables are refused."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_model_worker.py")
    found = list(worker(script, request))
    for answer in found:
        if answer["kind"] == "refused":
            kind = OtherRows if answer["other_rows"] else Quoted
            raise (GateError if answer["names_only"] else kind)(answer["message"], answer["hint"])
    return found
