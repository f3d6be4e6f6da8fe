"""This repository as users get it, a project with its hooks, and both runners of hooks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNNERS = ("pre-commit", "prek")
_WHO = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")


class Ended(NamedTuple):
    """A process that ended; standard output and error as one text."""

    code: int
    text: str


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", *_WHO, *args], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture(scope="session")
def hook_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this repository, with what is not committed yet, at a tag."""
    clone = tmp_path_factory.mktemp("offered") / "mlgate"
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file() and not name.startswith("tests/"):
            target = clone / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    git(clone, "init", "-q", "-b", "main")
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "As offered")
    git(clone, "tag", "v0.0.0")
    return clone


@pytest.fixture(scope="session")
def runner_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of both runners for all tests, so that an environment is made once."""
    return tmp_path_factory.mktemp("home")


class Hooked:
    """A repository whose hooks are run by one of the runners."""

    def __init__(self, folder: Path, runner: str, hooks: Path, home: Path) -> None:
        self.folder = folder
        self.runner = runner
        self.hooks = hooks
        self.home = home
        # Our own environment comes first, for the `-system` twins.
        self.path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str) -> str:
        return git(self.folder, *args)

    def use(self, *ids: str) -> None:
        """Configure these hooks of ours."""
        lines = [f"repos:\n- repo: {self.hooks}\n  rev: v0.0.0\n  hooks:\n"]
        lines += [f"  - id: {name}\n" for name in ids]
        self.put({".pre-commit-config.yaml": "".join(lines)})

    def forget_tools(self) -> None:
        """Leave no folder on PATH that has one of the tools of our gates."""
        folders = self.path.split(os.pathsep)
        self.path = os.pathsep.join(f for f in folders if not shutil.which("flake8", path=f))

    def put(self, files: dict[str, str]) -> None:
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")

    def stage(self, files: dict[str, str]) -> None:
        self.put(files)
        self.git("add", "--", *files)

    def commit(self, message: str = "change") -> str:
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def __call__(self, *args: str) -> Ended:
        """Run the runner."""
        program = os.path.join(os.path.dirname(sys.executable), self.runner)
        return self._run(program, *args)

    def push(self, remote: str, branch: str) -> Ended:
        """`git push`, with the hooks that are installed."""
        return self._run("git", "push", remote, branch)

    def _run(self, *argv: str) -> Ended:
        env = {
            **os.environ,
            "PATH": self.path,
            "PRE_COMMIT_HOME": str(self.home / "pre-commit"),
            "PREK_HOME": str(self.home / "prek"),
            "NO_COLOR": "1",
        }
        done = subprocess.run(
            argv,
            cwd=self.folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=280,
        )
        return Ended(done.returncode, done.stdout)


@pytest.fixture(params=RUNNERS)
def hooked(
    request: pytest.FixtureRequest, tmp_path: Path, hook_repository: Path, runner_home: Path
) -> Hooked:
    """A project under `pre-commit`, then under `prek`."""
    return Hooked(tmp_path / "project", request.param, hook_repository, runner_home)
