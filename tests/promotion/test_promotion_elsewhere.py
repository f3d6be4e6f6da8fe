"""Real GTO reads our tags; a real MLflow, in a file and behind a server, keeps a chain."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from model_house import House

if TYPE_CHECKING:
    from pytest import TempPathFactory

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]

_REGISTER = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
if not client.search_registered_models():
    client.create_registered_model("churn")
tags = {"mlgate.commit": sys.argv[3]} if sys.argv[3] else {}
print(client.create_model_version("churn", sys.argv[2], tags=tags).version)
"""
_MOVE = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.MlflowClient().set_registered_model_alias("churn", "production", sys.argv[2])
"""


def _environment(folder: Path, *packages: str) -> Path:
    python = folder / "bin/python"
    subprocess.run(["uv", "venv", "-q", "--python", sys.executable, str(folder)], check=True)
    install = ["uv", "pip", "install", "-q", "--compile-bytecode", "--python", str(python)]
    subprocess.run([*install, *packages], check=True)
    return folder


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: TempPathFactory) -> Path:
    return _environment(tmp_path_factory.mktemp("mlflow") / "env", "mlflow>=3,<3.18")


@pytest.fixture(params=["sqlite", "server"])
def uri(request: pytest.FixtureRequest, mlflow: Path, tmp_path: Path) -> Iterator[str]:
    store = f"sqlite:///{tmp_path}/mlflow.db"
    if request.param == "sqlite":
        yield store
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [mlflow / "bin/mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    argv += ["--backend-store-uri", store, "--workers", "1"]
    env = {**os.environ, "PATH": f"{mlflow / 'bin'}:{os.environ['PATH']}"}
    server = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2)
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def test_mlflow_keeps_the_chain(uri: str, mlflow: Path, tmp_path: Path) -> None:
    house = House(tmp_path / "work", f"mlflow:{uri}")
    environ = {"VIRTUAL_ENV": str(mlflow)}
    python = str(mlflow / "bin/python")

    def registered(content: str, commit: bool = True) -> str:
        house.model(content)
        folder = tmp_path / f"artifacts-{content}"
        folder.mkdir()
        (folder / "churn.bin").write_text(content)
        head = house.head() if commit else ""
        argv = [python, "-c", _REGISTER, uri, folder.as_uri(), head]
        done = subprocess.run(argv, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()[-1]

    def run(*args: str, key: bool = True) -> tuple[int, str]:
        signed = ("--key", str(tmp_path / "ci")) if key else ()
        told = house.run(*args, *signed, **environ)
        return told.code, told.out + told.err

    house.policy("gates = []")
    one, two = registered("one"), registered("two")
    assert run("promote", "churn", one, "--to", "production", "--first")[0] == 0
    code, said = run("promote", "churn", two, "--to", "production")
    assert code == 0, said
    assert run("verify", "churn@production", key=False)[0] == 0
    subprocess.run([python, "-c", _MOVE, uri, one], check=True, capture_output=True)
    registered("three")
    code, said = run("promote", "churn", "3", "--to", "production")
    assert code == 0, said  # back to what stood there before: as an interruption would leave it
    subprocess.run([python, "-c", _MOVE, uri, one], check=True, capture_output=True)
    code, said = run("verify", "churn@production", key=False)
    assert (code, "somebody moved it past mlgate" in said) == (1, True)
    assert run("rollback", "churn@production", two)[0] == 0
    assert run("verify", "churn@production", key=False)[0] == 0
    (tmp_path / "artifacts-two/churn.bin").write_text("malware")
    code, said = run("verify", "churn@production", key=False)
    assert (code, "swapped model" in said) == (1, True)
    unknown = registered("four", commit=False)
    code, said = run("promote", "churn", unknown, "--to", "production")
    assert (code, "nobody wrote down" in said) == (3, True)


def test_mlflow_that_is_not_there(in_folder: House) -> None:
    house = in_folder
    house.registry = "mlflow:http://127.0.0.1:9"
    house.policy("gates = []").model("one")
    told = house.promote("1", "--first")
    assert told.code == 3
    assert "did not answer" in told.err or "mlflow cannot be imported" in told.err


def test_gto_reads_our_tags(in_git: House, tmp_path: Path) -> None:
    gto = _environment(tmp_path / "gto", "gto>=1.7") / "bin/gto"
    house = in_git
    house.policy("gates = []").model("one")
    assert house.promote("--first").code == 0
    house.model("two")
    assert house.promote().code == 0
    assert house.with_key("rollback", "churn@production").code == 0

    def asked(*args: str) -> str:
        done = subprocess.run([gto, *args], cwd=house.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    shown = json.loads(asked("show", "--json"))
    assert shown["churn"]["stage"]["production"] in ("v0.0.1", ["v0.0.1"])
    assert len(asked("history", "churn", "--plain").split("assignment")) == 4
    asked("assign", "churn", "--version", "v0.0.2", "--stage", "staging")
    assert "staging names v0.0.2, which no record says" in house.run("history", "churn").out
