"""Surroundings for every test: a store of its own, no CI, a git that knows only the test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

_FOREIGN = re.compile(
    r"GIT_.*|CI|CI_.*|GITHUB_.*|GITLAB_.*|TF_BUILD|BUILDKITE.*|CODEBUILD_.*|BITBUCKET_.*|CIRCLE.*"
    r"|JENKINS_URL|PRE_COMMIT.*|MLGATE_.*|NO_COLOR|FORCE_COLOR"
)


@pytest.fixture(autouse=True)
def surroundings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    for name in filter(_FOREIGN.fullmatch, list(os.environ)):
        monkeypatch.delenv(name)
    monkeypatch.setenv("MLGATE_CACHE_DIR", str(tmp_path_factory.mktemp("store")))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A Person")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "person@example.org")
    yield


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
        done = subprocess.run(
            [sys.executable, "-m", "mlgate", *args],
            cwd=cwd or self.folder,
            env=env,
            capture_output=True,
            timeout=240,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def project(tmp_path: Path, surroundings: None) -> Project:
    """A new repository without a commit."""
    return Project(tmp_path / "project")


@pytest.fixture
def make_project(tmp_path: Path, surroundings: None) -> Callable[[str], Project]:
    """`make_project(name)`: further repositories."""
    return lambda name: Project(tmp_path / name)


_outcomes: dict[str, set[str]] = defaultdict(set)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--forbid-skipped-files",
        action="store_true",
        help="fail where all tests of a file are skipped",
    )


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.skipped or report.failed:
        _outcomes[report.nodeid.partition("::")[0]].add(report.outcome)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _outcomes[report.nodeid].add("skipped")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.OK and _skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for path in _skipped(config):
        terminalreporter.write_line(f"error: every test of {path} was skipped", red=True)


def _skipped(config: pytest.Config) -> list[str]:
    """The files of which nothing ran, where that is forbidden."""
    if not config.getoption("--forbid-skipped-files"):
        return []
    return sorted(path for path, seen in _outcomes.items() if seen == {"skipped"})
