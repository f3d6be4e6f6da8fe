"""Turns what a gate stated into its verdict: waivers, level, blocking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from mlgate.core.finding import Figure, Finding
from mlgate.core.report import Verdict
from mlgate.core.words import Level, Outcome, Result, State


class Draft(Struct, frozen=True, kw_only=True):
    """What is known of a gate before it is judged: facts, or why there are none."""

    gate: str
    kind: str
    findings: tuple[Finding, ...] = ()
    figures: tuple[Figure, ...] = ()
    judged: str | None = None
    notes: tuple[str, ...] = ()
    skipped: str | None = None
    """Why it was not asked."""
    error: str | None = None
    """Why it could not answer."""
    help: str | None = None
    waits: str | None = None
    """Digest of what is open until somebody approves it; None where nothing is."""


class Accepted(Struct, frozen=True, kw_only=True):
    """A waiver as the judge needs it."""

    rule: str
    """A rule (`security/B301`) or the beginning of one (`security/`, `security`)."""
    path: str
    """A path or a glob; empty: everywhere."""
    most: int
    until: str
    """The last day on which it holds, ISO 8601."""
    reason: str


class Terms(Struct, frozen=True, kw_only=True):
    """What the policy makes of a gate's facts."""

    level: Level = Level.WARNING
    """A finding fails from this level on."""
    blocking: bool = True
    inconclusive_blocks: bool = False
    errors_block: bool = True
    """False for a gate that was merely detected: nobody asked for what it could not do."""
    waivers: tuple[Accepted, ...] = ()
    narrowed: bool = False
    """True if other files, or another gate of the kind, may hold what a waiver is for."""


Used = Counter[tuple[Accepted, int]]
"""How many findings a waiver covers, which is told from others like it by a number."""


def judge(draft: Draft, terms: Terms, today: str, used: Used | None = None) -> Verdict:
    """The verdict on `draft` under `terms`, on the day `today` (ISO 8601).

    `used` counts what each waiver covers already in other gates of the kind; it is added to.
    """
    findings, notes = _waive(draft, terms, today, Counter() if used is None else used)
    outcome = _outcome(draft, findings, terms.level)
    blocks = terms.blocking
    if outcome is Outcome.INCONCLUSIVE:
        blocks = blocks and any(_undecided_blocks(f, terms) for f in findings)
    if outcome is Outcome.ERRORED:
        blocks = blocks and terms.errors_block
    return Verdict(
        gate=draft.gate,
        kind=draft.kind,
        outcome=outcome,
        blocks=blocks,
        findings=tuple(f for f in findings if f.state is not State.OLD),
        figures=draft.figures,
        hidden=sum(f.state is State.OLD for f in findings),
        waived=sum(f.state is State.WAIVED for f in findings),
        reason=draft.error or draft.skipped,
        help=draft.help,
        judged=draft.judged,
        notes=(*draft.notes, *notes),
    )


def fails(finding: Finding, level: Level) -> bool:
    """True if this finding counts against its gate."""
    return (
        finding.result is Result.FAIL
        and finding.state is State.NEW
        and finding.level.rank >= level.rank
    )


def _undecided_blocks(finding: Finding, terms: Terms) -> bool:
    """True if this finding is open and that blocks, as its rule says or else the stage."""
    if finding.result is not Result.OPEN or finding.state is not State.NEW:
        return False
    if finding.undecided is None:
        return terms.inconclusive_blocks
    return finding.undecided != "warn"


def _outcome(draft: Draft, findings: Sequence[Finding], level: Level) -> Outcome:
    if draft.error is not None:
        return Outcome.ERRORED
    if draft.skipped is not None:
        return Outcome.SKIPPED
    if any(fails(finding, level) for finding in findings):
        return Outcome.FAILED
    if any(f.result is Result.OPEN and f.state is State.NEW for f in findings):
        return Outcome.INCONCLUSIVE
    return Outcome.PASSED


def _waive(draft: Draft, terms: Terms, today: str, used: Used) -> tuple[list[Finding], list[str]]:
    """The findings with their state, and what to say about waivers that did not hold."""
    findings = list(draft.findings)
    notes = []
    alike: Counter[Accepted] = Counter()
    for waiver in terms.waivers:
        if not concerns(waiver, draft.kind):
            continue
        number = (waiver, alike[waiver])
        alike[waiver] += 1
        matching = [i for i, f in enumerate(findings) if _covers(waiver, f)]
        place = f"{waiver.rule} {waiver.path}".strip()
        if waiver.until < today:
            if matching:
                notes.append(f"the waiver for {place} ended on {waiver.until}: mend or renew it")
            continue
        covered = matching[: max(waiver.most - used[number], 0)]
        used[number] += len(covered)
        for i in covered:
            findings[i] = replace(findings[i], state=State.WAIVED)
        if len(matching) > len(covered):
            told = f"the waiver for {place} covers {len(covered)} of {len(matching)} findings"
            others = used[number] - len(covered)
            notes.append(f"{told}, and {others} of another gate" if others else told)
        if not matching and not (terms.narrowed or draft.skipped or draft.error):
            notes.append(f"the waiver for {place} matches nothing: remove it")
    return findings, notes


def concerns(waiver: Accepted, kind: str) -> bool:
    """True if findings of gates of this kind can be what the waiver is for."""
    return waiver.rule.split("/", 1)[0] == kind


def _covers(waiver: Accepted, finding: Finding) -> bool:
    if finding.result is Result.PASS or finding.state is not State.NEW:
        return False
    rule = waiver.rule.rstrip("/")
    if finding.rule != rule and not finding.rule.startswith(rule + "/"):
        return False
    path = finding.location.path if finding.location else ""
    return waiver.path in ("", path) or fnmatchcase(path, waiver.path)
