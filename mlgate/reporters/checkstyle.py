"""The report as Checkstyle XML, which Jenkins, reviewdog and many others read."""

from __future__ import annotations

from collections.abc import Iterator

from mlgate.core.report import Report
from mlgate.core.words import Level
from mlgate.reporters import _xml
from mlgate.reporters._order import place
from mlgate.reporters._problems import Problem, located, problems

_SEVERITIES = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "info"}


def render(report: Report) -> str:
    """A `file` for every file with problems; what has no place stands at the policy."""
    files: dict[str, list[str]] = {}
    for problem in sorted(problems(report), key=lambda one: place(one.finding)):
        path, error = _error(report, problem)
        files.setdefault(path, []).append(error)
    return "\n".join([_xml.HEAD, '<checkstyle version="4.3">', *_files(files), "</checkstyle>", ""])


def _files(files: dict[str, list[str]]) -> Iterator[str]:
    for path in sorted(files):
        yield "  " + _xml.tag("file", {"name": path})
        yield from files[path]
        yield "  </file>"


def _error(report: Report, problem: Problem) -> tuple[str, str]:
    at = located(report, problem.finding)
    attributes = {
        "line": at.line or 1,
        "column": at.column,
        "severity": _SEVERITIES[problem.level],
        "message": problem.message,
        "source": problem.rule,
    }
    return at.path, "    " + _xml.tag("error", attributes, closed=True)
