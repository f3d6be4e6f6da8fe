"""Verdict and report: what a run came to, and the exit code that follows from it."""

from __future__ import annotations

from msgspec import Struct

from mlgate.core import errors
from mlgate.core.finding import Figure, Finding
from mlgate.core.gate import Rule
from mlgate.core.words import Outcome, Stage


class Verdict(Struct, frozen=True, kw_only=True):
    """A gate's outcome with its findings."""

    gate: str
    kind: str
    outcome: Outcome
    blocks: bool
    """Whether this outcome, where it is not passed or skipped, counts against the exit code."""
    findings: tuple[Finding, ...] = ()
    figures: tuple[Figure, ...] = ()
    hidden: int = 0
    """Old findings that are not shown, because only new ones count."""
    waived: int = 0
    reason: str | None = None
    """Why it errored, was skipped or is inconclusive; what to do stands in `help`."""
    help: str | None = None
    judged: str | None = None
    """What was looked at, in words: `412 files`, `38 tests`."""
    notes: tuple[str, ...] = ()
    """What the reader should know besides: a tool's version, a file not judged and why."""
    started: float = 0.0
    """Seconds since the run began."""
    duration: float = 0.0
    """Seconds."""
    cached: bool = False
    """True if every finding came from the store."""


class Subject(Struct, frozen=True, kw_only=True):
    """What was judged, or what it was compared with, in words and ids."""

    label: str
    """`index`, `work tree +3 uncommitted`, `commit 1a2b3c4`."""
    commit: str | None = None
    """The full id of the commit, HEAD's where work tree or index was judged."""


class Report(Struct, frozen=True, kw_only=True):
    """All verdicts of a run; reporters see nothing else."""

    stage: Stage
    verdicts: tuple[Verdict, ...]
    subject: Subject
    base: Subject | None = None
    base_problem: str | None = None
    """Why the base that was named could not be found."""
    base_help: str | None = None
    policy_digest: str = ""
    policy_source: str | None = None
    """The policy's path, or None where the repository's own tools were adopted."""
    tools: dict[str, str] = {}
    """Tool name to version, for every tool that a verdict rests on."""
    notes: tuple[str, ...] = ()
    """Facts about the run itself: no store, adopted tools, gates that wait for another stage."""
    history: tuple[dict[str, object], ...] = ()
    duration: float = 0.0
    version: str = ""
    rules: dict[str, Rule] = {}
    """What the rules of the findings mean, by their ids; only for a format that asks for it with
    `needs_rules`, because it takes loading the gates."""

    @property
    def exit_code(self) -> int:
        """0, 1 or 3, as the design's section 4 orders them."""
        blocking = {v.outcome for v in self.verdicts if v.blocks}
        if Outcome.FAILED in blocking or Outcome.INCONCLUSIVE in blocking:
            return errors.FAILED
        if Outcome.ERRORED in blocking or self.base_problem is not None:
            return errors.ERRORED
        return errors.PASSED
