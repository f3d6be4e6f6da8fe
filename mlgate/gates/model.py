"""A model holds what is asked of it: passed, failed, or not enough evidence to say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding
from mlgate.core.gate import Detected, Inputs, Rule
from mlgate.core.words import Level, Stage
from mlgate.gates import _model_where as where
from mlgate.gates._model_options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlgate.core.gate import Context

__all__ = ["Options", "check", "detect", "inputs", "rules", "stages"]

stages = frozenset({Stage.MERGE, Stage.PROMOTE, Stage.MONITOR})
REVISION = 2

rules = {
    "min": Rule("The metric is at least so high, and the evidence shows it.", level=Level.ERROR),
    "max": Rule("The metric is at most so high, and the evidence shows it.", level=Level.ERROR),
    "between": Rule("The metric lies in a range, and the evidence shows it.", level=Level.ERROR),
    "max-drop": Rule(
        "The model loses at most so much against the baseline on the same rows.",
        level=Level.ERROR,
    ),
    "min-gain": Rule("The model gains at least so much over the baseline.", level=Level.ERROR),
    "max-drop-relative": Rule(
        "The model loses at most such a share of the baseline's value.", level=Level.ERROR
    ),
    "slice-loss": Rule(
        "A loss on a slice is proven, corrected for the number of slices and rules.",
        "mend the model for these rows; mlgate model compare shows all slices",
        Level.ERROR,
    ),
    "slices": Rule("What the slices come to.", level=Level.NOTE),
    "no-baseline": Rule(
        "There is nothing to compare with yet.", "merge a first version", Level.NOTE
    ),
    "not-judged": Rule("A slice has too few rows.", "label more of them", Level.NOTE),
    "not-in-commit": Rule(
        "A file that was judged is in no commit.",
        "track it with git or DVC, so that others judge the same",
        Level.NOTE,
    ),
    "passed": Rule("What was judged."),
}


def inputs(ctx: Context) -> Inputs | None:
    """The tables, by content where it is known, wherever they lie."""
    new, old = _places(ctx)
    known = [place for place in (new, old) if isinstance(place, where.Place)]
    labels = _labels(ctx)
    also = digest_of(msgspec.json.encode([REVISION, ctx.options]))
    for place in (*known, labels):
        also.update(f"{place.path} {place.identity}\0".encode() if place else b"\0")
    if isinstance(old, where.NoBaseline):
        also.update(old.why.encode())
    elif old is not None:
        also.update((where.same_model(ctx, new, old) or "").encode())
    tracked = all(place.tracked for place in (*known, labels) if place)
    ref = ctx.options.baseline.startswith("git:")
    return Inputs(paths=(), also=also.digest(), beyond=ref or not tracked, judged=new.path)


def _places(ctx: Context) -> tuple[where.Place, where.Place | where.NoBaseline | None]:
    path = ctx.options.predictions or ctx.options.metrics
    new = where.candidate(ctx, path)
    compares = any(rule.compares for rule in ctx.options.require)
    return new, where.baseline(ctx, path) if compares else None


def _labels(ctx: Context) -> where.Place | None:
    return where.candidate(ctx, ctx.options.labels) if ctx.options.labels else None


def check(ctx: Context, _paths: tuple[str, ...]) -> Iterator[Finding | Figure]:
    """Every requirement of every rule, the slices, and what was not judged."""
    from mlgate.gates import _model_numbers, _model_request, _model_verdicts

    new, old = _places(ctx)
    if not new.tracked:
        yield _untracked(new)
    verdicts = _model_verdicts.Verdicts(ctx.options)
    if isinstance(old, where.NoBaseline):
        verdicts.no_baseline = old.why
    elif old is not None:
        verdicts.same_model = where.same_model(ctx, new, old)
    before = old if isinstance(old, where.Place) else None
    if ctx.options.metrics:
        yield from verdicts.of_numbers(*_model_numbers.read(ctx.options, new, before))
        return
    request = _model_request.request(ctx.options, new, before, _labels(ctx))
    answers = asked(ctx.worker, request)
    yield from verdicts.of_rows(answers)
    yield from _figures(answers)


def _figures(answers: list[dict[str, Any]]) -> Iterator[Figure]:
    for one in answers:
        if one["kind"] == "figure":
            name, columns = one["id"], one["columns"]
            yield Figure(id=name, title=one["title"], kind=name, columns=columns)


def asked(worker: Callable[..., Iterator[Any]], request: dict[str, Any]) -> list[dict[str, Any]]:
    """What the worker says. Raises `GateError` where the tables are refused."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_model_worker.py")
    found = list(worker(script, request))
    for answer in found:
        if answer["kind"] == "refused":
            raise GateError(answer["message"], answer["hint"])
    return found


def _untracked(place: where.Place) -> Finding:
    return Finding(
        rule="model/not-in-commit",
        message=f"{place.path} is not in the commit; judged as it lies here "
        f"(digest {place.identity[:12]})",
        level=Level.NOTE,
        help=rules["not-in-commit"].mend,
    )


def detect(ctx: Context) -> Detected | None:
    """Metrics and predictions in the repository, as policy lines that are commented out."""
    from mlgate.gates import _model_adopt

    return _model_adopt.detected(ctx)
