"""The report as GitLab's Code Quality JSON, for the merge request's widget and diff."""

from __future__ import annotations

from collections import Counter

import msgspec

from mlgate.core.digests import digest_of
from mlgate.core.report import Report
from mlgate.core.words import Level
from mlgate.reporters._problems import Problem, located, problems

_SEVERITIES = {Level.ERROR: "critical", Level.WARNING: "minor", Level.NOTE: "info"}
_BLOCKING = {Level.ERROR: "blocker", Level.WARNING: "major", Level.NOTE: "minor"}


def render(report: Report) -> str:
    """A list of problems, worst first; a fingerprint is the same as long as rule, file and source
    line are, and no two are equal."""
    seen: Counter[str] = Counter()
    entries = [_entry(report, problem, seen) for problem in problems(report)]
    return msgspec.json.format(msgspec.json.encode(entries), indent=2).decode() + "\n"


def _entry(report: Report, problem: Problem, seen: Counter[str]) -> dict[str, object]:
    at = located(report, problem.finding)
    identity = f"{problem.gate}\0{at.path}\0{problem.finding.rule}\0"
    identity += problem.finding.fingerprint or problem.message
    seen[identity] += 1
    severities = _BLOCKING if problem.blocks else _SEVERITIES
    return {
        "description": problem.message,
        "check_name": problem.rule,
        "fingerprint": _digest(f"{identity}\0{seen[identity]}"),
        "severity": severities[problem.level],
        "location": {"path": at.path, "lines": {"begin": at.line or 1}},
    }


def _digest(identity: str) -> str:
    return digest_of(identity.encode("utf-8", "surrogatepass")).hexdigest()[:32]
