"""A real MLflow in an environment of its own: in a file, or behind a server on this machine."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest import TempPathFactory

from mlgate.registries import mlflow

_CLIENT = Path(__file__).with_name("mlflow_client.py")
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}


MLFLOW = "mlflow>=3,<3.18"


def environment(factory: TempPathFactory, *packages: str) -> Path:
    """A virtual environment with `packages`, for all workers the same: they only read it."""
    top = factory.getbasetemp()
    top = top.parent if "PYTEST_XDIST_WORKER" in os.environ else top
    folder = top / f"env-{hashlib.sha256(repr(packages).encode()).hexdigest()[:8]}"
    ready = folder / "ready"
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            _build(folder, packages)
            ready.touch()
    return folder


def _build(folder: Path, packages: tuple[str, ...]) -> None:
    uv = [sys.executable, "-m", "uv"]
    venv = [*uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)]
    subprocess.run(venv, check=True)
    install = [*uv, "pip", "install", "-q", "--compile-bytecode", "--python", folder / "bin/python"]
    subprocess.run([*install, *packages], check=True)


class Client:
    """A process that has MLflow and stays: `ask` saves the seconds that importing it takes."""

    def __init__(self, env: Path) -> None:
        self.env = env
        self._process = subprocess.Popen(
            [env / "bin/python", str(_CLIENT), mlflow._SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **_QUIET},
        )

    def ask(self, what: str, uri: str, **more: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, "uri": uri, **more}) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def worker(self, script: str, request: dict[str, Any]) -> list[Any]:
        """What `Place.worker` does, without a new process."""
        assert script == mlflow._SCRIPT
        return [self.ask(request["do"], request.pop("uri"), **request)]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


class Store:
    """A database with MLflow's tables, which take long to make: copied for every test."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        self._made = folder / "made.db"
        client.ask("read", f"sqlite:///{self._made}", model="none")

    def copied(self, folder: Path) -> str:
        shutil.copy(self._made, folder / "mlflow.db")
        return f"sqlite:///{folder}/mlflow.db"


@contextmanager
def served(env: Path, store: str, artifacts: Path) -> Iterator[str]:
    """The address of a server on loopback, which keeps artifacts in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    argv = [str(env / "bin/mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)]
    argv += ["--backend-store-uri", store, "--workers", "1"]
    argv += ["--artifacts-destination", artifacts.as_uri()]
    found = f"{env / 'bin'}{os.pathsep}{os.environ['PATH']}"
    with (artifacts.parent / "server.log").open("wb") as log:
        server = subprocess.Popen(
            argv,
            env={**os.environ, **_QUIET, "PATH": found},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _await(url, server)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(30)


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the server ended"
        try:
            urllib.request.urlopen(f"{url}/health", timeout=2)
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError("the server does not answer")
