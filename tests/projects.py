"""Real repositories in temporary folders, on which the real program runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple


def bare(folder: Path) -> Path:
    """An environment in `folder`: a Python, and no packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


class Ended(NamedTuple):
    """A process that ended."""

    code: int
    out: str
    err: str


class Project:
    """A real repository in a temporary folder, on which the real program runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str) -> str:
        done = subprocess.run(
            ["git", *args], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    def write(self, **files: str | bytes) -> Project:
        """Files by name; `__` in a keyword stands for a slash, `_DOT_` for a dot."""
        return self.put({k.replace("__", "/").replace("_DOT_", "."): v for k, v in files.items()})

    def put(self, files: dict[str, str | bytes]) -> Project:
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def commit(self, message: str = "change") -> Project:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self

    def run(self, *args: str, cwd: Path | None = None, **environ: str | None) -> Ended:
        """`mlgate ARGS` as a process of its own; a value of None unsets a variable."""
        env = {**os.environ, **{k: v for k, v in environ.items() if v is not None}}
        for name, value in environ.items():
            if value is None:
                env.pop(name, None)
        return mlgate(args, cwd or self.folder, env)


def mlgate(args: tuple[str, ...], cwd: Path, env: dict[str, str]) -> Ended:
    """`mlgate ARGS` as a process of its own."""
    command = [sys.executable, "-m", "mlgate", *args]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, timeout=240)
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
