"""Asks MLflow what a run logged; started where mlflow is installed, one JSON line each way."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import tempfile
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
_TOLD: dict[str, dict[str, Any]] = {}
"""What was answered: while this process lives, which is one run of mlgate, an alias names one
version, and no file is brought twice."""


def main() -> None:
    """Answer one request."""
    SHARED.main(globals())


def _fetch(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    asked = json.dumps(request, sort_keys=True)
    if asked not in _TOLD:
        _TOLD[asked] = _fetched(client, request)
    return _TOLD[asked]


def _fetched(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    """An artifact, downloaded; where there is none and metrics are wanted, the logged ones."""
    run, version, why, mend = _run(client, request)
    if run is None:
        return {"missing": why, "mend": mend}
    said = {"run": run, "version": version}
    path = request["path"]
    if path and _has(client, run, path):
        mlflow, _ = SHARED._library()
        file = mlflow.artifacts.download_artifacts(
            run_id=run, artifact_path=path, dst_path=tempfile.mkdtemp(dir=os.getcwd())
        )
        return said | {"file": os.path.abspath(file)}
    if request["metrics"]:
        logged = client.get_run(run).data.metrics.items()
        numbers = {name: one if math.isfinite(one) else None for name, one in logged}
        return said | {"metrics": numbers}
    why = f"run {run} has no artifact {path}"
    return {"missing": why, "mend": "log it, or correct its path", "held": True}


def _run(client: Any, request: dict[str, Any]) -> tuple[str | None, str, str, str]:
    """The run that `MODEL@ALIAS`, `MODEL/VERSION` or a run's id names, and its version; or why
    there is none, and how it is mended."""
    where = request["model"]
    model, at, alias = where.partition("@")
    if not at and "/" not in where:
        return client.get_run(where).info.run_id, "", "", ""
    if at:
        found = SHARED._model(client, model)
        if found is None:
            why = f"{where} holds nothing: MLflow knows no registered model {model}"
            return None, "", why, "register it, or correct the name"
        number = found.aliases.get(alias)
        if number is None:
            known = ", ".join(sorted(found.aliases)) or "none yet"
            mend = f'MlflowClient().set_registered_model_alias("{model}", "{alias}", VERSION)'
            return None, "", f"{where} holds nothing: aliases of {model} are {known}", mend
    else:
        model, _, number = where.partition("/")
    version = client.get_model_version(model, str(number))
    run = version.run_id
    if not run and getattr(version, "model_id", None):
        run = client.get_logged_model(version.model_id).source_run_id
    why = f"{where}: no run is known that made version {number}"
    return run or None, str(number), why, "name the run instead: `mlflow:RUN`"


def _has(client: Any, run: str, path: str) -> bool:
    listed = client.list_artifacts(run, os.path.dirname(path) or None)
    return any(one.path == path and not one.is_dir for one in listed)


if __name__ == "__main__":
    main()
