"""A gate's findings in HTML: by file, with source lines, bounded; what is left out is counted."""

from __future__ import annotations

from collections.abc import Mapping

from mlgate.core.finding import Finding
from mlgate.core.gate import Rule
from mlgate.core.report import Verdict
from mlgate.core.text import counted
from mlgate.core.words import Result, State
from mlgate.reporters._findings import where
from mlgate.reporters._html_tags import Html, joined, quoted, tag
from mlgate.reporters._html_words import badge
from mlgate.reporters._order import place
from mlgate.reporters._problems import line, rule_id, several

SHOWN = 200
"""Findings of one gate; the gravest."""
_OPEN = 12
"""Up to so many stand open; more are folded by file."""
_SOURCE = 1_200


def findings(verdict: Verdict, found: list[Finding], rules: Mapping[str, Rule]) -> Html | None:
    """The list, in the order of their places."""
    if not found:
        return None
    kept = sorted(sorted(found, key=_gravity)[:SHOWN], key=place)
    files: dict[str, list[Finding]] = {}
    for finding in kept:
        files.setdefault(finding.location.path if finding.location else "", []).append(finding)
    folded = len(kept) > _OPEN and len(files) > 1
    parts = [_file(path, inside, rules, folded) for path, inside in files.items()]
    return joined(
        tag("h3", f"Findings ({len(found):,})"), parts, _rest(verdict, len(found) - len(kept))
    )


def _gravity(finding: Finding) -> tuple[bool, int, bool]:
    return (
        finding.state is State.WAIVED,
        -finding.level.rank,
        finding.result is Result.OPEN,
    )


def _file(path: str, found: list[Finding], rules: Mapping[str, Rule], folded: bool) -> Html:
    listed = tag("ul", [_finding(finding, rules) for finding in found], class_="findings")
    if not folded:
        return listed
    title = where_file(path) if path else "of no file"
    number = counted(len(found), "finding")
    said = tag("summary", tag("code", title), " ", tag("span", number, class_="count"))
    worst = max(finding.level.rank for finding in found)
    return tag("details", said, listed, class_="file", open=worst == 2 and len(found) <= _OPEN)


def where_file(path: str) -> str:
    """A path, fit to be shown."""
    from mlgate.core.text import shown

    return line(shown(path), 300)


def _finding(finding: Finding, rules: Mapping[str, Rule]) -> Html:
    said = several(finding.message) or "no message was given"
    first, _, more = said.partition("\n")
    waived = finding.state is State.WAIVED
    rule = rules.get(finding.rule)
    return tag(
        "li",
        tag(
            "p",
            tag("span", "waived", class_="badge note") if waived else _badge(finding),
            " ",
            _place(finding),
            tag("span", rule_id(finding), class_="rule"),
            class_="head",
        ),
        tag("p", quoted(first), class_="message"),
        tag("pre", more) if more.strip() else _source(finding),
        tag("p", quoted(line(rule.summary)), class_="meaning") if rule and rule.summary else None,
        _mend(finding),
        class_="waived" if waived else None,
    )


def _place(finding: Finding) -> Html | None:
    place = line(where(finding.location), 300)
    return joined(tag("span", place, class_="place"), " ") if place else None


def _badge(finding: Finding) -> Html:
    return badge(finding.level, finding.result)


def _mend(finding: Finding) -> Html | None:
    if not finding.help:
        return None
    return tag("p", tag("span", "mend ", class_="label"), quoted(line(finding.help)), class_="mend")


def _source(finding: Finding) -> Html | None:
    """The source lines with their numbers, where they are known."""
    at = finding.location
    text = several(at.text, _SOURCE) if at and at.text else ""
    if not at or not text:
        return None
    start = at.line or 1
    lines = at.text[: _SOURCE * 4].split("\n")[:8] if at.text else []
    digits = len(str(start + len(lines) - 1))
    rows = [
        joined(
            tag("span", f"{start + i:>{digits}}  ", class_="at", aria_hidden="true"),
            tag("span", line_of(one)),
            "\n",
        )
        for i, one in enumerate(lines)
        if one.strip() or i + 1 < len(lines)
    ]
    return tag("pre", tag("code", rows), tabindex="0", role="region", aria_label="source")


def line_of(text: str) -> str:
    """One source line, indentation kept, at most 300 characters."""
    return text[:300].expandtabs(4).rstrip() + ("…" if len(text) > 300 else "")


def _rest(verdict: Verdict, left: int) -> Html | None:
    if not left:
        return None
    gate = line(verdict.gate, 60)
    command = f"mlgate check --gate {gate} --format text:{gate}.txt"
    return tag(
        "p",
        f"and {counted(left, 'more finding')} not shown here; all of them: ",
        tag("code", command),
        class_="rest",
    )
