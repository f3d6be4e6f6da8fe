"""What a report keeps of earlier runs: when, what each gate came to, what was measured."""

from __future__ import annotations

from msgspec import Struct, convert, to_builtins

from mlgate.core.finding import Finding
from mlgate.core.report import Report, Verdict
from mlgate.core.words import Outcome
from mlgate.reporters._problems import line

_MOST = 200
"""Numbers and gates that are kept of a run."""
_WRONG = (Outcome.FAILED, Outcome.ERRORED)


class Number(Struct, frozen=True, kw_only=True):
    """One measured number of one run."""

    value: float | None
    low: float | None = None
    high: float | None = None
    at_least: float | None = None
    at_most: float | None = None


class Past(Struct, frozen=True, kw_only=True):
    """One run. Keys of `numbers` are `gate: name`, of whole tables alone."""

    started: float
    """Seconds since 1970."""
    duration: float
    exit_code: int
    commit: str | None = None
    outcomes: dict[str, str] = {}
    not_blocking: tuple[str, ...] = ()
    """Gates that failed or erred, and blocked nothing."""
    numbers: dict[str, Number] = {}


def past(report: Report, started: float) -> dict[str, object]:
    """An entry of `Report.history` on `report`."""
    numbers: dict[str, Number] = {}
    for verdict in report.verdicts:
        for finding in verdict.findings:
            one = finding.measurement
            if one is None or one.slice is not None or one.value is None or len(numbers) >= _MOST:
                continue
            numbers.setdefault(
                f"{verdict.gate}: {named(verdict, finding)}",
                Number(
                    value=one.value,
                    low=one.low,
                    high=one.high,
                    at_least=one.at_least,
                    at_most=one.at_most,
                ),
            )
    entry = Past(
        started=started,
        duration=report.duration,
        exit_code=report.exit_code,
        commit=report.subject.commit,
        outcomes={v.gate: v.outcome.value for v in report.verdicts[:_MOST]},
        not_blocking=tuple(
            v.gate for v in report.verdicts[:_MOST] if v.outcome in _WRONG and not v.blocks
        ),
        numbers=numbers,
    )
    built: dict[str, object] = to_builtins(entry)
    return built


def named(verdict: Verdict, finding: Finding) -> str:
    """A number's name; of a table's column with that, which its message begins with."""
    one = finding.measurement
    name = one.name if one else finding.rule
    if verdict.kind != "data":
        return name
    about, colon, _ = line(finding.message, 200).partition(": ")
    return f"{about} {name}" if colon else name


def read(history: tuple[dict[str, object], ...]) -> list[Past]:
    """The entries of `Report.history`, oldest first."""
    return convert(history, list[Past])


def when(entry: dict[str, object]) -> str:
    """The moment at which a run began, in UTC."""
    return at(convert(entry, Past).started)


def at(started: float) -> str:
    """`2026-11-21 14:03 UTC`."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%d %H:%M UTC")
