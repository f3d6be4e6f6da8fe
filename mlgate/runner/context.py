"""The one argument of a gate: what it may know and do in a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.gate import Completed, Context, Tool

if TYPE_CHECKING:
    from mlgate.runner.clock import Clock
    from mlgate.runner.job import Job
    from mlgate.runner.session import Session
    from mlgate.runner.workshop import Workshop


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
        alias=session.request.alias,
        now=session.now,
        network=session.network,
        named=policy.named,
        project=session.project_of(policy),
        withheld=workshop.withheld(),
        commits=session.commits,
        policies=session.binding.policies,
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
        left = clock.left(timeout)
        return workshop.worker(script, request, timeout=left, waiting=clock.waiting, **more)

    return worker
