"""A model holds what is asked of it: passed, failed, or not enough evidence to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from mlgate.core.digests import digest_of
from mlgate.core.finding import Figure, Finding
from mlgate.core.gate import Detected, Inputs
from mlgate.core.words import Level, Result, Stage
from mlgate.gates import _model_hidden as hidden
from mlgate.gates import _model_home
from mlgate.gates import _model_pieces as pieces
from mlgate.gates import _model_reuse as reuse
from mlgate.gates import _model_sides as sides
from mlgate.gates import _model_total as total
from mlgate.gates import _model_where as where
from mlgate.gates._model_evaluate import Evaluation
from mlgate.gates._model_options import Options
from mlgate.gates._model_place import NoBaseline, Place, content
from mlgate.gates._model_rules import rules
from mlgate.tables.columns import engine_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Context
    from mlgate.gates._model_rule import Rule
    from mlgate.gates._model_sides import Side
    from mlgate.gates._model_terms import Reuse

__all__ = ["Options", "check", "detect", "inputs", "rules", "stages"]

stages = frozenset({Stage.MERGE, Stage.PROMOTE, Stage.MONITOR})
REVISION = 7


def inputs(ctx: Context) -> Inputs | None:
    """The tables, by content where it is known, wherever they lie."""
    (new, bond), compared = sides.candidate(ctx), _compared(ctx, ctx.options)
    uses = reuse.counted(ctx) if ctx.options.reuse else None
    found = [new, *compared.values(), _labels(ctx)]
    ruled = (ctx.options, engine_of(ctx) if ctx.options.predictions else None)
    also = digest_of(
        msgspec.json.encode([REVISION, *ruled, ctx.stage, ctx.alias, sorted(uses or ())])
    )
    for one in found:
        also.update(_identity(one).encode("utf-8", "surrogateescape"))
    for source, old in compared.items():
        if not isinstance(old, NoBaseline):
            also.update((where.same_model(ctx, source, new.identity, old.identity) or "").encode())
    beyond = ctx.options.reuse is not None or any(map(_is_beyond, found))
    named = [ctx.options.baseline, *(rule.reference or "" for rule in ctx.options.require)]
    beyond |= any(one.startswith(("git:", "dvc:", "registry:", "mlflow:")) for one in named)
    also.update(_model_home.identity(ctx).encode("utf-8", "surrogateescape"))
    also.update(msgspec.json.encode(bond))
    return Inputs(paths=(), also=also.digest(), beyond=beyond, judged=new.path)


def _identity(one: Side | NoBaseline | None) -> str:
    if one is None:
        return "\0"
    if isinstance(one, NoBaseline):
        return one.why
    told = one.stale if isinstance(one, Place) else ""
    return f"{one.path} {one.identity} {told}\0"


def _is_beyond(one: Side | NoBaseline | None) -> bool:
    """True for what lies in no commit, or depends on what is installed."""
    if isinstance(one, Place):
        return not one.tracked
    return isinstance(one, Evaluation)


def _compared(ctx: Context, options: Options) -> dict[str, Side | NoBaseline]:
    """What the rules of `options` compare the candidate with, by the sources that name it."""
    names = total.references(options) | ({options.baseline} if _compares(options) else set())
    return {name: sides.baseline(ctx, name) for name in sorted(names)}


def _compares(options: Options) -> bool:
    """True if something is asked about the baseline."""
    return any(rule.compares for rule in options.require)


def _labels(ctx: Context) -> Place | None:
    return where.candidate(ctx, ctx.options.labels) if ctx.options.labels else None


def check(ctx: Context, _paths: tuple[str, ...]) -> Iterator[Finding | Figure]:
    """Every requirement of every rule, the slices, and what was not judged."""
    if _hides(ctx):
        hidden.check_labels(ctx)
    options, later = _asked(ctx)
    new, bond = sides.candidate(ctx)
    if not new.tracked:
        yield _untracked(new)
    waits = len(later) == len(ctx.options.require)
    rests = not waits or ctx.stage is not Stage.PROMOTE  # a promotion that is asked nothing of it
    if bond is not None and bond.state != "bound" and rests:
        yield sides.unbound(ctx, new, bond)
    if later:
        yield _waits(later)
    if waits:
        return
    compared = _compared(ctx, options)
    for source, one in compared.items():
        yield from sides.stale(ctx, new, source, one)
    table = sides.made(ctx, new)
    old = compared[options.baseline] if _compares(options) else None
    before = sides.made(ctx, old) if old and not isinstance(old, NoBaseline) else None
    yield from sides.told(ctx, new, table, ctx.options.predictions)
    yield from sides.told(ctx, old, before)
    none_yet = old if isinstance(old, NoBaseline) else None
    if ctx.options.reuse:
        use = _use(ctx.options.reuse, table, before)
        recorded = reuse.counted(ctx)
        floors = any(rule.floors or rule.reference for rule in options.require)
        yield from reuse.judged(ctx.stage, ctx.options.reuse, use, recorded, floors=floors)
        if reuse.spent(ctx.options.reuse, use, recorded, floors):
            return
    found = _told(ctx, options, table, before or none_yet, compared)
    for told in hidden.verdict(found) if _hides(ctx) else found:
        if isinstance(told, Finding) and told.undecided == "approve":
            told = _named(ctx, told, table, before)
        yield told


def _named(ctx: Context, one: Finding, new: Place, old: Place | None) -> Finding:
    """What is left to people, as a finding on these very files: an approval of it is none of
    another model that happens to have the same numbers."""
    files = [content(place) for place in (new, old) if place]
    model = pieces.known(ctx.subject, ctx.options.model) if ctx.options.model else ()
    return replace(one, fingerprint="\0".join([one.message, *files, *model]))


def _hides(ctx: Context) -> bool:
    return ctx.options.reuse is not None and ctx.options.reuse.feedback == "verdict"


def _told(
    ctx: Context,
    options: Options,
    table: Place,
    before: Place | NoBaseline | None,
    compared: dict[str, Side | NoBaseline],
) -> Iterator[Finding | Figure]:
    """What the rules say, against the baseline and against pinned references."""
    from mlgate.gates._model_judged import judged

    yield from judged(ctx, options, table, before, _labels(ctx))
    for name in sorted(total.references(options)):
        yield from total.since(
            options,
            name,
            compared[name],
            lambda asked, one: judged(ctx, asked, table, sides.made(ctx, one), _labels(ctx)),
        )


def _asked(ctx: Context) -> tuple[Options, list[Rule]]:
    """The options with the rules of this stage and alias, each at its part of alpha; and the rules
    that are asked elsewhere."""
    now = tuple(rule for rule in ctx.options.require if _is_asked(ctx, rule))
    later = [rule for rule in ctx.options.require if rule not in now]
    return reuse.spread(replace(ctx.options, require=now)) if now else ctx.options, later


def _is_asked(ctx: Context, rule: Rule) -> bool:
    if not rule.to:
        return True
    return ctx.stage is Stage.PROMOTE and (ctx.alias is None or ctx.alias in rule.to)


def _use(of: Reuse, new: Place, old: Place | None) -> reuse.Use:
    before = content(old)[:32] if old else "none"
    return reuse.Use(test_set=of.test_set, candidate=content(new)[:32], baseline=before)


def _waits(later: list[Rule]) -> Finding:
    names = ", ".join(f"{rule.metric or rule.value} ({', '.join(rule.to)})" for rule in later)
    return Finding(
        rule="model/passed",
        result=Result.PASS,
        level=Level.NOTE,
        message=f"asked of a promotion only: {names}",
    )


def _untracked(one: Side) -> Finding:
    return Finding(
        rule="model/not-in-commit",
        message=f"{one.path} is not in the commit; judged as it lies here "
        f"(digest {one.identity.removeprefix('evaluated ')[:12]})",
        level=Level.NOTE,
        help=rules["not-in-commit"].mend,
    )


def detect(ctx: Context) -> Detected | None:
    """Metrics and predictions in the repository, as policy lines that are commented out."""
    from mlgate.gates import _model_adopt

    return _model_adopt.detected(ctx)
