"""Which of the policy's gates a run asks: those of its stage, or those that are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.core import parts
from mlgate.core.errors import UsageError
from mlgate.core.text import shown
from mlgate.policy.model import OWN

if TYPE_CHECKING:
    from mlgate.runner.session import Session


def refuse_unknown(session: Session) -> None:
    """Raises `UsageError` where the command line names a gate or a project that the policy does
    not have."""
    if session.request.project is not None and not session.policy.projects:
        raise UsageError(
            f"{shown(session.request.project)} is no project: the policy has none",
            'name their folders in the policy: projects = ["services/*"]',
        )
    gates = session.policy.gates
    for name in session.request.gates:
        if not any(name in (gate.name, gate.kind) for gate in gates):
            known = [gate.name for gate in gates]
            raise UsageError(
                f"no gate of the policy is called {name!r}",
                parts.nearest(name, known) if known else "mlgate gates lists them",
            )


def staged(session: Session) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The gates of this stage in the policy's order, and a word on those that wait for another."""
    names, waiting = [], []
    wanted = session.request.gates
    if session.request.push_refs is not None and not session.pushes:
        return (), ("nothing is pushed that could be judged",)
    for gate in session.gates:
        if wanted and not {gate.name, gate.kind} & set(wanted):
            continue
        stages = gate.stages
        if stages is None:
            stages = tuple(sorted(parts.load("gates", gate.kind).stages))
        if session.stage in stages or gate.name in wanted:
            names.append(gate.name)
        elif stages and gate.kind != OWN:
            waiting.append(f"{gate.name} is asked at {', '.join(stages)}")
    return tuple(names), tuple(waiting)
