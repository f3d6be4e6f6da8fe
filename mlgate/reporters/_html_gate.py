"""A gate's own part of the page: why, how to mend it, its numbers, its pictures, its findings."""

from __future__ import annotations

from mlgate.core.finding import Finding
from mlgate.core.report import Report, Verdict
from mlgate.core.words import Outcome, Result, State
from mlgate.reporters._html_findings import findings
from mlgate.reporters._html_numbers import figures, measured
from mlgate.reporters._html_tags import Html, joined, tag
from mlgate.reporters._html_words import look_of, mark
from mlgate.reporters._plots import Artist
from mlgate.reporters._problems import line, several
from mlgate.reporters._style import lasted

_NOTES = 20


def matters(verdict: Verdict) -> bool:
    """True if there is more to tell of a gate than its line in the list."""
    if verdict.outcome is Outcome.SKIPPED:
        return False
    wrong = verdict.outcome is not Outcome.PASSED
    told = any(f.result is not Result.PASS or f.measurement for f in verdict.findings)
    return wrong or told or bool(verdict.figures or verdict.notes)


def details(verdict: Verdict, report: Report, artist: Artist, anchor: str) -> Html | None:
    """All there is to tell of a gate; None where the list said it all."""
    if not matters(verdict):
        return None
    time = "from the cache" if verdict.cached else lasted(verdict.duration)
    facts = [verdict.outcome.value, verdict.kind, line(verdict.judged or "", 160), time]
    if not verdict.blocks and verdict.outcome is not Outcome.PASSED:
        facts.insert(1, "does not block")
    heading = tag(
        "h2", mark(verdict.outcome, look_of(verdict)), tag("span", line(verdict.gate, 80))
    )
    return tag(
        "section",
        heading,
        tag("p", " · ".join(filter(None, facts)), class_="aside"),
        _why(verdict),
        measured(verdict, artist),
        figures(verdict, artist),
        _changes(verdict),
        findings(verdict, _listed(verdict), report.rules),
        _notes(verdict),
        id=anchor,
        class_=f"gate {look_of(verdict)}",
    )


def _why(verdict: Verdict) -> Html | None:
    if not (verdict.reason or verdict.help):
        return None
    said = tag("p", several(verdict.reason)) if verdict.reason else None
    mend = verdict.help and tag(
        "p", tag("span", "mend ", class_="label"), tag("code", line(verdict.help))
    )
    return tag("div", said, mend, class_="reason")


def _summary(finding: Finding) -> bool:
    return finding.rule == "data-version/summary"


def _changes(verdict: Verdict) -> Html | None:
    """What the change does to the data, which is no problem but what one wants to see."""
    lines = [line(f.message) for f in verdict.findings if _summary(f)]
    if not lines:
        return None
    rows = [tag("li", _version(text)) for text in lines[:100]]
    return joined(tag("h3", "What changed in the data"), tag("ul", rows, class_="changes"))


def _version(text: str) -> Html:
    path, colon, change = text.partition(": ")
    return joined(tag("code", path), " " + change) if colon else joined(text)


def _listed(verdict: Verdict) -> list[Finding]:
    """Findings that a list tells: not those that are met, nor the numbers above."""
    return [
        finding
        for finding in verdict.findings
        if finding.result is not Result.PASS
        and finding.state is not State.OLD
        and not _summary(finding)
    ]


def _notes(verdict: Verdict) -> Html | None:
    notes = [tag("li", several(note, 600)) for note in verdict.notes[:_NOTES]]
    return tag("ul", notes, class_="notes") if notes else None
