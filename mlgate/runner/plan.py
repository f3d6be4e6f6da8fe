"""Turns the policy's gates into jobs: what each is asked about, and what is known of it already."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core import parts
from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.finding import Figure, Finding
from mlgate.core.gate import Completed, Context, Inputs, Tool
from mlgate.core.text import counted
from mlgate.core.words import Level, Stage
from mlgate.judge.judge import Accepted, Draft, Terms
from mlgate.runner import keys
from mlgate.runner.facts import Facts
from mlgate.runner.narrowing import by_base

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot
    from mlgate.policy.keys import Waiver
    from mlgate.policy.model import GatePolicy
    from mlgate.runner.clock import Clock
    from mlgate.runner.session import Session
    from mlgate.runner.workshop import Workshop

_TIMEOUT = 600.0
_findings = msgspec.msgpack.Decoder(tuple[Finding, ...])


class Whole(msgspec.Struct, frozen=True, array_like=True):
    """What a gate said of all its files together, as the store keeps it."""

    findings: tuple[Finding, ...]
    figures: tuple[Figure, ...]


_whole = msgspec.msgpack.Decoder(Whole)


class Job:
    """One gate in one run: what is asked, what was answered."""

    def __init__(self, policy: GatePolicy, terms: Terms, session: Session) -> None:
        from mlgate.runner.clock import Clock

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
        from mlgate.runner.undecided import subject_of

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


def make_job(
    session: Session,
    policy: GatePolicy,
    options: msgspec.Struct,
    subject: Snapshot | None = None,
    by: str = "head",
) -> Job:
    """The job of one gate, its inputs known; settled already where there is nothing to run.
    `subject` is another than the session's, `by` whose options they are."""
    job = Job(policy, terms_for(session, policy), session)
    job.by = by
    job.gate = parts.load("gates", policy.kind)
    if session.base_error is not None and _asks_base(session, policy):
        job.fail(session.base_error)
        return job
    job.skipped = _not_here(session, policy)
    if job.skipped is not None:
        return job
    problem = session.policy_base_problem
    if problem and getattr(job.gate, "needs_base", False):
        job.fail(GateError(problem.message, problem.hint))
    elif _concerned(session, job.gate):
        job.ctx = context(session, job, options)
        if subject is not None:
            files = tuple(path for path in job.ctx.files if path in subject.files)
            job.ctx = msgspec.structs.replace(job.ctx, subject=subject, files=files)
        prepare(session, job)
    else:
        job.skipped = session.nothing_to_judge
    return job


def _concerned(session: Session, gate: Any) -> bool:
    """False where none of what is committed ends like the files that the gate judges."""
    suffixes = getattr(gate, "suffixes", None)
    if suffixes is None or session.stage is not Stage.COMMIT or session.narrowed is None:
        return True
    return any(path.endswith(suffixes) for path in session.narrowed)


def prepare(session: Session, job: Job) -> None:
    """Ask the gate for its inputs, from which follows what is left to run."""
    ctx = job.ctx
    try:
        inputs: Inputs | None = job.gate.inputs(ctx)
    except GateError as error:
        return job.fail(error)
    except Exception as error:
        return job.fail(crash(job.kind, error))
    narrowed = ctx.changed if ctx else None
    if inputs is not None and inputs.each and session.base_error and by_base(session):
        return job.fail(session.base_error)
    if inputs is not None and inputs.each and narrowed is not None:
        chosen = tuple(path for path in inputs.paths if path in narrowed)
        inputs = msgspec.structs.replace(inputs, paths=chosen) if chosen else None
    if inputs is None:
        job.skipped = session.nothing_to_judge
        return None
    job.inputs = inputs
    job.missing = inputs.paths if inputs.each else None
    if inputs.also is not None:
        job.key = keys.gate_key(session.identity, job.kind, job.policy.options, inputs)
        if job.by == "base" and session.base_workshop is not session.workshop:
            job.key = keys.digest("base environment", job.key, session.base and session.base.commit)
    return None


def crash(kind: str, error: Exception) -> GateError:
    """What to say of a gate that raised what it should not."""
    if os.environ.get("MLGATE_DEBUG"):
        import traceback

        traceback.print_exception(error)
    return GateError(
        f"the gate {kind} broke: {type(error).__name__}: {error}",
        "this is a defect of the gate: please report it; MLGATE_DEBUG=1 shows where",
    )


def terms_for(session: Session, policy: GatePolicy) -> Terms:
    """What the policy makes of this gate's facts."""
    return Terms(
        level=policy.level or Level.WARNING,
        blocking=policy.blocking is not False,
        inconclusive_blocks=session.stage is Stage.PROMOTE,
        errors_block=policy.named,
        waivers=_waivers(session, policy),
        narrowed=session.narrowed is not None or _shared_kind(session, policy),
    )


def _shared_kind(session: Session, policy: GatePolicy) -> bool:
    """True if another gate of the same kind may be the one that a waiver is for."""
    return sum(gate.kind == policy.kind for gate in session.policy.gates) > 1


def _waivers(session: Session, policy: GatePolicy) -> tuple[Accepted, ...]:
    """Those that bind: of a changed policy only what the base has too, until it is approved."""
    if session.protected is not None and session.approval.given is None:
        return session.protected.waivers.get(policy.name, ())
    return accepted(session.policy_of(policy).waivers)


def accepted(waivers: Iterable[Waiver]) -> tuple[Accepted, ...]:
    """Waivers as the judge needs them."""
    return tuple(
        Accepted(
            rule=waiver.rule,
            path=waiver.path or "",
            most=waiver.max,
            until=waiver.until.isoformat(),
            reason=waiver.reason,
        )
        for waiver in waivers
    )


def _asks_base(session: Session, policy: GatePolicy) -> bool:
    """True if only the base tells whether this gate is asked at all."""
    folder = session.project_of(policy)
    return bool(policy.when) or (bool(folder) and not session.request.everything)


def _not_here(session: Session, policy: GatePolicy) -> str | None:
    """Why this gate is not asked in this run, if it is not."""
    if policy.where == "ci" and session.ci is None and policy.name not in session.request.gates:
        return 'waits for CI (`where = "ci"`)'
    if policy.where == "local" and session.ci is not None:
        return 'runs on the laptop only (`where = "local"`)'
    folder = session.project_of(policy)
    if folder and not _touches(session, folder):
        return f"the change does not touch {folder}"
    if policy.when and session.base is not None:
        touched = session.select(session.touched, policy.when, ())
        if not touched:
            return f"the change touches none of {', '.join(policy.when)}"
    return None


def _touches(session: Session, folder: str) -> bool:
    if session.base is None or session.request.everything:
        return True
    return any(path.startswith(folder + "/") for path in session.touched)


def context(session: Session, job: Job, options: msgspec.Struct) -> Context:
    """The one argument of the gate."""
    policy = job.policy
    command = tuple(getattr(options, "command", None) or ())
    workshop = session.workshop if job.by == "head" else session.base_workshop
    return Context(
        gate=policy.name,
        kind=policy.kind,
        stage=session.stage,
        options=options,
        subject=session.subject,
        base=session.base_snapshot,
        base_error=session.base_error,
        baseline=session.baseline,
        files=session.files(policy),
        changed=session.narrowed,
        work=session.work,
        now=session.now,
        network=session.network,
        named=policy.named,
        project=session.project_of(policy),
        withheld=workshop.withheld(),
        commits=session.commits,
        policies=session.policies,
        lines=lambda: session.line_maps,
        tool=partial(workshop.tool, command=command),
        environment=workshop.environment,
        run=_limited(workshop, job.clock),
        worker=_limited_worker(workshop, job.clock),
        store=session.believed,
        progress=partial(session.observer.progressed, policy.name),
    )


def _limited(workshop: Workshop, clock: Clock) -> Callable[..., Completed]:
    def run(
        program: Tool | Sequence[str], *args: str, timeout: float | None = None, **more: Any
    ) -> Completed:
        fixed = program if isinstance(program, Tool) else tuple(program)
        left = clock.left(timeout)
        return workshop.run(fixed, *args, timeout=left, waiting=clock.waiting, **more)

    return run


def _limited_worker(workshop: Workshop, clock: Clock) -> Callable[..., Any]:
    def worker(script: str, request: object, *, timeout: float | None = None, **more: Any) -> Any:
        return workshop.worker(script, request, timeout=clock.left(timeout), **more)

    return worker


def recall(session: Session, jobs: Iterable[Job]) -> None:
    """Take from the store what it knows of the jobs: a whole gate in one look-up, then by file."""
    asked = [job for job in jobs if job.key and not job.settled and job.inputs]
    whole = {keys.whole_key(j.key, j.inputs.paths, j.subject.files): j for j in asked if j.inputs}
    for key, value in session.recall("findings", list(whole)).items():
        found = _whole.decode(value)
        whole[key].known, whole[key].drawn = list(found.findings), found.figures
        whole[key].missing = ()
    for job in asked:
        if job.missing:
            _recall_files(session, job)


def _recall_files(session: Session, job: Job) -> None:
    own = keys.file_keys(job.key, job.missing or (), job.subject.files)
    found = session.recall("findings", list(own))
    for value in found.values():
        job.known.extend(_decoded(value))
    job.missing = tuple(path for key, path in own.items() if key not in found)


def _decoded(value: bytes) -> tuple[Finding, ...]:
    return _findings.decode(value)


def remember_files(session: Session, job: Job, paths: Sequence[str], facts: Facts) -> None:
    """Store each file's own findings."""
    if not job.key or facts.figures:  # which belong to no single file
        return
    by_path: dict[str, list[Finding]] = {path: [] for path in paths}
    for path, finding in facts.findings:
        if path not in by_path:  # a fact about no single file: none of them is known
            return
        by_path[path].append(finding)
    rows = {
        key: msgspec.msgpack.encode(by_path[path])
        for key, path in keys.file_keys(job.key, paths, job.subject.files).items()
    }
    session.remember("findings", rows)


def remember_whole(session: Session, job: Job) -> None:
    """Store what a gate says of all its files together."""
    known = job.error is None and job.skipped is None
    if job.key and job.inputs and known and not job.cached:
        key = keys.whole_key(job.key, job.inputs.paths, job.subject.files)
        whole = Whole(tuple(job.findings()), job.figures())
        session.remember("findings", {key: msgspec.msgpack.encode(whole)})
