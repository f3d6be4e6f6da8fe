"""A verdict's findings as text: by file, aligned, bounded, each rule's mend said once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlgate.core.finding import Finding, Location, Measurement
from mlgate.core.report import Verdict
from mlgate.core.text import counted, plain, shown
from mlgate.core.words import Level, Outcome, Result, State
from mlgate.reporters._order import place
from mlgate.reporters._style import Style, clipped, columns, padded

SHOWN = 25
"""Findings shown for a gate, where the text is bounded."""
SHOWN_LOOSE = 5
"""The same for findings that stop nobody."""
_QUOTED = 8
"""Up to so many findings come with their source lines or differences."""
_INDENT = 4
_NAMES = 30
_SUMMED = "within"
"""The rule of a finding that stands in text for all others that are met."""
_LOOKS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "cyan"}


def visible(verdict: Verdict) -> list[Finding]:
    """What text shows of a verdict: no waived findings, and of those that are met only the ones
    that rest on evidence. Sorted by place; notes about no place, and what is met, come last."""
    kept = [
        finding
        for finding in verdict.findings
        if finding.state is State.NEW
        if finding.result is not Result.PASS or _proven(finding)
    ]
    summed = f"{verdict.kind}/{_SUMMED}"
    if any(finding.rule == summed for finding in kept):
        kept = [f for f in kept if f.result is not Result.PASS or f.rule == summed]
    return sorted(kept, key=lambda finding: (*_aside(finding), *place(finding)))


def _aside(finding: Finding) -> tuple[bool, bool]:
    remark = finding.level is Level.NOTE and finding.location is None
    return (finding.result is Result.PASS, remark)


def _proven(finding: Finding) -> bool:
    """True if a met finding shows an interval or what it was compared with; those of slices are
    for the reports that machines read."""
    number = finding.measurement
    return (
        number is not None
        and number.slice is None
        and (number.low is not None or number.baseline is not None)
    )


def wrong(findings: Sequence[Finding]) -> list[Finding]:
    """Those that break a rule or leave it open."""
    return [finding for finding in findings if finding.result is not Result.PASS]


def counts(verdict: Verdict) -> list[str]:
    """How much was found: findings apart from notes, which all are where nothing fails."""
    found = wrong(visible(verdict))
    notes = [one for one in found if one.level is Level.NOTE]
    if verdict.outcome is Outcome.PASSED:
        notes = found
    elif len(notes) == len(found):
        notes = []
    both = ((len(found) - len(notes), "finding"), (len(notes), "note"))
    return [counted(number, noun) for number, noun in both if number]


def lines(verdict: Verdict, style: Style, everything: bool = False) -> Iterator[str]:
    """The findings of one verdict, at most `SHOWN` or `SHOWN_LOOSE` of them unless `everything`."""
    found = visible(verdict)
    stops = verdict.blocks and verdict.outcome is not Outcome.PASSED
    limit = SHOWN if stops else SHOWN_LOOSE
    cut = found if everything else _worst(found, limit)
    stacked = _column(cut) > max(style.width * 45 // 100, 28)
    column = 0 if stacked else _column(cut)
    rules = max((columns(_rule(finding)) for finding in cut), default=0)
    for finding in cut:
        yield from _finding(finding, style, column, rules)
        if everything or len(found) <= _QUOTED:
            yield from _quoted(finding, style)
    yield from _mends(cut, style)
    if len(cut) < len(found):
        for line in _rest(verdict, found, cut, style):
            yield " " * _INDENT + style.paint(line, "dim")


def _worst(found: list[Finding], limit: int) -> list[Finding]:
    """The `limit` gravest, in the order of their places."""
    if len(found) <= limit:
        return found
    gravest = sorted(range(len(found)), key=lambda i: (_gravity(found[i]), i))[:limit]
    return [found[i] for i in sorted(gravest)]


def _gravity(finding: Finding) -> tuple[bool, int]:
    return (finding.result is Result.PASS, -finding.level.rank)


def _rule(finding: Finding) -> str:
    """The rule without its kind, which stands on the gate's line."""
    return plain(finding.rule.partition("/")[2] or finding.rule)


def where(at: Location | None) -> str:
    """`path:line:column`, or `path cell 3 line 2` in a notebook."""
    if at is None:
        return ""
    path = shown(at.path)
    if at.cell is not None:
        return f"{path} cell {at.cell}" + (f" line {at.line}" if at.line else "")
    parts = [path, *(str(n) for n in (at.line, at.column if at.line else None) if n is not None)]
    return ":".join(parts)


def _column(found: Sequence[Finding]) -> int:
    return max((columns(where(finding.location)) for finding in found), default=0)


def _finding(finding: Finding, style: Style, column: int, rules: int) -> Iterator[str]:
    place = where(finding.location)
    if not column and place:
        yield " " * _INDENT + place
    gap = 2 if column or place else 0
    lead = " " * _INDENT + (padded(place, column) if column else "") + " " * gap
    rule = _rule(finding)
    text = columns(lead) + rules + 2
    said = style.wrapped(plain(finding.message).partition("\n")[0], text)
    look = "green" if finding.result is Result.PASS else _LOOKS[finding.level]
    yield lead + style.paint(padded(rule, rules), look) + "  " + said[0]
    for line in said[1:]:
        yield " " * text + line
    if finding.measurement is not None and (evidence := _evidence(finding.measurement)):
        for line in style.wrapped(evidence, text):
            yield " " * text + style.paint(line, "dim")


def _evidence(number: Measurement) -> str:
    """What stands behind a measured number, where there is more than the number."""
    facts = []
    if number.low is not None and number.high is not None and number.low != number.high:
        sure = f"{number.confidence:.0%} " if number.confidence is not None else ""
        facts.append(f"{sure}interval {number.low:.4g} to {number.high:.4g}")
    if number.baseline is not None:
        facts.append(f"baseline {number.baseline:.4g}")
    if number.n is not None:
        facts.append(f"n = {number.n:,}")
    if number.needed is not None:
        facts.append(f"{number.needed:,} would decide")
    return ", ".join(facts)


def _quoted(finding: Finding, style: Style) -> Iterator[str]:
    """What a finding brings along: the rest of its message, mostly a diff, or its source lines."""
    _, *rest = plain(finding.message).split("\n")
    for line in rest:
        yield _source_line(" " * (_INDENT + 2), line, style)
    text = finding.location.text if finding.location and not rest else None
    bar = "│" if style.unicode else "|"
    for line in plain(text).rstrip("\n").split("\n") if text else ():
        yield _source_line(f"{' ' * (_INDENT + 2)}{bar} ", line, style, "dim")


def _source_line(lead: str, line: str, style: Style, look: str | None = None) -> str:
    """One source line, cut to the width; removed and added lines of a diff in their colours."""
    looks = {"-": "red", "+": "green", "@": "cyan"}
    painted = look or looks.get(line[:1])
    line = lead + line.expandtabs(4).rstrip()
    if columns(line) > style.width:
        line = clipped(line, style.width - len(style.more)) + style.more
    return style.paint(line, *filter(None, [painted]))


def _joined(names: list[str]) -> str:
    whole = ", ".join(names)
    return whole if len(whole) <= _NAMES else f"{names[0]} and {len(names) - 1} more"


def _mends(found: Sequence[Finding], style: Style) -> Iterator[str]:
    """How to mend, each way once, with the rules that it is for."""
    ways: dict[str, dict[str, None]] = {}
    for finding in wrong(found):
        if finding.help:
            ways.setdefault(plain(finding.help), {}).setdefault(_rule(finding))
    bare = [f for f in wrong(found) if not f.help and f.level is not Level.NOTE]
    if bare:
        rule = max(bare, key=lambda f: f.level.rank).rule
        told = f"at the line that is named; mlgate explain {plain(rule)} says more"
        ways[told] = dict.fromkeys(_rule(finding) for finding in bare)
    rows = [(_joined(list(names)), mend) for mend, names in list(ways.items())[:SHOWN]]
    column = max((columns(names) for names, _ in rows), default=0)
    lead = " " * _INDENT + "mend  "
    text = len(lead) + column + 2
    for names, mend in rows:
        first, *more = style.wrapped(mend, text)
        named = f"{lead}{padded(names, column)}  "
        if text + columns(first) > style.width:  # an address, to be copied whole
            more, named, first = [first, *more], named.rstrip(), ""
        yield style.paint(named, "dim") + first
        yield from (style.hung(line, text) for line in more)


def _rest(verdict: Verdict, found: list[Finding], cut: list[Finding], style: Style) -> list[str]:
    left = len(found) - len(cut)
    files = {f.location.path for f in found if f.location} - {
        f.location.path for f in cut if f.location
    }
    inside = f" in {counted(len(files), 'more file')}" if files else ""
    command = f"mlgate check --gate {verdict.gate} --format text:{verdict.gate}.txt"
    told = f"{style.more} and {left:,} more{inside}"
    whole = f"{told}; all of them: {command}"
    if _INDENT + len(whole) <= style.width:
        return [whole]
    return [told, f"all of them: {command}"]
