"""What is shown beside source lines: the verdict, then the worst problems, as many as are kept."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from mlgate.core.finding import Location
from mlgate.core.report import Report
from mlgate.core.text import counted, shown
from mlgate.core.words import Level
from mlgate.reporters._problems import Problem, line, problems
from mlgate.reporters._summary import meaning

MOST = 10
"""Annotations of one level that GitHub and Azure keep of a step; further ones are lost."""
_GATES = 5


class Annotation(Struct, frozen=True, kw_only=True):
    """A message of one line, beside a source line if it has one."""

    level: Level
    title: str
    message: str
    at: Location | None = None


def annotated(report: Report) -> list[Annotation]:
    """At most `MOST` of each level: the verdict first, unless there is nothing to say."""
    found = problems(report)
    verdict = Level.ERROR if report.exit_code else Level.NOTE
    room = Counter(dict.fromkeys(Level, MOST))
    room[verdict] -= 1
    kept = []
    for problem in found:
        if room[problem.level]:
            room[problem.level] -= 1
            kept.append(_annotation(problem))
    if not report.exit_code and len(kept) == len(found):
        return kept
    said = line(meaning(report, most=_GATES))
    if len(kept) < len(found):
        said += f"; {counted(len(found) - len(kept), 'more finding')} not annotated here"
    return [Annotation(level=verdict, title="mlgate", message=said), *kept]


def _annotation(problem: Problem) -> Annotation:
    finding = problem.finding
    at = finding.location
    if at is not None:
        own = at.cell is None
        at = Location(
            path=shown(at.path),
            line=at.line if own else None,
            column=at.column if own and at.line else None,
            end_line=at.end_line if own and at.line else None,
        )
    mend = f"; mend: {line(finding.help, 200)}" if finding.help else ""
    title = line(finding.rule, 100)
    return Annotation(level=problem.level, title=title, message=problem.message + mend, at=at)
