"""Turns the policy's gates into jobs: what each is asked about, and what is known of it already."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core import parts
from mlgate.core.errors import GateError
from mlgate.core.gate import Inputs
from mlgate.core.words import Stage
from mlgate.runner import keys
from mlgate.runner.context import context
from mlgate.runner.job import Job, crash
from mlgate.runner.terms import terms_for

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot
    from mlgate.policy.model import GatePolicy
    from mlgate.runner.session import Session


def planner(session: Session) -> Callable[[GatePolicy], Job]:
    """Settle what binds, and give what makes each gate's job."""
    from mlgate.policy.check import options_of, validate

    options = validate(session.policy)
    protection = session.binding.protect(options)
    if protection is None or session.protected is None:
        return lambda gate: make_job(session, gate, options[gate.name])
    options |= protection.options()
    own = session.protected.own
    options[own.name] = options_of(own)
    head = {gate.name for gate in session.gates}

    def made(gate: GatePolicy) -> Job:
        if gate.name in head:
            return make_job(session, gate, options[gate.name])
        subject = protection.subject_of(gate.name)
        return make_job(session, gate, options[gate.name], subject, "base")

    return made


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
    problem = session.binding.problem
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
    files = session.subject.files
    return any(
        path.endswith(suffixes) or (path in files and files[path].is_program(path))
        for path in session.narrowed
    )


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
    if inputs is not None and inputs.each and session.base_error and session.narrows_by_base:
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
    if session.base is None or session.request.everything or session.request.version:
        return True
    return any(path.startswith(folder + "/") for path in session.touched)
