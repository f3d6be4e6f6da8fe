"""The end of a report: what it comes to, what was judged, what was not and where it will be."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from mlgate.core import errors
from mlgate.core.report import Report, Subject, Verdict
from mlgate.core.text import counted, plain
from mlgate.core.words import Outcome
from mlgate.reporters._style import Style, columns, lasted

_SLOW = 1.0
"""Seconds from which a gate can be called slow."""
_LABEL = 12


def lines(report: Report, style: Style) -> Iterator[str]:
    """The verdict of the whole run, then the facts that it rests on."""
    yield style.paint(style.rule * style.width, "dim")
    yield _headline(report, style)
    for label, text in _rows(report, style):
        first, *more = style.wrapped(plain(text), _LABEL + 2)
        yield "  " + style.paint(f"{label:<{_LABEL}}", "dim") + first
        for line in more:
            yield " " * (_LABEL + 2) + line


def _headline(report: Report, style: Style) -> str:
    code = report.exit_code
    mark, look = _tone(report, style)
    text = meaning(report)
    end = f"exit {code}{style.dot}{lasted(report.duration)}"
    first, *more = style.wrapped(text, 2, len(end) + 2)
    space = " " * max(style.width - 2 - columns(first) - len(end), 2)
    head = f"{mark} {style.paint(first, 'bold', look)}{space}{style.paint(end, 'dim')}"
    return "\n".join([head, *("  " + style.paint(line, "bold", look) for line in more)])


def _tone(report: Report, style: Style) -> tuple[str, str]:
    if report.exit_code == errors.FAILED:
        return style.mark(Outcome.FAILED), "red"
    if report.exit_code == errors.ERRORED:
        return style.mark(Outcome.ERRORED), "red"
    if not judges(report):
        return style.mark(Outcome.SKIPPED), "yellow"
    return style.mark(Outcome.PASSED), "green"


def _named(report: Report, outcome: Outcome, blocks: bool | None = None) -> list[str]:
    return [
        verdict.gate
        for verdict in report.verdicts
        if verdict.outcome is outcome and blocks in (None, verdict.blocks)
    ]


def judges(report: Report) -> bool:
    """True if more passed than that the policy is the base's."""
    return any(v.outcome is Outcome.PASSED and v.kind != "policy" for v in report.verdicts)


def meaning(report: Report, written: Callable[[str], str] = str, most: int = sys.maxsize) -> str:
    """The exit code in words. Gates are named as `written` says, at most `most` of a list."""

    def listed(names: list[str]) -> str:
        return _list([written(name) for name in names], most)

    facts = [
        f"{phrase} {listed(names)}"
        for phrase, names in (
            ("blocked by", _named(report, Outcome.FAILED, True)),
            ("not decided, which blocks:", _named(report, Outcome.INCONCLUSIVE, True)),
            ("could not be judged, so not passed:", _named(report, Outcome.ERRORED, True)),
        )
        if names
    ]
    if report.base_problem is not None:
        facts.append("the base cannot be found, so nothing is compared with it")
    passed = len(_named(report, Outcome.PASSED))
    judged = judges(report)
    if not facts:
        none = "nothing but the policy was judged" if passed else "nothing was judged"
        found = judged or any(
            _named(report, one, False) for one in (Outcome.FAILED, Outcome.INCONCLUSIVE)
        )
        facts.append("nothing blocks" if found else none)
    if judged:
        facts.append(f"{counted(passed, 'gate')} passed")
    loose = [
        name
        for outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.ERRORED)
        for name in _named(report, outcome, False)
    ]
    if loose:
        facts.append(f"not passed, without blocking: {listed(loose)}")
    return "; ".join(facts)


def _list(names: list[str], most: int) -> str:
    if len(names) > most:
        names = [*names[:most], f"{len(names) - most:,} more"]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _rows(report: Report, style: Style) -> Iterator[tuple[str, str]]:
    yield "judged", described(report.subject)
    if report.base is not None:
        yield "against", described(report.base)
    if report.base_problem is not None:
        yield "base", report.base_problem
        if report.base_help:
            yield "mend", report.base_help
    yield from _not_judged(report)
    hidden = [(v.gate, v.hidden) for v in report.verdicts if v.hidden]
    if hidden:
        yield "old", _old(hidden)
    waived = [(v.gate, v.waived) for v in report.verdicts if v.waived]
    if waived:
        each = ", ".join(f"{gate} {number:,}" for gate, number in waived)
        yield "waived", f"{counted(sum(n for _, n in waived), 'finding')} ({each})"
    slow = _slow(report)
    if slow:
        yield "slow", style.dot.join(f"{v.gate} {lasted(v.duration)}" for v in slow)
    if report.policy_source is None:
        yield "policy", "none; the repository's own tools were adopted (mlgate init writes one)"
    for number, note in enumerate(report.notes):
        yield "" if number else "note", note


def described(subject: Subject) -> str:
    """What was judged, with the beginning of its commit's id."""
    commit = (subject.commit or "")[:7]
    return (
        f"{subject.label} ({commit})" if commit and commit not in subject.label else subject.label
    )


def _not_judged(report: Report) -> Iterator[tuple[str, str]]:
    """Skipped gates by their reason, each reason once; what is needed to have them judged."""
    reasons: dict[tuple[str, str | None], list[str]] = {}
    for verdict in report.verdicts:
        if verdict.outcome is Outcome.SKIPPED:
            key = (verdict.reason or "nothing for it to look at", verdict.help)
            reasons.setdefault(key, []).append(verdict.gate)
    label = "not judged"
    for (reason, mend), gates in reasons.items():
        yield label, f"{', '.join(gates)}: {reason}" + (f" ({mend})" if mend else "")
        label = ""


def _old(hidden: list[tuple[str, int]]) -> str:
    total = sum(number for _, number in hidden)
    each = ", ".join(f"{gate} {number:,}" for gate, number in hidden)
    said = f"{counted(total, 'finding')} not shown, the base has them too ({each})"
    return f"{said}: mlgate check --no-new"


def _slow(report: Report) -> list[Verdict]:
    """At most three gates that took more than a second and a fifth of the run."""
    fresh = [v for v in report.verdicts if not v.cached and v.duration >= _SLOW]
    slow = [v for v in fresh if v.duration >= report.duration / 5]
    return sorted(slow, key=lambda v: -v.duration)[:3]
