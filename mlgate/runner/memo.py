"""What an equal run came to, as the store keeps it."""

from __future__ import annotations

from msgspec import Struct

from mlgate.judge.judge import Accepted, Draft
from mlgate.policy.model import GatePolicy

SUFFIX = " (base policy)"
"""What follows the name of a gate of the base that is judged beside the head's."""


class Protected(Struct, frozen=True, kw_only=True):
    """What follows for a run from a change of the policy, until somebody approves that change."""

    own: GatePolicy
    """The gate `policy` as the base has it."""
    twins: tuple[GatePolicy, ...]
    """The base's gates that the change alters or removes, judged beside the head's."""
    waivers: dict[str, tuple[Accepted, ...]]
    """The waivers that bind, by gate."""
    subject: str
    """Digest of the change of the policy: what an approval is about."""
    signers: tuple[str, ...] = ()
    """Files at the base with the keys of those who may approve."""


class Remembered(Struct, frozen=True):
    """What an equal run came to, stored under the digest of all that decides it."""

    gates: tuple[str, ...]
    """The gates of this stage, in the policy's order, without twins."""
    drafts: dict[str, Draft]
    """What is known of them and of twins; those that are missing must be asked."""
    tools: dict[str, str]
    waiting: tuple[str, ...]
    """Gates of the policy that wait for another stage, with that stage."""
    protected: Protected | None = None
