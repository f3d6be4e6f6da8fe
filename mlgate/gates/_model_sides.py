"""The two sides of a comparison: tables as they lie, or evaluations that are yet to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Location
from mlgate.core.text import shown
from mlgate.core.words import Level, Result, Stage
from mlgate.gates import _model_bound as bound
from mlgate.gates import _model_evaluate as evaluate
from mlgate.gates import _model_where as where
from mlgate.gates._model_bound import Bond
from mlgate.gates._model_evaluate import Evaluation
from mlgate.gates._model_place import NoBaseline, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot

Side = Place | Evaluation


def candidate(ctx: Context) -> tuple[Side, Bond | None]:
    """What is judged, and what binds it where it is a table of predictions: with `evaluate`, those
    that dvc.lock does not bind are made anew.

    Raises `GateError` where it is nowhere, or was made from something else.
    """
    path = ctx.options.predictions or ctx.options.metrics
    if ctx.options.predictions is None:
        return where.candidate(ctx, path), None
    if ctx.options.evaluate is None or where.is_in(ctx.subject, path):
        bond = bound.of(ctx, ctx.subject, path)
        if ctx.options.evaluate is None and bond.state == "stale":
            raise GateError(f"stale predictions: {bond.why}", f"dvc repro {bond.stage}")
        if ctx.options.evaluate is None or bond.state == "bound":
            return where.candidate(ctx, path), bond
    found = evaluate.planned(ctx, ctx.subject, shown(path))
    if found is None:
        raise GateError(
            f"the model {shown(ctx.options.model)} is neither in what is judged nor in the work "
            "tree",
            "train it, or correct `model` in the policy",
        )
    return found, None


def baseline(ctx: Context, source: str) -> Side | NoBaseline:
    """What it is compared with: predictions that are there, else those of the model that is."""
    path = ctx.options.predictions
    if path is None or source.startswith(("file:", "mlflow:")):
        return where.at(ctx, source, path or ctx.options.metrics)
    snapshot = where.snapshot_of(ctx, source)
    found = where.within(ctx, source, snapshot, path)
    if isinstance(snapshot, NoBaseline):
        return found
    if isinstance(found, Place):
        bond = bound.of(ctx, snapshot, path)
        if bond.state == "bound":
            return found
        found = replace(found, stale=bond.why if bond.state == "stale" else "")
    return (_evaluated(ctx, source, snapshot) if ctx.options.evaluate else None) or found


def evaluated(ctx: Context, source: str) -> Evaluation | None:
    """The baseline's model on the candidate's rows; None where there is no such model."""
    snapshot = where.snapshot_of(ctx, source)
    return None if isinstance(snapshot, NoBaseline) else _evaluated(ctx, source, snapshot)


def _evaluated(ctx: Context, source: str, snapshot: Snapshot) -> Evaluation | None:
    name = f"{shown(ctx.options.predictions)} at {where.name_of(ctx, source)}"
    return evaluate.planned(ctx, snapshot, name)


def made(ctx: Context, side: Side) -> Place:
    """The table."""
    return evaluate.made(ctx, side) if isinstance(side, Evaluation) else side


def told(
    ctx: Context, side: Side | NoBaseline | None, table: Place | None, path: str | None = None
) -> Iterator[Finding]:
    """Of a promotion: which predictions were made for it, that its evidence may name them; of the
    candidate's the `path` that they go under."""
    if ctx.stage is Stage.PROMOTE and isinstance(side, Evaluation) and table is not None:
        from hashlib import file_digest

        with open(table.file, "rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        yield Finding(
            rule="model/evaluated",
            result=Result.PASS,
            level=Level.NOTE,
            message=f"sha256:{digest} of {side.path}",
            location=Location(path=path) if path else None,
        )


def unbound(ctx: Context, side: Side, bond: Bond) -> Finding:
    """The finding where nothing tells which model, data and code the predictions are of."""
    mend = "let the DVC stage that reads or writes the model write it, or `evaluate` make it"
    if bond.stage and ctx.options.model is None:
        mend = (
            'name the model beside `predictions`: model = "PATH", which the DVC stage '
            f"{bond.stage} reads or writes"
        )
    return Finding(
        rule="model/unbound",
        message=f"{side.path} is bound to no model: {bond.why}",
        level=_doubtful(ctx),
        help=mend,
    )


def stale(ctx: Context, candidate: Side, source: str, old: Side | NoBaseline) -> Iterator[Finding]:
    """The finding where what `source` names is compared with by predictions of another model than
    the one that lies there: no change under test can mend that, but no promotion rests on it."""
    if not isinstance(old, Place) or not old.stale:
        return
    if where.same_model(ctx, source, candidate.identity, old.identity) is None:
        yield Finding(
            rule="model/stale-baseline",
            message=f"compared with stale predictions, {old.path}: {old.stale}",
            level=_doubtful(ctx),
            help="let `evaluate` run the model that lies there on the candidate's rows",
        )


def _doubtful(ctx: Context) -> Level:
    """A note, which blocks a promotion."""
    return Level.ERROR if ctx.stage is Stage.PROMOTE else Level.NOTE
