"""What to do so that the change goes in: one step for each gate that stands in its way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlgate.core.finding import Finding
from mlgate.core.report import Report, Verdict
from mlgate.core.text import counted
from mlgate.core.words import Level, Outcome, Result, State
from mlgate.reporters._findings import where
from mlgate.reporters._html_page import section
from mlgate.reporters._html_tags import Html, quoted, tag
from mlgate.reporters._problems import line

_STEPS = 12
_WAYS = 3
_FINE = (Outcome.PASSED, Outcome.SKIPPED)


def steps(report: Report, anchors: Mapping[int, str]) -> Html | None:
    """The steps, each with a link to its evidence; None where nothing is in the way."""
    blocking = [v for v in report.verdicts if v.blocks and v.outcome not in _FINE]
    if not blocking:
        return None
    left = len(blocking) - _STEPS
    return section(
        "What to do",
        tag("ol", [_step(one, anchors[id(one)]) for one in blocking[:_STEPS]], class_="steps"),
        tag("p", f"and {counted(left, 'more gate')}", class_="rest") if left > 0 else None,
        anchor="steps",
    )


def _step(verdict: Verdict, anchor: str) -> Html:
    ways = list(dict.fromkeys(_ways(verdict)))
    more = f"and {counted(len(ways) - _WAYS, 'more way')} below" if len(ways) > _WAYS else None
    return tag(
        "li",
        tag("a", line(verdict.gate, 80) or "(no name)", href=f"#{anchor}"),
        " ",
        tag("span", _trouble(verdict), class_="outcome"),
        tag("ul", [tag("li", quoted(way)) for way in [*ways[:_WAYS], *([more] if more else [])]]),
    )


def _trouble(verdict: Verdict) -> str:
    found = [f for f in _in_the_way(verdict) if f.result is Result.FAIL]
    if verdict.outcome is Outcome.FAILED and found:
        return counted(len(found), "finding")
    return line(verdict.reason or verdict.outcome.value, 160)


def _ways(verdict: Verdict) -> Iterator[str]:
    """How it is mended, by the gravest finding first; where nobody says how, what is wrong."""
    if verdict.help:
        yield line(verdict.help, 200)
    told = _in_the_way(verdict)
    for finding in sorted(told, key=lambda f: (f.result is Result.OPEN, -f.level.rank)):
        if finding.help:
            yield line(finding.help, 200)
    if not verdict.help and not any(finding.help for finding in told):
        yield from _seen(told)


def _seen(told: list[Finding]) -> Iterator[str]:
    """The gravest findings themselves, and who explains them."""
    gravest = sorted(told, key=lambda f: (f.result is Result.OPEN, -f.level.rank))
    for finding in gravest[: _WAYS - 1]:
        place = f"{where(finding.location)}: " if finding.location else ""
        yield line(f"{place}{line(finding.message)}", 200)
    if gravest:
        yield f"`mlgate explain {line(gravest[0].rule, 80)}` tells what it means"


def _in_the_way(verdict: Verdict) -> list[Finding]:
    """What is broken or open; notes only where there is nothing else."""
    told = [f for f in verdict.findings if f.result is not Result.PASS and f.state is State.NEW]
    return [f for f in told if f.level is not Level.NOTE] or told
