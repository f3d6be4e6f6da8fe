"""The report as SARIF 2.1.0 (OASIS), with all that was found: broken, open, met and waived.

GitHub shows every result as an alert, also one that is met or suppressed; for it there is
`code-scanning`, which leaves these out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from mlgate.core.finding import Finding
from mlgate.core.gate import Rule
from mlgate.core.report import Report, Verdict
from mlgate.core.text import plain
from mlgate.core.words import Level, Outcome, Result, State
from mlgate.reporters._measured import measured
from mlgate.reporters._order import place
from mlgate.reporters._problems import cell, located, problems, rule_id, several

needs_rules = True

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST = 25_000
"""Results of a run that GitHub accepts."""


class Entry(Struct, frozen=True, kw_only=True):
    """A finding as a result."""

    gate: str
    finding: Finding
    kind: Result
    level: Level
    baseline: str | None = None
    """`new` or `unchanged`, where the gate was compared with the base."""


def render(report: Report) -> str:
    """One run. A gate that could not be judged is a notification of the invocation."""
    return written(report, _entries(report))


def written(report: Report, entries: Sequence[Entry]) -> str:
    """The file for these results; of more than GitHub accepts the gravest, and a note says so."""
    told = _notifications(report)
    if len(entries) > _MOST:
        said = f"the gravest {_MOST:,} of {len(entries):,} results are in this file"
        told.append(_told("mlgate/shortened", said, None, "warning"))
        entries = sorted(entries, key=_gravity)[:_MOST]
    entries = sorted(entries, key=lambda entry: place(entry.finding))
    rules = sorted({rule_id(entry.finding) for entry in entries})
    index = {rule: number for number, rule in enumerate(rules)}
    run = {
        "tool": _tool(report, rules),
        "automationDetails": {"id": f"mlgate/{report.stage}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not any(note["level"] == "error" for note in told),
                "exitCode": report.exit_code,
                "toolExecutionNotifications": told,
            }
        ],
        "results": [_result(report, entry, index) for entry in entries],
        "properties": {
            "stage": report.stage,
            "subject": plain(report.subject.label),
            "commit": report.subject.commit,
            "base": report.base.commit if report.base else None,
            "gates": [_gate(verdict) for verdict in report.verdicts],
        },
    }
    form = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(form), indent=2).decode() + "\n"


def _tool(report: Report, rules: Sequence[str]) -> dict[str, Any]:
    """mlgate with the rules of the results; the tools that the verdicts rest on extend it."""
    return {
        "driver": {
            "name": "mlgate",
            "version": report.version,
            "rules": [_rule(rule, report.rules.get(rule)) for rule in rules],
        },
        "extensions": [
            {"name": plain(name), "version": plain(version)}
            for name, version in sorted(report.tools.items())
        ],
    }


def _entries(report: Report) -> list[Entry]:
    return [
        Entry(
            gate=verdict.gate,
            finding=finding,
            kind=finding.result,
            level=finding.level,
            baseline=_baseline(verdict, finding),
        )
        for verdict in report.verdicts
        for finding in verdict.findings
    ]


def _baseline(verdict: Verdict, finding: Finding) -> str | None:
    if finding.state is State.OLD:
        return "unchanged"
    compared = verdict.hidden or any(f.state is State.OLD for f in verdict.findings)
    return "new" if compared and finding.state is State.NEW else None


def only_problems(report: Report) -> list[Entry]:
    """What is held against the subject, gates that could not be judged among it; all of it as
    `fail`, for a reader that knows no other kind."""
    return [
        Entry(gate=problem.gate, finding=problem.finding, kind=Result.FAIL, level=problem.level)
        for problem in problems(report)
    ]


def _gravity(entry: Entry) -> tuple[object, ...]:
    finding = entry.finding
    aside = finding.result is Result.PASS or finding.state is not State.NEW
    return (aside, -entry.level.rank, finding.result is Result.OPEN, *place(finding))


def _notifications(report: Report) -> list[dict[str, Any]]:
    """What could not be judged, and why."""
    told = [_notification(v) for v in report.verdicts if v.outcome is Outcome.ERRORED]
    if report.base_problem is not None:
        told.append(_told("mlgate/base", report.base_problem, report.base_help))
    return told


def _notification(verdict: Verdict) -> dict[str, Any]:
    reason = several(verdict.reason or "no reason was given")
    said = f"{verdict.gate} could not be judged: {reason}"
    level = "error" if verdict.blocks else "warning"
    return _told(f"{verdict.kind}/errored", said, verdict.help, level)


def _told(name: str, said: str, mend: str | None, level: str = "error") -> dict[str, Any]:
    text = several(said) + (f"\nmend: {several(mend)}" if mend else "")
    return {"descriptor": {"id": plain(name)}, "level": level, "message": {"text": text}}


def _gate(verdict: Verdict) -> dict[str, Any]:
    return {
        "gate": plain(verdict.gate),
        "kind": verdict.kind,
        "outcome": verdict.outcome,
        "blocks": verdict.blocks,
        "hidden": verdict.hidden,
    }


def _rule(rule: str, told: Rule | None) -> dict[str, Any]:
    summary = several(told.summary) if told else f"a rule of the gate {rule.partition('/')[0]}"
    mend = several(told.mend) if told else ""
    return {
        "id": rule,
        "shortDescription": {"text": summary},
        "help": {"text": mend or f"mlgate explain {rule}"},
        "defaultConfiguration": {"level": told.level if told else "warning"},
        "properties": {"tags": [rule.partition("/")[0]]},
    }


def _result(report: Report, entry: Entry, index: dict[str, int]) -> dict[str, Any]:
    finding = entry.finding
    failed = entry.kind is Result.FAIL
    text = cell(finding.location) + several(finding.message)
    if finding.help and finding.result is not Result.PASS:
        text += f"\nmend: {several(finding.help)}"
    result: dict[str, Any] = {
        "ruleId": rule_id(finding),
        "ruleIndex": index[rule_id(finding)],
        "kind": entry.kind,
        "level": entry.level if failed else "none",  # as the standard wants it, section 3.27.10
        "message": {"text": text or rule_id(finding)},
        "locations": [_location(report, finding)],
        "properties": {"gate": plain(entry.gate), "policy": finding.policy},
    }
    if finding.fingerprint:
        result["partialFingerprints"] = _fingerprints(finding)
    if finding.measurement is not None:
        result["properties"]["measurement"] = measured(finding.measurement)
    if finding.state is State.WAIVED:
        said = "accepted by a waiver of the policy"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": said}]
    if entry.baseline:
        result["baselineState"] = entry.baseline
    return result


def _fingerprints(finding: Finding) -> dict[str, str]:
    """GitHub would make the second one itself of the source line, which is wrong where the finding
    is not about the line that it is shown at."""
    found = {"mlgate/v1": finding.fingerprint or ""}
    if finding.location is None or finding.location.line is None:
        found["primaryLocationLineHash"] = f"{finding.fingerprint}:1"
    return found


def _location(report: Report, finding: Finding) -> dict[str, Any]:
    from urllib.parse import quote

    at = located(report, finding)
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(at.path), "uriBaseId": "%SRCROOT%"}}
    region: dict[str, Any] = {"startLine": at.line or 1}
    if at.line is not None:
        if at.column:
            region["startColumn"] = at.column
        if at.end_line and at.end_line >= at.line:
            region["endLine"] = at.end_line
        if at.text:
            region["snippet"] = {"text": several(at.text)}
    place["region"] = region
    return {"physicalLocation": place}
