"""A file of tests of which every one is skipped may count as failed: CI leaves nothing out."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

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
