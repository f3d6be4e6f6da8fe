"""A real MLflow, in a file or behind a server, with two runs and a registered model."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pointed import NEW, OLD

_LOG = """
import sys, mlflow
uri, artifacts, folder = sys.argv[1:]
mlflow.set_tracking_uri(uri)
client = mlflow.MlflowClient()
where = artifacts if uri.startswith("sqlite") else None
experiment = client.create_experiment("churn", artifact_location=where)
client.create_registered_model("churn")
client.create_registered_model("empty")
for name, f1 in (("old", 0.75), ("new", 0.5)):
    run = client.create_run(experiment).info.run_id
    client.log_artifact(run, f"{folder}/{name}/tracked.bin", "eval")
    client.log_metric(run, "overall.f1", f1)
    client.log_metric(run, "odd", float("nan"))
    version = client.create_model_version("churn", f"runs:/{run}/model", run_id=run).version
    client.set_registered_model_alias("churn", name, version)
    print(run)
"""


@contextmanager
def store(kind: str, prefix: Path, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The URI of a store in which both runs are logged, and their ids, the older one first."""
    uri = f"sqlite:///{folder}/mlflow.db"
    if kind == "sqlite":
        yield uri, _logged(uri, prefix, folder)
        return
    with _server(uri, prefix, folder) as served:
        yield served, _logged(served, prefix, folder)


def _logged(uri: str, prefix: Path, folder: Path) -> list[str]:
    for name, content in (("old", OLD), ("new", NEW)):
        (folder / name).mkdir()
        (folder / name / "tracked.bin").write_bytes(content)
    argv = [prefix / "bin/python", "-c", _LOG, uri, folder / "artifacts", folder]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@contextmanager
def _server(uri: str, prefix: Path, folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [prefix / "bin/mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    argv += ["--backend-store-uri", uri, "--workers", "1"]
    argv += ["--artifacts-destination", str(folder / "artifacts")]
    env = {**os.environ, "PATH": f"{prefix / 'bin'}:{os.environ['PATH']}"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(argv, env=env, cwd=folder, **quiet)  # type: ignore[call-overload]  # two streams
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2)
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
