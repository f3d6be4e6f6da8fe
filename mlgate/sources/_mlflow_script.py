"""Asks MLflow what a run logged; started where mlflow is installed, one JSON line each way."""

from __future__ import annotations

import importlib.util
import math
import os
from types import ModuleType
from typing import Any


def _shared() -> ModuleType:
    """The registry's script, which opens MLflow; mlgate itself may not be installed here."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    path = os.path.join(here, "registries", "_mlflow_script.py")
    spec = importlib.util.spec_from_file_location("mlflow_script", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


SHARED = _shared()


def _fetch(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    """An artifact, downloaded; where there is none and metrics are wanted, the logged ones."""
    run, version, why = _run(client, request)
    if run is None:
        return {"missing": why}
    said = {"run": run, "version": version}
    path = request["path"]
    if path and _has(client, run, path):
        mlflow, _ = SHARED._library()
        file = mlflow.artifacts.download_artifacts(
            run_id=run, artifact_path=path, dst_path=request["to"]
        )
        return said | {"file": file}
    if request["metrics"]:
        logged = client.get_run(run).data.metrics.items()
        numbers = {name: one if math.isfinite(one) else None for name, one in logged}
        return said | {"metrics": numbers}
    return {"missing": f"run {run} has no artifact {path}"}


def _run(client: Any, request: dict[str, Any]) -> tuple[str | None, str, str]:
    """The run that `MODEL@ALIAS`, `MODEL/VERSION` or a run's id names, and its version; or why
    there is none."""
    where = request["model"]
    model, at, alias = where.partition("@")
    if not at and "/" not in where:
        return client.get_run(where).info.run_id, "", ""
    if at:
        found = SHARED._model(client, model)
        number = found.aliases.get(alias) if found else None
        if number is None:
            known = ", ".join(sorted(found.aliases)) if found and found.aliases else "none yet"
            return None, "", f"{where} holds nothing: aliases of {model} are {known}"
    else:
        model, _, number = where.partition("/")
    version = client.get_model_version(model, str(number))
    run = version.run_id
    if not run and getattr(version, "model_id", None):
        run = client.get_logged_model(version.model_id).source_run_id
    return run or None, str(number), f"{where}: no run is known that made version {number}"


def _has(client: Any, run: str, path: str) -> bool:
    listed = client.list_artifacts(run, os.path.dirname(path) or None)
    return any(one.path == path and not one.is_dir for one in listed)


if __name__ == "__main__":
    SHARED.main(globals())
