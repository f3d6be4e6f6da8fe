"""What the policy makes of a gate's facts: level, blocking, the waivers that bind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mlgate.core.words import Level, Stage
from mlgate.judge.judge import Accepted, Terms

if TYPE_CHECKING:
    from mlgate.policy.keys import Waiver
    from mlgate.policy.model import GatePolicy
    from mlgate.runner.session import Session


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
