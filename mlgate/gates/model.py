"""A model holds what is asked of it: passed, failed, or not enough evidence to say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding
from mlgate.core.gate import Detected, Inputs, Rule
from mlgate.core.words import Level, Result, Stage
from mlgate.gates import _model_reuse as reuse
from mlgate.gates import _model_where as where
from mlgate.gates._model_options import Options, Reuse
from mlgate.gates._model_options import Rule as Rule_

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlgate.core.gate import Context
    from mlgate.gates._model_verdicts import Verdicts

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
    "max-total-drop": Rule(
        "The model loses at most so much against a pinned reference.",
        "mend the model, or pin a new reference in a reviewed change of the policy",
        Level.ERROR,
    ),
    "reuse": Rule("How often the test set was used.", level=Level.NOTE),
    "test-set-spent": Rule(
        "The test set has judged as many models as it can with the error rates promised.",
        "label a fresh test set",
    ),
    "invalid": Rule(
        "Rows without a judgement are few.", "mend the evaluation that left them out", Level.ERROR
    ),
    "fairness": Rule(
        "Groups are treated alike within a bound, every pair of them.",
        "mend the model for the group that is worse off",
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
    uses = reuse.counted(ctx) if ctx.options.reuse else None
    known = [place for place in (new, old) if isinstance(place, where.Place)]
    labels = _labels(ctx)
    pinned = _references(ctx, new)
    also = digest_of(
        msgspec.json.encode([REVISION, ctx.options, ctx.stage, ctx.alias, sorted(uses or ())])
    )
    known += [place for place in pinned.values() if isinstance(place, where.Place)]
    for place in (*known, labels):
        also.update(f"{place.path} {place.identity}\0".encode() if place else b"\0")
    if isinstance(old, where.NoBaseline):
        also.update(old.why.encode())
    elif old is not None:
        also.update((where.same_model(ctx, new, old) or "").encode())
    tracked = all(place.tracked for place in (*known, labels) if place)
    named = [ctx.options.baseline, *pinned]
    told = any(one.startswith(("git:", "dvc:")) for one in named)
    ref = told or ctx.options.reuse is not None
    return Inputs(paths=(), also=also.digest(), beyond=ref or not tracked, judged=new.path)


def _asked(ctx: Context) -> Options:
    """The options with the rules of this stage and alias, each at its part of alpha."""
    rules = tuple(rule for rule in ctx.options.require if _is_asked(ctx, rule))
    return reuse.spread(replace(ctx.options, require=rules)) if rules else ctx.options


def _is_asked(ctx: Context, rule: Rule_) -> bool:
    if not rule.to:
        return True
    return ctx.stage is Stage.PROMOTE and (ctx.alias is None or ctx.alias in rule.to)


def _references(ctx: Context, new: where.Place) -> dict[str, where.Place | where.NoBaseline]:
    """The pinned files that rules count total losses from, by their names."""
    path = ctx.options.predictions or ctx.options.metrics or new.path
    names = {rule.reference for rule in ctx.options.require if rule.reference}
    return {name: where.at(ctx, name, path) for name in sorted(names)}


def _places(ctx: Context) -> tuple[where.Place, where.Place | where.NoBaseline | None]:
    path = ctx.options.predictions or ctx.options.metrics
    new = where.candidate(ctx, path)
    compares = any(rule.compares for rule in ctx.options.require)
    return new, where.baseline(ctx, path) if compares else None


def _labels(ctx: Context) -> where.Place | None:
    return where.candidate(ctx, ctx.options.labels) if ctx.options.labels else None


def check(ctx: Context, _paths: tuple[str, ...]) -> Iterator[Finding | Figure]:
    """Every requirement of every rule, the slices, and what was not judged."""
    from mlgate.gates import _model_verdicts

    new, old = _places(ctx)
    if not new.tracked:
        yield _untracked(new)
    options = _asked(ctx)
    later = [rule for rule in ctx.options.require if not _is_asked(ctx, rule)]
    if later:
        yield _waits(later)
    if len(later) == len(ctx.options.require):
        return
    if ctx.options.reuse:
        use = _use(ctx.options.reuse, new, old)
        recorded = reuse.counted(ctx)
        yield from reuse.judged(ctx.stage, ctx.options.reuse, use, recorded)
        if reuse.spent(ctx.options.reuse, use, recorded):
            return
    verdicts = _model_verdicts.Verdicts(options)
    if isinstance(old, where.NoBaseline):
        verdicts.no_baseline = old.why
    elif old is not None:
        verdicts.same_model = where.same_model(ctx, new, old)
    before = old if isinstance(old, where.Place) else None
    yield from _judged(ctx, options, verdicts, new, before)
    for name, pinned in _references(ctx, new).items():
        yield from _since(ctx, options, name, new, pinned)


def _judged(
    ctx: Context, options: Options, verdicts: Verdicts, new: where.Place, old: where.Place | None
) -> Iterator[Finding | Figure]:
    from mlgate.gates import _model_numbers, _model_request

    if options.metrics:
        yield from verdicts.of_numbers(*_model_numbers.read(options, new, old))
        return
    request = _model_request.request(options, new, old, _labels(ctx))
    answers = asked(ctx.worker, request)
    yield from verdicts.of_rows(answers)
    yield from _figures(answers)


def _figures(answers: list[dict[str, Any]]) -> Iterator[Figure]:
    for one in answers:
        if one["kind"] == "figure":
            name, columns = one["id"], one["columns"]
            yield Figure(id=name, title=one["title"], kind=name, columns=columns)


def _since(
    ctx: Context,
    options: Options,
    name: str,
    new: where.Place,
    pinned: where.Place | where.NoBaseline,
) -> Iterator[Finding]:
    """The total loss since a pinned reference."""
    from mlgate.gates._model_verdicts import Verdicts

    if isinstance(pinned, where.NoBaseline):
        raise GateError(f"the reference {name} is not there: {pinned.why}", "pin one that is")
    rules = tuple(
        replace(_bare(rule), max_drop=rule.max_total_drop)
        for rule in options.require
        if rule.reference == name
    )
    if not rules:
        return
    total = replace(options, require=rules, slices=(), baseline=name)
    for found in _judged(ctx, total, Verdicts(total), new, pinned):
        if isinstance(found, Finding) and found.rule == "model/max-drop":
            message = f"since {name}: {found.message}"
            yield replace(found, rule="model/max-total-drop", message=message)


def _bare(rule: Rule_) -> Rule_:
    """The rule without its bounds."""
    free = dict.fromkeys(("min", "max", "between", "min_gain", "max_drop_relative"))
    return replace(rule, **free, reference=None, max_total_drop=None, prove=False)


def _use(of: Reuse, new: where.Place, old: object) -> reuse.Use:
    before = where.digest(old.file)[:32] if isinstance(old, where.Place) else "none"
    return reuse.Use(test_set=of.test_set, candidate=where.digest(new.file)[:32], baseline=before)


def _waits(later: list[Rule_]) -> Finding:
    names = ", ".join(f"{rule.metric or rule.value} ({', '.join(rule.to)})" for rule in later)
    return Finding(
        rule="model/passed",
        result=Result.PASS,
        level=Level.NOTE,
        message=f"asked of a promotion only: {names}",
    )


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
