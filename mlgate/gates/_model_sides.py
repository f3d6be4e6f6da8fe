"""The two sides of a comparison: tables as they lie, or evaluations that are yet to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.text import shown
from mlgate.core.words import Level, Stage
from mlgate.gates import _model_bound as bound
from mlgate.gates import _model_evaluate as evaluate
from mlgate.gates import _model_where as where
from mlgate.gates._model_bound import Bond
from mlgate.gates._model_evaluate import Evaluation
from mlgate.gates._model_place import NoBaseline, Place

if TYPE_CHECKING:
    from mlgate.core.gate import Context

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
    found = where.at(ctx, source, ctx.options.predictions or ctx.options.metrics)
    if ctx.options.evaluate is None or source.startswith("file:"):
        return found
    if isinstance(found, Place):
        snapshot = where.snapshot_of(ctx, source)
        if isinstance(snapshot, NoBaseline):
            return found
        if bound.of(ctx, snapshot, ctx.options.predictions).state == "bound":
            return found
    return evaluated(ctx, source) or found


def evaluated(ctx: Context, source: str) -> Evaluation | None:
    """The baseline's model on the candidate's rows; None where there is no such model."""
    snapshot = where.snapshot_of(ctx, source)
    if isinstance(snapshot, NoBaseline):
        return None
    which = "the base" if source == "base" else shown(source)
    return evaluate.planned(ctx, snapshot, f"{shown(ctx.options.predictions)} at {which}")


def made(ctx: Context, side: Side) -> Place:
    """The table."""
    return evaluate.made(ctx, side) if isinstance(side, Evaluation) else side


def unbound(ctx: Context, side: Side, bond: Bond) -> Finding:
    """The finding where nothing tells which model, data and code the predictions are of."""
    return Finding(
        rule="model/unbound",
        message=f"{side.path} is bound to no model: {bond.why}",
        level=Level.ERROR if ctx.stage is Stage.PROMOTE else Level.NOTE,
        help="let the DVC stage that reads or writes the model write it, or `evaluate` make it",
    )
