"""SARIF for GitHub's code scanning, which shows every result as an alert: problems only."""

from __future__ import annotations

from mlgate.core.report import Report
from mlgate.reporters.sarif import only_problems, written

needs_rules = True


def render(report: Report) -> str:
    """As `sarif`, without what is met or waived, and with gates that could not be judged as
    results: GitHub shows no notifications. What does not block is a warning at most, because an
    alert of level `error` makes GitHub's own check fail."""
    return written(report, only_problems(report))
