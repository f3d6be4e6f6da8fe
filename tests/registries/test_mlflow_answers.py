"""What is said where MLflow is not there, does not answer, or does not know a name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from projects import Project

from mlgate.registries import mlflow
from mlgate.registries._registry import Place, RegistryError
from mlgate.repo import git as repository

_REFUSED = (
    "MlflowException: API request to http://127.0.0.1:9/api failed with exception "
    "HTTPConnectionPool(host='127.0.0.1', port=9): Max retries exceeded (Caused by "
    'NewConnectionError("HTTPConnection: Failed: [Errno 111] Connection refused"))'
)


def place(folder: Path, asked: list[dict[str, Any]], answer: dict[str, Any]) -> Place:
    def worker(_script: str, request: dict[str, Any]) -> list[Any]:
        asked.append(request)
        return [answer]

    project = Project(folder)
    repo = repository.find(str(project.folder), os.environ)
    return Place(repo=repo, environ={}, worker=worker)


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (_REFUSED, "it does not answer: [Errno 111] Connection refused", "server runs"),
        ("RestException: RESOURCE_DOES_NOT_EXIST: version=17", "version=17", "correct the name"),
    ],
)
def test_refusals(tmp_path: Path, said: str, message: str, hint: str) -> None:
    there = place(tmp_path / "work", [], {"error": said, "kind": "refused"})
    with pytest.raises(RegistryError) as raised:
        mlflow.registry(there, "http://127.0.0.1:9").read("churn")
    assert raised.value.message.endswith(message)
    assert hint in (raised.value.hint or "")


def test_nowhere(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="neither the policy nor MLFLOW_TRACKING_URI"):
        mlflow.registry(place(tmp_path / "work", [], {}), "")


@pytest.mark.parametrize("prefix", ["sqlite:///", "file:", "file://", ""])
def test_a_store_of_files_is_found_from_the_repository(tmp_path: Path, prefix: str) -> None:
    asked: list[dict[str, Any]] = []
    there = place(tmp_path / "work", asked, {"fine": True})
    with pytest.raises(RegistryError, match="there is no MLflow store"):
        mlflow.registry(there, f"{prefix}kept")
    Path(there.repo.root, "kept").touch()
    mlflow.registry(there, f"{prefix}kept").ask("script", "fetch", "churn")
    assert asked[0]["uri"] == f"{prefix}{there.repo.root}/kept"


@pytest.mark.parametrize("uri", ["databricks", "databricks://prod", "http://127.0.0.1:5000"])
def test_other_stores_are_asked_as_they_are_named(tmp_path: Path, uri: str) -> None:
    asked: list[dict[str, Any]] = []
    there = place(tmp_path / "work", asked, {"fine": True})
    mlflow.registry(there, uri).ask("script", "fetch", "churn")
    assert asked[0]["uri"] == uri
