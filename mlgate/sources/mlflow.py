"""`mlflow:RUN`, `mlflow:MODEL@ALIAS`, `mlflow:MODEL/VERSION`: what a run logged, by MLflow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError, MlgateError
from mlgate.core.text import shown
from mlgate.sources._place import Source, file_digest, kept

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.registries.mlflow import Mlflow

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_mlflow_script.py")


class NotThere(GateError):
    """MLflow answers, but nobody has logged that yet."""

    held = False
    """True if a run is there, which did not log it."""


def fetch(ctx: Context, where: str, path: str, *, metrics: bool = False) -> Source:
    """The artifact `path` of the run that `where` names; with `metrics`, where it has none, the
    metrics that it logged, as JSON.

    Raises `NotThere` where the alias or the artifact is not there yet, `GateError` where MLflow
    cannot be reached or knows no such run.
    """
    if ".." in path.split("/") or path.startswith("/"):
        raise GateError(f"{shown(path)} is no artifact's path", "write it as MLflow shows it")
    try:
        answer = _opened(ctx, where).ask(_SCRIPT, "fetch", where, path=path, metrics=metrics)
        if "missing" in answer:
            missing = NotThere(shown(answer["missing"]), shown(answer["mend"]))
            missing.held = answer.get("held", False)
            raise missing
        named = f"{shown(where)} of MLflow"
        if "metrics" in answer:
            return _logged(answer["metrics"], f"what {named} logged")
        return _artifact(answer["file"], f"{shown(path)} of {named}")
    except GateError:
        raise
    except MlgateError as error:
        raise GateError(error.message, error.hint) from None


def _logged(metrics: dict[str, float | None], origin: str) -> Source:
    import json

    raw = json.dumps(metrics, sort_keys=True).encode()
    name = str(digest_of(raw).hexdigest())

    def write(target: str) -> None:
        with open(target, "wb") as file:
            file.write(raw)

    return Source(path=kept(name, write), digest=name, origin=origin)


def _artifact(file: str, origin: str) -> Source:
    import shutil

    name = file_digest(file)

    def write(target: str) -> None:
        shutil.copyfile(file, target)

    return Source(path=kept(name, write), digest=name, origin=origin)


def _opened(ctx: Context, where: str) -> Mlflow:
    """The tracking store that the base's policy names for the model, else the environment."""
    from mlgate.registries import mlflow
    from mlgate.sources.registry import place_of

    model = where.partition("@")[0].partition("/")[0]
    terms = ((ctx.policies.get("base") or {}).get("models") or {}).get(model) or {}
    kind, _, rest = (terms.get("registry") or "").partition(":")
    return mlflow.registry(place_of(ctx), rest if kind == "mlflow" else "")
