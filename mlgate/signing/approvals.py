"""Approvals: signed statements that one gate's objection to one subject is accepted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from mlgate.signing import dsse

if TYPE_CHECKING:
    from mlgate.signing.keys import PublicKey, SecretKey

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:mlgate:approval:1"

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Approvable(Struct, frozen=True, kw_only=True):
    """What an approval is about, and nothing besides."""

    subject: str
    """Digest of what is approved, 64 hex digits."""
    gate: str
    policy: str
    """Digest of the head's policy."""

    @property
    def digest(self) -> str:
        """SHA-256 that stands for all three; what `MLGATE_APPROVED` holds."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


class Approval(Struct, frozen=True, kw_only=True):
    """An approval that holds."""

    who: str
    """The key's file at the base with its fingerprint, or the CI's variable."""
    when: str | None = None
    """As the signer says, ISO 8601 in UTC."""
    reason: str | None = None

    def __str__(self) -> str:
        when = f" on {self.when[:10]}" if self.when else ""
        return f"approved by {self.who}{when}" + (f": {self.reason}" if self.reason else "")


class _Subject(Struct, frozen=True):
    name: str
    digest: dict[str, str]


class _Predicate(Struct, frozen=True):
    gate: str
    policy: str
    on: Annotated[datetime, Meta(tz=True)]
    reason: str | None = None


class _Statement(Struct, frozen=True, rename={"type": "_type", "predicate_type": "predicateType"}):
    type: str
    subject: tuple[_Subject, ...]
    predicate_type: str
    predicate: _Predicate


def signed(what: Approvable, key: SecretKey, now: datetime, reason: str | None = None) -> bytes:
    """The envelope by which `key` approves `what`, an in-toto statement."""
    statement = _Statement(
        STATEMENT,
        (_Subject(what.gate, {"sha256": what.subject}),),
        PREDICATE,
        _Predicate(what.gate, what.policy, now, reason),
    )
    return dsse.sign(msgspec.json.encode(statement), dsse.IN_TOTO, key)


def approved_by(envelope: bytes, what: Approvable, signers: Iterable[PublicKey]) -> Approval | None:
    """The approval of exactly `what` in `envelope`, by one of `signers`; None for anything else."""
    try:
        payload, keys = dsse.verify(envelope, dsse.IN_TOTO, signers)
        said = msgspec.json.decode(payload, type=_Statement)
    except (ValueError, RecursionError):
        return None
    about = Approvable(
        subject=said.subject[0].digest.get("sha256", "") if len(said.subject) == 1 else "",
        gate=said.predicate.gate,
        policy=said.predicate.policy,
    )
    if (said.type, said.predicate_type) != (STATEMENT, PREDICATE) or about != what or not keys:
        return None
    who = f"{keys[0].label} ({keys[0].fingerprint})"
    return Approval(who=who, when=said.predicate.on.isoformat(), reason=said.predicate.reason)


def listed(value: str) -> tuple[list[str], list[str]]:
    """The digests that `MLGATE_APPROVED` holds, and what in it is none."""
    words: list[Any] = re.split(r"[\s,;]+", value.strip()) if value.strip() else []
    digests = [word for word in words if _DIGEST.fullmatch(word)]
    return digests, [word for word in words if not _DIGEST.fullmatch(word)]
