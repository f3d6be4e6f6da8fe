"""Surroundings for every test: a store of its own, no CI, a git that knows only the test."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from projects import Project

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
    # A JVM that lives for a test spends half of its processor on compiling what runs once.
    monkeypatch.setenv("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A Person")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "person@example.org")
    yield


@pytest.fixture
def project(tmp_path: Path, surroundings: None) -> Project:
    """A new repository without a commit."""
    return Project(tmp_path / "project")


@pytest.fixture
def make_project(tmp_path: Path, surroundings: None) -> Callable[[str], Project]:
    """`make_project(name)`: further repositories."""
    return lambda name: Project(tmp_path / name)


@pytest.fixture
def desk(tmp_path: Path, surroundings: None) -> Iterator[Any]:
    """A folder of tables, and the engine that is asked about them."""
    from tabled import Desk

    made = Desk(tmp_path / "tables")
    yield made
    made.close()


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
