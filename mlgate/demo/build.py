"""Builds a small real project from scikit-learn's bundled data, and plants faults in it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from mlgate import process
from mlgate.core.errors import GateError, UsageError

_HERE = os.path.dirname(os.path.abspath(__file__))
_PINNED = ("joblib", "numpy", "pyyaml", "scikit-learn", "scipy")
_HISTORY = (
    ("Load the measurements", ("README.md", ".gitignore", "params.yaml", "diagnosis/__init__.py")),
    ("Split them once and for all", ("diagnosis/data.py", "diagnosis/params.py")),
    ("Learn a model and judge it", ("diagnosis", "tests", "notebooks", "metrics.json")),
    ("Check every change with mlgate", (".",)),
)
_BRANCH = "release"
# Put together here, so that no scanner of this repository takes it for a leak.
_SECRET = "AKIA" + "R7Q2ZK5WX4TNB6VE"  # pragma: allowlist secret


class Metrics(Struct, frozen=True):
    """What the project's model came to on its test rows."""

    rows: int
    roc_auc: float
    recall: float


def build(folder: str, environ: Mapping[str, str]) -> Metrics:
    """Write the project into `folder`, train its model, commit it; returns its metrics.

    Raises `UsageError` where the folder is not empty or scikit-learn is missing.
    """
    if os.path.isdir(folder) and os.listdir(folder):
        raise UsageError(f"{folder} is not empty", "name a new folder: mlgate demo DIR")
    pins = _pins()
    shutil.copytree(
        os.path.join(_HERE, "project"),
        folder,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    _write(folder, "requirements.txt", pins)
    _run([sys.executable, "-m", "diagnosis"], folder, environ)
    _git(folder, environ, "init", "--quiet", "--initial-branch", "main")
    for message, paths in _HISTORY:
        _commit(folder, environ, message, paths)
    with open(os.path.join(folder, "metrics.json"), "rb") as file:
        return msgspec.json.decode(file.read(), type=Metrics)


def plant(folder: str, environ: Mapping[str, str]) -> None:
    """Commit every fault to a branch of its own."""
    _git(folder, environ, "checkout", "--quiet", "-b", _BRANCH)
    shutil.copytree(
        os.path.join(_HERE, "faults"),
        folder,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    _replace(folder, os.path.join("diagnosis", "upload.py"), "<secret>", _SECRET)
    _replace(folder, "requirements.txt", _pin("joblib"), "joblib==1.1.0")
    _commit(folder, environ, "Prepare the release", (".",))


def _pins() -> str:
    return "".join(f"{_pin(name)}\n" for name in _PINNED)


def _pin(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"{name}=={version(name)}"
    except PackageNotFoundError:
        raise UsageError(
            f"the demo's project needs {name}, which is not installed beside mlgate",
            "pip install scikit-learn",
        ) from None


def _write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def _replace(folder: str, name: str, old: str, new: str) -> None:
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        text = file.read()
    if old not in text:
        raise ValueError(f"{name} does not hold {old!r}")
    _write(folder, name, text.replace(old, new))


def _commit(folder: str, environ: Mapping[str, str], message: str, paths: Sequence[str]) -> None:
    _git(folder, environ, "add", "--", *paths)
    _git(folder, environ, "commit", "--quiet", "--no-verify", "--message", message)


def _git(folder: str, environ: Mapping[str, str], *args: str) -> str:
    who = ("-c", "user.name=mlgate demo", "-c", "user.email=demo@localhost")
    quiet = ("-c", "commit.gpgsign=false", "-c", "core.hooksPath=", "-c", "core.autocrlf=false")
    return _run(["git", *who, *quiet, *args], folder, environ)


def _run(argv: Sequence[str], folder: str, environ: Mapping[str, str]) -> str:
    done = process.run(argv, cwd=folder, env=process.bare_environment(environ))
    if done.returncode:
        raise GateError(f"{' '.join(argv[:4])} failed: {done.errors.strip() or done.text}")
    return done.text
