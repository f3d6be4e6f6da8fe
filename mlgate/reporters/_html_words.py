"""The words, marks and looks of outcomes in HTML; colour is never all that tells them apart."""

from __future__ import annotations

from mlgate.core.report import Report, Verdict
from mlgate.core.words import Level, Outcome, Result
from mlgate.reporters._html_tags import Html, tag
from mlgate.reporters._summary import judges

MARKS = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.INCONCLUSIVE: "?",
    Outcome.ERRORED: "!",
    Outcome.SKIPPED: "–",
}
ORDER = (
    Outcome.ERRORED,
    Outcome.FAILED,
    Outcome.INCONCLUSIVE,
    Outcome.PASSED,
    Outcome.SKIPPED,
)
_RESULTS = {Result.PASS: Outcome.PASSED, Result.FAIL: Outcome.FAILED}


def mark(outcome: Outcome, look: str | None = None) -> Html:
    """A round sign that readers of the screen pass over: a word stands beside it."""
    return tag("span", MARKS[outcome], class_=f"mark {look or outcome}", aria_hidden="true")


def look_of(verdict: Verdict) -> str:
    """The class of a verdict: what does not block is never red."""
    wrong = verdict.outcome in (Outcome.FAILED, Outcome.ERRORED)
    return "inconclusive" if wrong and not verdict.blocks else verdict.outcome.value


def result_mark(result: Result) -> Html:
    """The same sign for a number that keeps its bound, breaks it, or leaves it open."""
    words = {Result.PASS: "met", Result.FAIL: "not met", Result.OPEN: "not decided"}
    outcome = _RESULTS.get(result, Outcome.INCONCLUSIVE)
    return tag("span", mark(outcome), tag("span", words[result], class_="unseen"))


def badge(level: Level, result: Result) -> Html:
    """How much a finding weighs, in a word."""
    word = "not decided" if result is Result.OPEN else level.value
    return tag("span", word, class_=f"badge {'open' if result is Result.OPEN else level}")


def tone(report: Report) -> Outcome:
    """The outcome that the whole run looks like."""
    if report.exit_code:
        return Outcome.FAILED if report.exit_code == 1 else Outcome.ERRORED
    return Outcome.PASSED if judges(report) else Outcome.SKIPPED


def number(value: float | None) -> str:
    """Four significant digits, thousands apart."""
    if value is None:
        return ""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if value == int(value) and abs(value) < 1e12:
        return f"{int(value):,}"
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
