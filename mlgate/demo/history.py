"""Writes the demo's repository: `python -m mlgate.demo.history FOLDER`, in a process of its own,
because DVC takes over the one that it runs in. Writes a line for each step."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TextIO

from mlgate import process
from mlgate.core.errors import GateError
from mlgate.demo.build import LOG, OWN
from mlgate.demo.changes import CHANGES, Change
from mlgate.signing import keys

_HERE = os.path.dirname(os.path.abspath(__file__))
_PINNED = ("joblib", "numpy", "pyyaml", "scikit-learn", "scipy")


def main() -> None:
    """Write the project into the folder that is named, with a branch for each change."""
    os.chdir(sys.argv[1])
    os.mkdir(OWN)
    with open(LOG, "w", encoding="utf-8") as log, _kept_for_steps(log) as steps:
        _tell(steps, "the code, its tests and its policy")
        _begin()
        _tell(steps, "data and models, by its DVC pipeline")
        _learn()
        _tell(steps, _tracked())
        for change in CHANGES:
            _tell(steps, f"branch {change.branch}: {change.message}")
            _write(change)
    _git("checkout", "--quiet", "main")
    for folder in ("data", "models", "eval"):
        shutil.rmtree(folder, ignore_errors=True)  # as in a fresh clone: pointers tell the rest
    _git("checkout", "--quiet", "--", ".")


def _tell(steps: TextIO, step: str) -> None:
    steps.write(f"{step}\n")
    steps.flush()


def _kept_for_steps(log: TextIO) -> TextIO:
    """Standard output, for this module alone: what DVC and the pipeline say goes into the log."""
    steps = os.fdopen(os.dup(1), "w", encoding="utf-8")
    for stream in (1, 2):
        os.dup2(log.fileno(), stream)
    return steps


def _begin() -> None:
    shutil.copytree(os.path.join(_HERE, "project"), ".", dirs_exist_ok=True, ignore=_BYTECODE)
    os.makedirs("keys")
    keys.make(os.path.join(OWN, "ci"), "ci of the demo", None)
    shutil.move(os.path.join(OWN, "ci.pub"), "keys/ci.pub")
    with open("requirements.txt", "w", encoding="utf-8") as file:
        file.writelines(f"{pin}\n" for pin in pins())
    _git("init", "--quiet", "--initial-branch", "main")
    _dvc("init")
    _dvc("config", "core.analytics", "false")
    _dvc("remote", "add", "--default", "demo", os.path.join(OWN, "remote"))
    os.mkdir(os.path.join(OWN, "remote"))
    for message, paths in (
        ("Describe the project", ("README.md", ".gitignore", "params.yaml")),
        ("Split tables, learn models", ("clinic", "tests", "notebooks", "dvc.yaml", ".dvc")),
    ):
        _commit(message, paths)


def _learn() -> None:
    _dvc("repro")
    _dvc("push")
    _commit("Gate every change with mlgate", (".",))


def _tracked() -> str:
    """What the project says of MLflow, which it needs not have."""
    argv = [sys.executable, "-m", "clinic.track"]
    done = process.run(argv, cwd=".", env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"})
    if done.returncode:
        raise GateError(f"clinic.track failed: {done.errors.strip()[-500:]}")
    return done.text.strip().splitlines()[-1]


def _write(change: Change) -> None:
    """Commit a change to its branch, which begins at the first of them once that is there."""
    start = "main" if change is CHANGES[0] else CHANGES[0].branch
    _git("checkout", "--quiet", "-b", change.branch, start)
    _dvc("checkout", "--force")
    files = os.path.join(_HERE, "faults", change.branch)
    if os.path.isdir(files):
        shutil.copytree(files, ".", dirs_exist_ok=True, ignore=_BYTECODE)
    for edit in change.edits:
        _replace(edit.path, edit.old, edit.new)
    if change.brings:
        _bring(change.brings)
    if change.reruns:
        _dvc("repro")
    if change.pushed:
        _dvc("push")
    _commit(change.message, (".",))


def _bring(path: str) -> None:
    """Put a new file under DVC."""
    content = hostile() if path.endswith(".joblib") else _wines()
    with open(path, "wb") as file:
        file.write(content)
    _dvc("add", path)


def _wines() -> bytes:
    """A table that scikit-learn ships, read without the seconds that importing it takes."""
    from importlib.util import find_spec

    (package,) = getattr(find_spec("sklearn"), "submodule_search_locations", None) or ("",)
    with open(os.path.join(package, "datasets", "data", "wine_data.csv"), "rb") as file:
        return file.read()


def hostile() -> bytes:
    """A pickle that would start a program when it is loaded; the program does nothing."""
    return b"cos\nsystem\n(S'true'\ntR."


def swap(folder: str) -> None:
    """Put another file where the folder registry keeps the version that was promoted last."""
    versions = os.path.join(folder, OWN, "registry", "tumours", "versions")
    path = os.path.join(versions, "v2", "files", "models", "tumours.joblib")
    os.remove(path)
    with open(path, "wb") as file:
        file.write(hostile())


_BYTECODE = shutil.ignore_patterns("__pycache__")


def pins() -> list[str]:
    """What the project needs, in the versions that are installed beside mlgate."""
    from importlib.metadata import version

    return [f"{name}=={version(name)}" for name in _PINNED]


def _replace(path: str, old: str, new: str) -> None:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        raise GateError(f"{path} does not hold {old!r} once")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def _commit(message: str, paths: Sequence[str]) -> None:
    _git("add", "--", *paths)
    _git("commit", "--quiet", "--no-verify", "--message", message)


def _git(*args: str) -> None:
    git(".", *args)


def git(folder: str, *args: str) -> None:
    """Run git as the demo's author, whatever the user's own configuration asks for."""
    who = ("-c", "user.name=mlgate demo", "-c", "user.email=demo@localhost")
    quiet = ("-c", "commit.gpgsign=false", "-c", "core.hooksPath=", "-c", "core.autocrlf=false")
    environ = process.bare_environment(os.environ)
    done = process.run(["git", *who, *quiet, *args], cwd=folder, env=environ)
    if done.returncode:
        raise GateError(f"git {' '.join(args[:2])} failed: {done.errors.strip() or done.text}")


def _dvc(*args: str) -> None:
    from importlib import import_module

    if import_module("dvc.cli").main([args[0], "--quiet", *args[1:]]):
        raise GateError(f"dvc {' '.join(args)} failed: {LOG} tells why")


if __name__ == "__main__":
    main()
