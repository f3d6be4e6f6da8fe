"""The digest of what a gate's options name in another place than the commit: `mlflow:...`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlgate.core.errors import GateError
from mlgate.promotion.evidence import sha256

if TYPE_CHECKING:
    from mlgate.core.gate import Context

_ARTIFACTS = ("predictions", "metrics")
"""Options that name what `mlflow:RUN` as a baseline is asked for."""


def digest(ctx: Context, options: Mapping[str, Any], word: str) -> str | None:
    """Of what `word` names: the commit of `git:REF`, `dvc:REF` and `registry:MODEL@ALIAS`, the
    bytes that MLflow gives. None where `word` names nothing of the kind, or nothing is there yet.

    Raises `GateError` where MLflow cannot be asked.
    """
    kind, _, rest = word.partition(":")
    if not rest:
        return None
    if kind == "mlflow":
        return _of_mlflow(ctx, options, rest)
    if kind in ("git", "dvc"):
        return _of_commit(ctx, rest)
    return _of_holder(ctx, rest) if kind == "registry" else None


def _of_commit(ctx: Context, ref: str) -> str | None:
    from mlgate.sources.git import snapshot_of

    try:
        return f"git:{snapshot_of(ctx, ref).commit} of a commit"
    except GateError:
        return None  # a text of another meaning: the gate that needs it has errored


def _of_holder(ctx: Context, where: str) -> str | None:
    from mlgate.sources.registry import NoHolder, commit_of

    try:
        return f"git:{commit_of(ctx, where)} of a commit"
    except NoHolder:
        return None


def _of_mlflow(ctx: Context, options: Mapping[str, Any], rest: str) -> str | None:
    """Of the artifact that `rest` ends in, else of the one that the gate judges; where it judges
    `metrics`, of those that the run logged."""
    from mlgate.sources import mlflow

    where, _, path = rest.partition(":")
    judged = str(next(filter(None, map(options.get, _ARTIFACTS)), ""))
    if judged.startswith("mlflow:"):
        judged = judged.removeprefix("mlflow:").partition(":")[2]
    try:
        found = mlflow.fetch(ctx, where, path or judged, metrics=bool(options.get("metrics")))
    except mlflow.NotThere:
        return None
    return f"sha256:{sha256(found.path)}"
