"""The report for programs: `mlgate/report/1`, to which fields are added and never taken away."""

from __future__ import annotations

import msgspec

from mlgate.core.finding import Finding, Location
from mlgate.core.report import Report, Subject, Verdict
from mlgate.core.text import plain, shown
from mlgate.reporters._measured import measured
from mlgate.reporters._order import place

SCHEMA = "mlgate/report/1"


def render(report: Report) -> str:
    """One JSON object. Verdicts in the policy's order, findings by place; text is made plain."""
    form = {
        "schema": SCHEMA,
        "stage": report.stage,
        "exit_code": report.exit_code,
        "commit": report.subject.commit,
        "base": report.base.commit if report.base else None,
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
        "subject": _label(report.subject),
        "base_subject": _label(report.base),
        "base_problem": _plain(report.base_problem),
        "base_help": _plain(report.base_help),
        "policy": _plain(report.policy_source),
        "policy_digest": report.policy_digest,
        "tools": dict(sorted(report.tools.items())),
        "notes": [plain(note) for note in report.notes],
        "duration": _seconds(report.duration),
        "version": report.version,
    }
    return msgspec.json.format(msgspec.json.encode(form), indent=2).decode() + "\n"


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "gate": verdict.gate,
        "kind": verdict.kind,
        "outcome": verdict.outcome,
        "blocks": verdict.blocks,
        "cached": verdict.cached,
        "duration": _seconds(verdict.duration),
        "reason": _plain(verdict.reason),
        "findings": [_finding(finding) for finding in sorted(verdict.findings, key=place)],
        "help": _plain(verdict.help),
        "judged": _plain(verdict.judged),
        "hidden": verdict.hidden,
        "waived": verdict.waived,
        "notes": [plain(note) for note in verdict.notes],
        "started": _seconds(verdict.started),
        "figures": verdict.figures,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": plain(finding.rule),
        "result": finding.result,
        "level": finding.level,
        "message": plain(finding.message),
        "help": _plain(finding.help),
        "state": finding.state,
        "policy": finding.policy,
        "fingerprint": finding.fingerprint,
        "location": _location(finding.location),
        "measurement": measured(finding.measurement),
    }


def _location(at: Location | None) -> dict[str, object] | None:
    if at is None:
        return None
    return {
        "path": shown(at.path),
        "line": at.line,
        "column": at.column,
        "end_line": at.end_line,
        "cell": at.cell,
        "text": _plain(at.text),
    }


def _label(subject: Subject | None) -> str | None:
    return _plain(subject.label) if subject else None


def _plain(text: str | None) -> str | None:
    return None if text is None else plain(text)


def _seconds(duration: float) -> float:
    return round(duration, 3)
