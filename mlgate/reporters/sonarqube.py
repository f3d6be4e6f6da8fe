"""The report in SonarQube's generic format for issues, as of version 10.3."""

from __future__ import annotations

import msgspec

from mlgate.core.gate import Rule
from mlgate.core.report import Report
from mlgate.core.words import Level
from mlgate.reporters._problems import Problem, located, problems, several

needs_rules = True

_IMPACTS = {Level.ERROR: "HIGH", Level.WARNING: "MEDIUM", Level.NOTE: "LOW"}
_SEVERITIES = {Level.ERROR: "CRITICAL", Level.WARNING: "MAJOR", Level.NOTE: "INFO"}
_SECURITY = ("security", "secrets", "dependencies", "privacy", "artifact")
"""Kinds whose findings are about security; all else is about maintainability or reliability."""
_RELIABILITY = ("tests", "types", "data", "drift", "leakage", "model", "skew", "service")


def render(report: Report) -> str:
    """Rules and issues. An issue names lines only: SonarQube refuses a whole report for one column
    that the line does not have."""
    found = problems(report)
    gravest: dict[str, Level] = {}
    for problem in found:
        rule = problem.rule
        gravest[rule] = max(gravest.get(rule, Level.NOTE), problem.level, key=lambda one: one.rank)
    form = {
        "rules": [_rule(rule, level, report.rules.get(rule)) for rule, level in gravest.items()],
        "issues": [_issue(report, problem) for problem in found],
    }
    return msgspec.json.format(msgspec.json.encode(form), indent=2).decode() + "\n"


def _rule(rule: str, level: Level, told: Rule | None) -> dict[str, object]:
    kind = rule.partition("/")[0]
    about = [told.summary, told.mend] if told else [f"a rule of the gate {kind}"]
    return {
        "id": rule,
        "name": rule,
        "description": several(". ".join(filter(None, about))),
        "engineId": "mlgate",
        "cleanCodeAttribute": "TRUSTWORTHY" if kind in _SECURITY else "CONVENTIONAL",
        "type": _kind_of_issue(kind),
        "severity": _SEVERITIES[level],
        "impacts": [{"softwareQuality": _quality(kind), "severity": _IMPACTS[level]}],
    }


def _quality(kind: str) -> str:
    if kind in _SECURITY:
        return "SECURITY"
    return "RELIABILITY" if kind in _RELIABILITY else "MAINTAINABILITY"


def _kind_of_issue(kind: str) -> str:
    names = {"SECURITY": "VULNERABILITY", "RELIABILITY": "BUG", "MAINTAINABILITY": "CODE_SMELL"}
    return names[_quality(kind)]


def _issue(report: Report, problem: Problem) -> dict[str, object]:
    at = located(report, problem.finding)
    place: dict[str, object] = {"message": problem.message, "filePath": at.path}
    if at.line is not None:
        place["textRange"] = {"startLine": at.line}
    return {"ruleId": problem.rule, "primaryLocation": place}
