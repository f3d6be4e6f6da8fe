"""The policy of a repository that has none: what its own tools say, remembered by content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mlgate.core.gate import Context
from mlgate.policy.model import Policy
from mlgate.runner import keys
from mlgate.runner.workshop import Workshop

if TYPE_CHECKING:
    from mlgate.runner.session import Session


def adopted(session: Session) -> Policy:
    """What `policy/adopt.py` makes of this snapshot; from the store where it was seen before."""
    workshop = Workshop(session.repo.root, session.environ, jobs=1, tracked=session.tracked)
    key = keys.digest("adopted", session.identity, session.subject.digest, workshop.listing())
    found = session.recall("memos", [key]).get(key)
    if found is not None:
        return msgspec.msgpack.decode(found, type=Policy)
    from mlgate.core import parts
    from mlgate.policy.adopt import adopt

    try:
        policy = adopt(lambda kind: detecting(session, workshop, kind), parts.names("gates"))
    finally:
        workshop.close()
    session.remember("memos", {key: msgspec.msgpack.encode(policy)})
    return policy


def detecting(session: Session, workshop: Workshop, kind: str) -> Context:
    """What a gate's `detect` is given: the snapshot, and tools as found without a policy."""
    return Context(
        gate=kind,
        kind=kind,
        stage=session.stage,
        options=None,
        subject=session.subject,
        base=None,
        files=tuple(sorted(session.subject.files)),
        work=session.work,
        now=session.now,
        network=False,
        named=False,
        tool=workshop.tool,
        environment=workshop.environment,
        run=workshop.run,
        worker=workshop.worker,
        store=session.store,
        progress=lambda done, total: None,
    )
