"""Runs the command line, in this process or as one of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import projects
import pytest
from surroundings import clean_environ

from mlgate.cli import main


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def mlgate(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`mlgate(*args)` in this process."""

    def call(*args: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(args))
        out, err = capsys.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def started() -> Callable[..., Ran]:
    """`started(*args, cwd=..., **environ)` as a process of its own."""

    def call(*args: str, cwd: Path | None = None, **environ: str) -> Ran:
        return Ran(*projects.mlgate(args, cwd or Path.cwd(), clean_environ(**environ)))

    return call


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A new repository in `tmp_path`, the current folder; `git(*args)` runs git in it."""
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(tmp_path)

    def call(*args: str, cwd: Path = tmp_path, check: bool = True) -> str:
        done = subprocess.run(["git", *args], cwd=cwd, capture_output=True, text=True, check=check)
        return done.stdout

    call("init", "-q", "-b", "main")
    call("config", "user.name", "A Person")
    call("config", "user.email", "person@example.org")
    return call
