"""Answers requests to MLflow, a JSON line each: those of mlgate's script, and what others do."""

from __future__ import annotations

import json
import os
import runpy
import sys
import tempfile
from pathlib import Path
from typing import Any


def main(script: str) -> None:
    protocol = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    ours = runpy.run_path(script, run_name="script")
    for line in sys.stdin:
        request = json.loads(line)
        theirs = {
            "train": _train,
            "move": _move,
            "forget": _forget,
            "keep": _keep(ours),
            "raced": _raced(ours),
        }.get(request["do"])
        answer = (
            theirs(_client(request["uri"]), request) if theirs else ours["_answer"](request, ours)
        )
        protocol.write(json.dumps(answer) + "\n")
        protocol.flush()


def _client(uri: str) -> Any:
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    return mlflow.MlflowClient()


def _train(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    """A run that logs a model of that content and an accuracy, and registers it."""
    model, commit = request["model"], request["commit"]
    folder = request.get("artifacts")
    name = f"training of {model} {folder}"
    found = client.get_experiment_by_name(name)
    made = found.experiment_id if found else client.create_experiment(name, folder)
    run = client.create_run(made)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "churn.bin"
        file.write_text(request["content"])
        client.log_artifact(run.info.run_id, str(file), "model")
    client.log_metric(run.info.run_id, "accuracy", 0.9)
    if not client.search_registered_models(f"name = '{model}'"):
        client.create_registered_model(model)
    tags = {"mlgate.commit": commit} if commit else {}
    source = f"{run.info.artifact_uri}/model"
    version = client.create_model_version(model, source, run.info.run_id, tags=tags)
    return {"version": version.version}


def _move(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    """What somebody does in MLflow's user interface."""
    client.set_registered_model_alias(request["model"], request["alias"], request["version"])
    return {}


def _keep(ours: dict[str, Any]) -> Any:
    """A record written by a run that had looked before the last one was."""

    def keep(client: Any, request: dict[str, Any]) -> dict[str, Any]:
        ours["_keep"](client, request["model"] + ".records", request["record"])
        return {}

    return keep


class _Racing:
    """A client beside which somebody moves the alias as soon as a record is kept."""

    def __init__(self, client: Any, model: str, alias: str, version: str) -> None:
        self._client = client
        self._move = model, alias, version

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def create_model_version(self, *args: Any, **more: Any) -> Any:
        made = self._client.create_model_version(*args, **more)
        self._client.set_registered_model_alias(*self._move)
        return made


def _raced(ours: dict[str, Any]) -> Any:
    """`append`, and somebody else between its record and its alias."""

    def raced(client: Any, request: dict[str, Any]) -> Any:
        alias = request["move"]["alias"]
        return ours["_append"](_Racing(client, request["model"], alias, request["by"]), request)

    return raced


def _forget(client: Any, _request: dict[str, Any]) -> dict[str, Any]:
    for model in client.search_registered_models():
        client.delete_registered_model(model.name)
    return {}


if __name__ == "__main__":
    main(sys.argv[1])
