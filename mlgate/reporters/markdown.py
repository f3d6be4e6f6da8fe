"""The report as Markdown for a comment: the verdict, the gates, what was measured, the worst."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mlgate.core.finding import Finding, Measurement
from mlgate.core.report import Report, Verdict
from mlgate.core.text import counted
from mlgate.core.words import Outcome, Result, State
from mlgate.reporters._findings import where
from mlgate.reporters._markdown import code, fitted, head, row, size, words
from mlgate.reporters._problems import Problem, problems
from mlgate.reporters._style import lasted, took
from mlgate.reporters._summary import described, judges, meaning

LIMIT = 30_000
"""Bytes. The least that a platform takes is Bitbucket's 32,768 characters; GitHub takes 65,536."""
_MOST = 50
"""Findings in a comment; nobody scrolls further."""
_NAMED = 8
_MARKS = {
    Outcome.PASSED: "✅",
    Outcome.FAILED: "❌",
    Outcome.INCONCLUSIVE: "❔",
    Outcome.ERRORED: "❗",
    Outcome.SKIPPED: "➖",
}


def render(report: Report, limit: int = LIMIT, most: int = _MOST) -> str:
    """At most `limit` bytes with the `most` worst findings. What does not fit is left out by the
    row and counted; the verdict always fits."""
    found = problems(report)
    lines = [_headline(report), "", _facts(report), ""]
    foot = ["", _foot(report)]
    room = limit - size("\n".join([*lines, *foot])) - 400
    sections = (
        (_gates(report), room // 2),
        (_measurements(report), room * 3 // 4),
        (_findings(found, most), room),
    )
    used = 0
    for section, most_used in sections:
        part = section(most_used - used)
        used += size("\n".join(part)) + 1
        lines += part
    return "\n".join([*lines, *foot]) + "\n"


_Section = Callable[[int], list[str]]
"""Lines for so many bytes."""


def _headline(report: Report) -> str:
    mark = "❌" if report.exit_code else "✅"
    if not report.exit_code and not judges(report):
        mark = "➖"
    return f"## {mark} mlgate: {meaning(report, _name, _NAMED)}"


def _name(gate: str) -> str:
    return code(gate, 60)


def _facts(report: Report) -> str:
    facts = [
        f"stage **{report.stage}**",
        f"judged {code(described(report.subject), 120)}",
        f"against {code(described(report.base), 120)}" if report.base else "",
        f"exit {report.exit_code}",
        lasted(report.duration),
    ]
    said = " · ".join(filter(None, facts))
    if report.base_problem is not None:
        said += f"\n\nThe base: {code(report.base_problem)}"
        said += f", mend: {code(report.base_help)}" if report.base_help else ""
    return said


def _foot(report: Report) -> str:
    policy = code(report.policy_source, 200) if report.policy_source else "none, adopted"
    return f"mlgate {words(report.version)} · policy {policy}"


def _table(
    title: str, titles: Sequence[str], rows: Sequence[str], ranked: Sequence[str], noun: str
) -> _Section:
    """A table in its own order where all of it fits, else by rank as much as fits, the rest
    counted. Nothing without rows."""

    def section(room: int) -> list[str]:
        top = [f"### {title}", "", *head(titles)]
        if not rows:
            return []
        room -= size("\n".join(top)) + 2
        kept = fitted(rows, room)
        if len(kept) == len(rows):
            return [*top, *kept, ""]
        kept = fitted(ranked, room - 60)
        left = counted(len(rows) - len(kept), f"more {noun}")
        return [*(top if kept else top[:2]), *kept, "", f"and {left} not shown here", ""]

    return section


def _gates(report: Report) -> _Section:
    order = [
        Outcome.ERRORED,
        Outcome.FAILED,
        Outcome.INCONCLUSIVE,
        Outcome.PASSED,
        Outcome.SKIPPED,
    ]
    ranked = sorted(report.verdicts, key=lambda v: (not v.blocks, order.index(v.outcome)))
    return _table(
        "Gates",
        ("", "gate", "outcome", "what", "time:"),
        [_gate(verdict) for verdict in report.verdicts],
        [_gate(verdict) for verdict in ranked],
        "gate",
    )


def _gate(verdict: Verdict) -> str:
    outcome = verdict.outcome
    wrong = outcome not in (Outcome.PASSED, Outcome.SKIPPED)
    mark = "⚠️" if wrong and not verdict.blocks else _MARKS[outcome]
    said = outcome.value + (", does not block" if wrong and not verdict.blocks else "")
    time = "" if outcome is Outcome.SKIPPED else took(verdict)
    return row([mark, code(verdict.gate, 60), said, "; ".join(_what(verdict)), time])


def _what(verdict: Verdict) -> Iterator[str]:
    """What a gate came to: findings, what it looked at, why it did not answer."""
    number = sum(f.state is State.NEW and f.result is not Result.PASS for f in verdict.findings)
    if number:
        yield counted(number, "finding")
    if verdict.reason:
        yield code(verdict.reason, 160)
    if verdict.help:
        yield f"mend: {code(verdict.help, 160)}"
    if verdict.judged:
        yield words(verdict.judged)
    if verdict.hidden:
        yield f"{verdict.hidden:,} old not shown"
    if verdict.waived:
        yield f"{verdict.waived:,} waived"


def _measurements(report: Report) -> _Section:
    """Every number with its interval, its bound, and its change against the base; where not all
    fit, those first that are not met."""
    found = [
        (verdict, finding, finding.measurement)
        for verdict in report.verdicts
        for finding in verdict.findings
        if finding.measurement is not None
    ]
    rows = [_measurement(verdict, finding, number) for verdict, finding, number in found]
    met = [finding.result is Result.PASS for _, finding, _ in found]
    ranked = sorted(range(len(rows)), key=lambda i: (met[i], i))
    titles = ("", "gate", "number", "value:", "interval", "bound", "base:", "change:")
    return _table("Measurements", titles, rows, [rows[i] for i in ranked], "measurement")


def _measurement(verdict: Verdict, finding: Finding, number: Measurement) -> str:
    marks = {Result.PASS: "✅", Result.OPEN: "❔", Result.FAIL: "❌"}
    mark = "➖" if finding.state is State.WAIVED else marks[finding.result]
    name = code(number.name, 80)
    if number.slice:
        name += f" where {code(number.slice, 80)}"
    unit = f" {words(number.unit, 20)}" if number.unit else ""
    value = "" if number.value is None else f"**{number.value:.4g}**{unit}"
    return row([mark, code(verdict.gate, 60), name, value, *_evidence(number)])


def _evidence(number: Measurement) -> Iterator[str]:
    interval = ""
    if number.low is not None and number.high is not None and number.low != number.high:
        sure = f" ({number.confidence:.0%})" if number.confidence is not None else ""
        interval = f"{number.low:.4g} to {number.high:.4g}{sure}"
    yield interval
    bounds = (("≥", number.at_least), ("≤", number.at_most))
    yield ", ".join(f"{sign} {bound:.4g}" for sign, bound in bounds if bound is not None)
    yield "" if number.baseline is None else f"{number.baseline:.4g}"
    compared = number.value is not None and number.baseline is not None
    yield f"{(number.value or 0) - (number.baseline or 0):+.3g}" if compared else ""


def _findings(found: list[Problem], most: int) -> _Section:
    """The worst findings, a line each. What stands for a gate is in the table of gates."""
    found = [problem for problem in found if not problem.synthetic]

    def section(room: int) -> list[str]:
        if not found:
            return []
        top = ["### Findings", ""]
        kept = fitted(_listed(found[:most]), room - 300)
        left = len(found) - len(kept)
        gates = dict.fromkeys(problem.gate for problem in found[len(kept) :])
        shown = ", ".join(code(f"mlgate check --gate {gate}", 80) for gate in list(gates)[:2])
        more = ["", f"and {counted(left, 'more finding')}; all of them: {shown}"] if left else []
        return [*top, *kept, *more]

    return section


def _listed(found: list[Problem]) -> Iterator[str]:
    """A line for each; how to mend is said once for each rule and way."""
    said: set[tuple[str, str]] = set()
    for problem in found:
        finding = problem.finding
        level = "not decided" if finding.result is Result.OPEN else problem.level.value
        place = f"{code(where(finding.location), 200)} " if finding.location else ""
        text = f"- **{level}** {place}{code(finding.rule, 100)} {code(finding.message)}"
        mend = finding.help or ""
        if mend and (finding.rule, mend) not in said:
            said.add((finding.rule, mend))
            text += f", mend: {code(mend, 200)}"
        yield text
