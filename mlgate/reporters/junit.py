"""The report as JUnit XML: a suite for each gate, a case for each finding.

What fails here blocks there, and the other way round: a file without failures and errors is an exit
code of 0, so that a job which judges by this file comes to the same verdict.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from mlgate.core.finding import Finding
from mlgate.core.report import Report, Verdict
from mlgate.core.text import counted, plain, shown
from mlgate.core.words import Level, Outcome, Result, State
from mlgate.reporters import _xml
from mlgate.reporters._findings import where
from mlgate.reporters._order import place
from mlgate.reporters._problems import cut, line, several

_MOST = 1000
"""Cases written of a gate; the rest is counted."""
_TAGS = {Outcome.ERRORED: "error", Outcome.FAILED: "failure", Outcome.INCONCLUSIVE: "failure"}


class _Case(Struct, frozen=True, kw_only=True):
    name: str
    tag: str | None = None
    """`failure`, `error` or `skipped`; None for what passed."""
    kind: str = ""
    message: str = ""
    text: str = ""
    seconds: float = 0.0


def render(report: Report) -> str:
    """Suites in the policy's order; a case `gate` that holds its verdict, then its findings."""
    suites = [(v.gate, v.duration, list(_cases(v))) for v in report.verdicts]
    if report.base_problem is not None:
        suites.append(("mlgate", 0.0, [_base(report.base_problem, report.base_help)]))
    every = [case for _, _, cases in suites for case in cases]
    counts = _counts(every)
    del counts["skipped"]  # the schema knows it of a suite, not of all of them
    lines = [_xml.HEAD, _xml.tag("testsuites", {"name": "mlgate", **counts, **_time(report)})]
    for gate, seconds, cases in suites:
        attributes = {"name": plain(gate), **_counts(cases), "time": f"{seconds:.3f}"}
        lines.append("  " + _xml.tag("testsuite", attributes))
        lines += ("    " + part for case in cases for part in _written(gate, case))
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _time(report: Report) -> dict[str, str]:
    return {"time": f"{report.duration:.3f}"}


def _counts(cases: list[_Case]) -> dict[str, int]:
    tags = [case.tag for case in cases]
    return {
        "tests": len(cases),
        "failures": tags.count("failure"),
        "errors": tags.count("error"),
        "skipped": tags.count("skipped"),
    }


def _base(problem: str, mend: str | None) -> _Case:
    return _Case(
        name="base", tag="error", kind="base", message=line(problem), text=several(mend or "")
    )


def _cases(verdict: Verdict) -> Iterator[_Case]:
    """The gate's own case, those of its findings, and those of what is measured and met."""
    shown = [f for f in sorted(verdict.findings, key=place) if f.state is State.NEW]
    wrong = [f for f in shown if f.result is not Result.PASS]
    wrong = [f for f in wrong if f.level is not Level.NOTE] or wrong
    yield _own(verdict, len(wrong))
    if verdict.outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE):
        for finding in wrong[:_MOST]:
            yield _case(finding, "failure" if verdict.blocks else "skipped")
    met = [f for f in shown if f.result is Result.PASS and f.measurement is not None]
    for finding in met[:_MOST]:
        yield _case(finding, None)


def _own(verdict: Verdict, wrong: int) -> _Case:
    tag = _TAGS.get(verdict.outcome)
    facts = [line(verdict.reason)] if verdict.reason else []
    facts += [counted(wrong, "finding")] if wrong else []
    if wrong > _MOST:
        facts.append(f"the first {_MOST:,} of them are in this file")
    if tag is not None and not verdict.blocks:
        tag = "skipped"
        facts.append("does not block")
    if verdict.outcome is Outcome.SKIPPED:
        tag = "skipped"
    told = [several(verdict.judged or ""), several(verdict.reason or ""), _mend(verdict.help)]
    return _Case(
        name="verdict",
        tag=tag,
        kind=verdict.outcome,
        message="; ".join([verdict.outcome, *facts]),
        text="\n".join(filter(None, told)),
        seconds=verdict.duration,
    )


def _mend(how: str | None) -> str:
    return f"mend: {several(how)}" if how else ""


def _case(finding: Finding, tag: str | None) -> _Case:
    """A finding's case. The name holds no line number, so that it lasts while lines move."""
    path = f" {shown(finding.location.path)}" if finding.location else ""
    said = line(finding.message)
    told = [where(finding.location), several(finding.message), _mend(finding.help)]
    return _Case(
        name=cut(f"{line(finding.rule)}{path}: {said}", 300),
        tag=tag,
        kind=line(finding.rule),
        message=said,
        text="\n".join(filter(None, told)),
    )


def _written(gate: str, case: _Case) -> Iterator[str]:
    attributes = {"name": case.name, "classname": plain(gate), "time": f"{case.seconds:.3f}"}
    if case.tag is None:
        yield _xml.tag("testcase", attributes, closed=True)
        return
    yield _xml.tag("testcase", attributes)
    said = _xml.tag(case.tag, {"type": case.kind, "message": case.message})
    yield f"  {said}{_xml.text(case.text)}</{case.tag}>"
    yield "</testcase>"
