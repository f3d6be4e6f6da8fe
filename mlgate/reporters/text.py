"""The report for people: a line per gate, its findings, and a summary that says what was judged."""

from __future__ import annotations

from collections.abc import Iterator

from mlgate.core.report import Report, Verdict
from mlgate.core.text import plain
from mlgate.core.words import Outcome
from mlgate.reporters import _findings, _summary
from mlgate.reporters._style import Style, columns, name_width, padded, took

__all__ = ["Style", "name_width", "render", "summary_lines", "verdict_lines"]

_TOLD = 12
"""Lines shown of a reason."""


def render(report: Report, *, width: int = 100, color: bool = False, unicode: bool = True) -> str:
    """The whole report, every finding included."""
    style = Style(width=width, color=color, unicode=unicode)
    names = name_width(verdict.gate for verdict in report.verdicts)
    lines = [
        line
        for verdict in report.verdicts
        for line in verdict_lines(verdict, style, names, everything=True)
    ]
    return "\n".join([*lines, *summary_lines(report, style)]) + "\n"


def summary_lines(report: Report, style: Style) -> list[str]:
    """What was judged and what was not, and what follows from it."""
    return list(_summary.lines(report, style))


def verdict_lines(
    verdict: Verdict, style: Style, names: int, everything: bool = False
) -> Iterator[str]:
    """A gate's line and what belongs under it; nothing for a skipped gate, which the summary
    names. `names` is the width of the column of names."""
    if verdict.outcome is Outcome.SKIPPED:
        return
    said = _said(verdict, style)
    time = took(verdict)
    text = 2 + names + 2
    first, *more = style.wrapped(said, text, len(time) + 2)
    name = style.paint(padded(verdict.gate, names), "bold")
    before = max(text, 4 + columns(verdict.gate)) + columns(first)
    space = max(style.width - before - len(time), 2)
    mark = style.mark(verdict.outcome, verdict.blocks)
    yield f"{mark} {name}  {first}{' ' * space}{style.paint(time, 'dim')}"
    for line in more:
        yield " " * text + line
    for line in _told(verdict):
        yield from (" " * text + style.paint(part, "dim") for part in style.wrapped(line, text))
    if verdict.help:
        first, *more = style.wrapped(plain(verdict.help), text + 6)
        yield " " * text + style.paint("mend  ", "dim") + first
        yield from (style.hung(line, text + 6) for line in more)
    found = list(_findings.lines(verdict, style, everything))
    yield from found
    for note in verdict.notes:
        for line in style.wrapped(plain(note), text):
            yield style.paint(style.hung(line, text), "dim")
    if found:
        yield ""


def _told(verdict: Verdict) -> list[str]:
    """The rest of a long reason: mostly a tool's own words."""
    return plain(verdict.reason).split("\n")[1:_TOLD] if verdict.reason else []


def _said(verdict: Verdict, style: Style) -> str:
    """What a gate came to, in words: never a bare `passed`."""
    facts = []
    reason = plain(verdict.reason or "").partition("\n")[0]
    if verdict.outcome is Outcome.ERRORED:
        facts.append(f"could not be judged: {reason or 'no reason was given'}")
    elif verdict.outcome is Outcome.INCONCLUSIVE:
        facts.append(f"not decided: {reason or 'the evidence does not suffice'}")
    facts += _findings.counts(verdict)
    if verdict.outcome is Outcome.FAILED and not facts:
        facts.append(reason or "failed")
    if verdict.judged and verdict.outcome is not Outcome.ERRORED:
        facts.append(plain(verdict.judged))
    if verdict.hidden:
        facts.append(f"{verdict.hidden:,} old not shown")
    if verdict.waived:
        facts.append(f"{verdict.waived:,} waived")
    if verdict.outcome not in (Outcome.PASSED, Outcome.SKIPPED) and not verdict.blocks:
        facts.append("does not block")
    return style.dot.join(facts) or "passed; the gate does not say what it looked at"
