"""The report as one HTML file without network: verdict, what to do, gates, evidence, history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mlgate.core.report import Report, Verdict
from mlgate.core.text import counted
from mlgate.core.words import Outcome
from mlgate.reporters._findings import counts
from mlgate.reporters._html_gate import details, matters
from mlgate.reporters._html_history import history
from mlgate.reporters._html_page import page, section, table
from mlgate.reporters._html_steps import steps
from mlgate.reporters._html_tags import Content, Html, joined, tag
from mlgate.reporters._html_words import MARKS, ORDER, look_of, mark, tone
from mlgate.reporters._past import when
from mlgate.reporters._plots import Artist, Engine
from mlgate.reporters._problems import line, several
from mlgate.reporters._style import lasted, took
from mlgate.reporters._summary import described, meaning

needs_rules = True
needs_history = True
needs_engine = True

_GATES = 1_000
_NAMED = 8


def render(report: Report, engine: Engine | None = None) -> str:
    """The whole page. Without an engine, which the `report` extra brings, there are no plots, and
    the page says so; the numbers stand in its tables all the same."""
    anchors = {id(verdict): f"gate-{i}" for i, verdict in enumerate(report.verdicts, 1)}
    shown = _shown(report)
    artist = Artist(engine)
    body = [
        steps(report, anchors),
        _gates(report, shown, anchors),
        [details(one, report, artist, anchors[id(one)]) for one in sorted(shown, key=_gravity)],
        history(report.history, artist),
        _about(report),
    ]
    said = meaning(report, lambda gate: line(gate, 60), _NAMED)
    return page(f"mlgate: {said}", _verdict(report, said), [_told(artist), *body], _foot(report))


def _shown(report: Report) -> list[Verdict]:
    """All gates in the policy's order; where they are too many, the worst of them."""
    if len(report.verdicts) <= _GATES:
        return list(report.verdicts)
    ranked = sorted(report.verdicts, key=_gravity)
    kept = {id(verdict) for verdict in ranked[:_GATES]}
    return [verdict for verdict in report.verdicts if id(verdict) in kept]


def _gravity(verdict: Verdict) -> tuple[bool, int]:
    """What blocks comes first, then what else did not pass."""
    place = ORDER.index(verdict.outcome)
    return (not verdict.blocks or verdict.outcome is Outcome.PASSED, place)


# -- the verdict -----------------------------------------------------------------------------------


def _verdict(report: Report, said: str) -> Html:
    outcome = tone(report)
    words = {
        Outcome.PASSED: "Passed",
        Outcome.FAILED: "Blocked",
        Outcome.ERRORED: "Could not be judged",
        Outcome.SKIPPED: "Nothing was judged",
    }
    return tag(
        "header",
        tag(
            "div",
            mark(outcome),
            tag("div", tag("h1", words[outcome]), tag("p", said, class_="meaning")),
            class_="headline",
        ),
        _counts(report),
        _base_problem(report),
        tag("dl", [_fact(*fact) for fact in _facts(report)], class_="facts"),
        class_=f"verdict {outcome}",
    )


def _counts(report: Report) -> Html:
    """How many gates came to what; those that block apart from those that do not."""
    kinds = Counter((v.outcome, look_of(v), _outcome(v)) for v in report.verdicts)
    ranked = sorted(kinds.items(), key=lambda kind: (ORDER.index(kind[0][0]), kind[0][2]))
    chips = [
        tag("li", tag("b", f"{MARKS[outcome]} {count:,}"), f" {said}", class_=look)
        for (outcome, look, said), count in ranked
    ]
    return tag("ul", chips, class_="chips", aria_label="Gates by outcome")


def _base_problem(report: Report) -> Html | None:
    if report.base_problem is None:
        return None
    mend = tag("p", "mend: ", tag("code", line(report.base_help))) if report.base_help else None
    return tag("div", tag("p", f"The base: {line(report.base_problem)}"), mend, class_="reason")


def _fact(name: str, value: str) -> Html:
    return tag("div", tag("dt", name), tag("dd", value), class_="long" if len(value) > 20 else None)


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    yield "stage", report.stage.value
    yield "judged", line(described(report.subject), 160)
    if report.base is not None:
        yield "against", line(described(report.base), 160)
    yield "exit code", str(report.exit_code)
    yield "time", lasted(report.duration)
    if report.history:
        yield "when", when(report.history[-1])


# -- the gates -------------------------------------------------------------------------------------


def _gates(report: Report, shown: list[Verdict], anchors: dict[int, str]) -> Html:
    """The list of gates; the bars beside them are the run's waterfall."""
    whole = max([report.duration, *(v.started + v.duration for v in shown)], default=0.0)
    rows = [_gate(verdict, anchors[id(verdict)], whole) for verdict in shown]
    left = len(report.verdicts) - len(shown)
    rest = tag("p", f"and {counted(left, 'more gate')} not shown here") if left else None
    fresh = sum(not v.cached and v.outcome is not Outcome.SKIPPED for v in report.verdicts)
    cached = sum(v.cached for v in report.verdicts)
    note = (
        f"{fresh:,} run, {cached:,} from the cache. The bars show when each gate ran, "
        f"over {lasted(whole)}."
    )
    return section("Gates", tag("ol", rows, class_="gates"), rest, anchor="gates", note=note)


def _gate(verdict: Verdict, anchor: str, whole: float) -> Html:
    name = line(verdict.gate, 80) or "(no name)"
    title = tag("a", name, href=f"#{anchor}") if matters(verdict) else tag("b", name)
    skipped = verdict.outcome is Outcome.SKIPPED
    return tag(
        "li",
        mark(verdict.outcome, look_of(verdict)),
        tag("span", title, tag("span", _outcome(verdict), class_="outcome"), class_="name"),
        tag("span", list(_what(verdict)), class_="what"),
        tag("span", "" if skipped else took(verdict), class_="took"),
        None if skipped else _bar(verdict, whole),
        class_=look_of(verdict),
    )


def _outcome(verdict: Verdict) -> str:
    wrong = verdict.outcome not in (Outcome.PASSED, Outcome.SKIPPED)
    return verdict.outcome.value + (", not blocking" if wrong and not verdict.blocks else "")


def _what(verdict: Verdict) -> Iterator[str]:
    """What a gate found and looked at, or why it did not; joined by dots."""
    found = [] if verdict.outcome in (Outcome.PASSED, Outcome.SKIPPED) else counts(verdict)
    facts = [line(verdict.reason or "", 200), *found, line(verdict.judged or "", 120)]
    if verdict.hidden:
        facts.append(f"{verdict.hidden:,} old not shown")
    if verdict.waived:
        facts.append(f"{verdict.waived:,} waived")
    if verdict.outcome is Outcome.SKIPPED and verdict.help:
        facts.append(line(verdict.help, 160))
    yield " · ".join(filter(None, facts))


def _bar(verdict: Verdict, whole: float) -> Html:
    """When a gate ran, as a part of the run."""
    start = 100 * verdict.started / whole if whole else 0.0
    width = max(100 * verdict.duration / whole if whole else 0.0, 0.6)
    start = min(start, 100 - width)
    style = f"margin-left:{start:.2f}%;width:{width:.2f}%"
    look = "span cached" if verdict.cached else "span"
    return tag("span", tag("span", class_=look, style=style), class_="bar", aria_hidden="true")


# -- the rest --------------------------------------------------------------------------------------


def _told(artist: Artist) -> Html | None:
    return tag("p", artist.problem, class_="reason", role="note") if artist.problem else None


def _about(report: Report) -> Html:
    """What the run rests on."""
    policy = line(report.policy_source or "none, the repository's own tools were adopted", 200)
    facts = [("policy", policy), ("digest", line(report.policy_digest, 80))]
    facts += [("commit", line(report.subject.commit or "", 80))]
    tools = [[line(name, 60), line(version, 60)] for name, version in sorted(report.tools.items())]
    rows: list[list[Content]] = [[*row] for row in tools]
    notes = [tag("li", several(note, 400)) for note in report.notes[:50]]
    return section(
        "About this run",
        tag("dl", [_fact(name, value) for name, value in facts if value], class_="facts"),
        table("Tools", ["tool", "version"], rows) if rows else None,
        joined(tag("h3", "Notes"), tag("ul", notes)) if notes else None,
        anchor="about",
    )


def _foot(report: Report) -> Html:
    return tag("p", f"mlgate {line(report.version, 40)} · this file loads nothing and runs no code")
