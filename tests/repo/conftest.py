"""Real repositories in temporary folders."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlgate.repo import git


class Project:
    """A repository to play with, and our own view of it."""

    def __init__(self, path: Path, environ: dict[str, str]) -> None:
        self.path = path
        self.environ = environ

    def git(self, *args: str | bytes, stdin: bytes = b"") -> bytes:
        done = subprocess.run(
            ["git", *args], cwd=self.path, env=self.environ, input=stdin, capture_output=True
        )
        assert done.returncode == 0, (args, done.stderr)
        return done.stdout

    def write(self, name: str, content: bytes | str = b"x = 1\n") -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def commit(self, message: str = "change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").decode().strip()

    def found(self, start: Path | None = None, **environ: str) -> git.Repository:
        return git.find(str(start or self.path), self.environ | environ)

    def state(self) -> tuple[bytes, dict[str, tuple[int, int, bytes]]]:
        """The index's bytes and every file's mode, time and bytes: what a run must not change."""
        files = {}
        for folder, _, names in os.walk(self.path):
            for name in names:
                path = Path(folder) / name
                status = path.lstat()
                content = b"" if not path.is_file() or path.is_symlink() else path.read_bytes()
                files[str(path)] = (status.st_mode, status.st_mtime_ns, content)
        index = self.path / ".git" / "index"
        return index.read_bytes() if index.exists() else b"", files


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\nname = A\nemail = a@b.c\n[init]\ndefaultBranch = main\n"
        '[protocol "file"]\nallow = always\n'
    )
    return {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


@pytest.fixture
def make(tmp_path: Path, environ: dict[str, str]) -> Callable[..., Project]:
    def made(name: str = "project", *options: str) -> Project:
        project = Project(tmp_path / name, environ)
        project.path.mkdir()
        project.git("init", "-q", *options)
        return project

    return made


@pytest.fixture
def project(make: Callable[..., Project]) -> Project:
    return make()
