"""One gate in one run: what it is asked, what was answered."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.finding import Figure, Finding
from mlgate.core.gate import Context, Inputs
from mlgate.core.text import counted
from mlgate.judge.judge import Draft, Terms
from mlgate.runner.clock import Clock
from mlgate.runner.facts import Facts
from mlgate.runner.undecided import subject_of

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot
    from mlgate.policy.model import GatePolicy
    from mlgate.runner.session import Session

_TIMEOUT = 600.0


class Job:
    """Made by `plan`, run by `schedule`, judged as a `Draft`."""

    def __init__(self, policy: GatePolicy, terms: Terms, session: Session) -> None:
        self._session = session
        self.of: Job | None = None
        """Of a job that asks about the base's versions: the job it is done for."""
        self.marked: list[Finding] | None = None
        """The findings with their state, where only new ones count."""
        self.by = "head"
        """Whose options it is asked with: `head` or `base`."""
        self.policy = policy
        self.terms = terms
        self.name = policy.name
        self.kind = policy.kind
        self.needs = policy.needs
        self.gate: Any = None
        self.ctx: Context | None = None
        self.inputs: Inputs | None = None
        self.clock = Clock(policy.timeout or _TIMEOUT)
        self.key = b""
        """The gate's part of every key; empty where nothing is stored."""
        self.missing: tuple[str, ...] | None = ()
        """Paths still to be judged; None where the gate as a whole is."""
        self.known: list[Finding] = []
        self.drawn: tuple[Figure, ...] = ()
        """Figures that are known."""
        self.facts: Facts | None = None
        self.skipped: str | None = None
        self.error: str | None = None
        self.help: str | None = None
        self.started = time.monotonic()
        self.cached = True
        """True as long as nothing had to be run."""

    @property
    def subject(self) -> Snapshot:
        """The snapshot it is asked about."""
        return self.ctx.subject if self.ctx else self._session.subject

    def places(self, paths: Sequence[str]) -> list[list[str]]:
        """`paths` apart by whether they can be read in place."""
        place: Any = getattr(self.subject, "place", None)
        groups = place(paths) if place else [list(paths)]
        return [group for group in groups if group]

    @property
    def spans(self) -> bool:
        """Whether a finding is about every line from its first to its last."""
        return getattr(self.gate, "spans", False)

    @property
    def identifies(self) -> bool:
        """Whether the gate itself says what makes a finding the same one."""
        return getattr(self.gate, "identifies", False)

    def new_facts(self) -> Facts:
        """Where a batch's answers go."""
        conceals = getattr(self.gate, "conceals", False)
        return Facts(self.subject, conceals, self.spans, self.identifies)

    def findings(self) -> list[Finding]:
        """All that is known, by place."""
        if self.marked is not None:
            return self.marked
        new = [finding for _, finding in self.facts.findings] if self.facts else []
        return sorted([*self.known, *new], key=_place)

    @property
    def settled(self) -> bool:
        """True if nothing is left to run."""
        return self.error is not None or self.skipped is not None or self.missing == ()

    @property
    def repeatable(self) -> bool:
        """True if an equal run may take its draft from the store without asking the gate."""
        if self.error is not None:
            return False
        if self.inputs is None:
            return self.help is None
        if self.skipped is not None:  # for a need that did not pass this time
            return False
        return self.inputs.also is not None and not self.inputs.beyond

    def figures(self) -> tuple[Figure, ...]:
        """All that is known to be shown beside the findings."""
        return (*self.drawn, *(self.facts.figures if self.facts else ()))

    def fail(self, error: GateError) -> None:
        """The gate could not do its work."""
        if isinstance(error, ToolMissing) and not self.policy.named:
            self.skipped = error.message
        else:
            self.error = error.message
        self.help = error.hint

    def draft(self) -> Draft:
        """What came of it, for the judge."""
        findings = self.findings()
        return Draft(
            gate=self.name,
            kind=self.kind,
            findings=tuple(
                f if f.policy == self.by else msgspec.structs.replace(f, policy=self.by)
                for f in findings
            ),
            figures=self.figures(),
            judged=self._judged(findings),
            skipped=self.skipped,
            error=self.error,
            help=self.help,
            waits=subject_of(findings, self.inputs, self.subject.files),
        )

    def _judged(self, findings: Sequence[Finding]) -> str | None:
        """What was looked at, in words: what the gate itself tells under `kind/passed`, which it
        may know only afterwards, else what its inputs say, else the number of files."""
        if self.inputs is None:
            return None
        told = (f.message for f in findings if f.rule == f"{self.kind}/passed")
        return next(told, None) or self.inputs.judged or counted(len(self.inputs.paths), "file")


def _place(finding: Finding) -> tuple[str, int, int, int, str, str]:
    at = finding.location
    if at is None:
        return ("", 0, 0, 0, finding.rule, finding.message)
    return (at.path, at.cell or 0, at.line or 0, at.column or 0, finding.rule, finding.message)


def crash(kind: str, error: Exception) -> GateError:
    """What to say of a gate that raised what it should not."""
    if os.environ.get("MLGATE_DEBUG"):
        import traceback

        traceback.print_exception(error)
    return GateError(
        f"the gate {kind} broke: {type(error).__name__}: {error}",
        "this is a defect of the gate: please report it; MLGATE_DEBUG=1 shows where",
    )
