"""A report as it is kept: bounded, so that hundreds of runs take little room."""

from __future__ import annotations

from msgspec.structs import replace

from mlgate.core.finding import Finding
from mlgate.core.report import Report, Verdict
from mlgate.core.text import counted
from mlgate.core.words import Result

FINDINGS = 200
"""Findings kept of a gate: the gravest."""
_LONGEST = 2_000


def bounded(report: Report) -> Report:
    """`report` with the gravest findings of each gate; what is left out is counted in a note."""
    return replace(report, verdicts=tuple(_bounded(verdict) for verdict in report.verdicts))


def _bounded(verdict: Verdict) -> Verdict:
    found = verdict.findings
    if len(found) > FINDINGS:
        order = sorted(range(len(found)), key=lambda i: (_gravity(found[i]), i))[:FINDINGS]
        left = counted(len(found) - FINDINGS, "more finding")
        verdict = replace(
            verdict,
            findings=tuple(found[i] for i in sorted(order)),
            notes=(*verdict.notes, f"{left} not kept with the run: mlgate check shows all"),
        )
    if all(len(finding.message) <= _LONGEST for finding in verdict.findings):
        return verdict
    short = tuple(replace(one, message=one.message[:_LONGEST]) for one in verdict.findings)
    return replace(verdict, findings=short)


def _gravity(finding: Finding) -> tuple[bool, int]:
    return (finding.result is Result.PASS, -finding.level.rank)
