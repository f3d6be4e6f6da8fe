"""A real MLflow for the sources' tests."""

from __future__ import annotations

import contextlib
import functools
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import tracked
from mlflow_place import MLFLOW, environment

if TYPE_CHECKING:
    from pytest import TempPathFactory


class Tracked:
    """Where MLflow answers, and how a context gets there."""

    def __init__(self, uri: str, runs: list[str], prefix: Path, scratch: Path) -> None:
        self.uri = uri
        self.old, self.new = runs
        self._python = str(prefix / "bin/python")
        self._scratch = scratch

    def worker(self, script: str, request: object, **_: Any) -> list[Any]:
        """As the runner starts it, in the environment that has MLflow."""
        done = subprocess.run(
            [self._python, "-I", "-B", "-X", "utf8", script],
            input=msgspec.json.encode(request) + b"\n",
            capture_output=True,
            cwd=self._scratch,
        )
        assert done.returncode == 0, done.stderr.decode()
        return [msgspec.json.decode(line) for line in done.stdout.splitlines()][:-1]


@pytest.fixture(scope="session")
def mlflow_environment(tmp_path_factory: TempPathFactory) -> Path:
    return environment(tmp_path_factory, MLFLOW)


@pytest.fixture(scope="session")
def mlflow_stores(
    mlflow_environment: Path, tmp_path_factory: TempPathFactory
) -> Iterator[Callable[[str], Tracked]]:
    """Each kind of store, made once."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def opened(kind: str) -> Tracked:
            folder = tmp_path_factory.mktemp("store")
            store = tracked.store(kind, mlflow_environment, folder)
            return Tracked(*stack.enter_context(store), mlflow_environment, folder)

        yield opened


@pytest.fixture(params=["sqlite", "server"])
def mlflow_uri(
    request: pytest.FixtureRequest,
    mlflow_stores: Callable[[str], Tracked],
    monkeypatch: pytest.MonkeyPatch,
) -> Tracked:
    store = mlflow_stores(request.param)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
    return store
