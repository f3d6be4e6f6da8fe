"""The record: what is signed whenever an alias moves, as an in-toto Statement."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

from mlgate.core.finding import Finding, Measurement
from mlgate.core.words import Outcome, Result
from mlgate.registries._registry import LARGEST
from mlgate.signing import dsse
from mlgate.signing.approvals import STATEMENT

if TYPE_CHECKING:
    from mlgate.core.report import Report, Verdict
    from mlgate.signing.keys import SecretKey

PREDICATE = "urn:mlgate:promotion:1"
PROMOTE, ROLLBACK, ADMIT, COMMAND = "promote", "rollback", "admit", "command"
PROVING = (PROMOTE, ADMIT)
"""Actions that rest on gates."""
MOVING = (*PROVING, ROLLBACK)
"""Actions after which an alias names another version."""


class Judged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A gate's verdict, as far as it is evidence."""

    gate: str
    kind: str
    outcome: Outcome
    blocks: bool
    failed: int = 0
    """Findings that stand against it."""
    waived: int = 0
    measurements: tuple[Measurement, ...] = ()
    said: tuple[str, ...] = ()
    """What passing findings without a number state: digests, counts."""
    notes: tuple[str, ...] = ()
    """What was said of the verdict: who approved what the evidence leaves open, and the like."""


class Consent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An approval that was counted."""

    who: str
    when: str | None = None
    reason: str | None = None
    envelope: str
    """SHA-256 of the approval itself."""


class Ran(Struct, frozen=True, kw_only=True):
    """A command of `on_promote`."""

    argv: tuple[str, ...]
    exit_code: int
    duration: float
    output: str
    """SHA-256 of what it wrote."""


class Act(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The predicate: what was done, on what grounds."""

    number: Annotated[int, Meta(ge=1)]
    """Its place in the chain, from 1."""
    previous: str | None
    """SHA-256 of the record before it, as it was stored."""
    action: str
    model: str
    alias: str
    version: str
    commit: str
    dirty: bool | None = None
    """Whether anything that the gates were given lies beside the commit only: `tests` says what.
    None where nothing was judged."""
    holder: str | None = None
    """The version that the alias named before."""
    holder_commit: str | None = None
    proof: str | None = None
    """Of a rollback: the record that proved the version."""
    stage: str = "promote"
    policy: str
    """Digest of the policy that it was judged by."""
    base: str
    """The commit which that policy, and the signers, were read from."""
    time: Annotated[datetime, Meta(tz=True)]
    by: str
    """Whose key signed, for people."""
    mlgate: str
    gates: tuple[Judged, ...] = ()
    tools: dict[str, str] = {}
    versions: dict[str, str] = {}
    """The data versions of the commit: path to digest, as DVC's pointers have them."""
    tests: dict[str, str] = {}
    """The files that the gates' options name, such as tables: path to digest."""
    approvals: tuple[Consent, ...] = ()
    command: Ran | None = None
    reason: str | None = None


class _Subject(Struct, frozen=True):
    name: str
    digest: dict[str, str]


class Statement(Struct, frozen=True, rename={"type": "_type", "predicate_type": "predicateType"}):
    """https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md"""

    type: str
    subject: tuple[_Subject, ...]
    predicate_type: str
    predicate: Act

    @property
    def files(self) -> dict[str, str]:
        """Path to SHA-256 of the model's files."""
        return {one.name: one.digest.get("sha256", "") for one in self.subject}


def signed(act: Act, files: dict[str, str], key: SecretKey) -> bytes:
    """The record of `act` on a model of these files (path to SHA-256), as it is stored."""
    subject = tuple(_Subject(path, {"sha256": digest}) for path, digest in sorted(files.items()))
    payload = msgspec.json.encode(Statement(STATEMENT, subject, PREDICATE, act))
    return dsse.sign(payload, dsse.IN_TOTO, key)


def opened(record: bytes) -> tuple[Statement, dsse.Envelope]:
    """What a record says; whether that is true is not looked at. Raises `ValueError`."""
    envelope = dsse.opened(record, dsse.IN_TOTO, LARGEST)
    try:
        said = msgspec.json.decode(envelope.payload, type=Statement)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the statement cannot be understood ({error})") from None
    if (said.type, said.predicate_type) != (STATEMENT, PREDICATE):
        raise ValueError("it is no statement on a promotion")
    return said, envelope


def digest(record: bytes) -> str:
    """What the next record names it by."""
    return hashlib.sha256(record).hexdigest()


def judged(report: Report | None) -> tuple[Judged, ...]:
    """Each verdict of `report` as evidence."""
    return tuple(map(_judged, report.verdicts)) if report else ()


def _judged(verdict: Verdict) -> Judged:
    numbers = tuple(f.measurement for f in verdict.findings if f.measurement is not None)
    passing = [f for f in verdict.findings if f.result is Result.PASS and _says(f)]
    return Judged(
        gate=verdict.gate,
        kind=verdict.kind,
        outcome=verdict.outcome,
        blocks=verdict.blocks,
        failed=sum(f.result is Result.FAIL for f in verdict.findings),
        waived=verdict.waived,
        measurements=numbers[:_MOST],
        said=tuple(f.message for f in passing)[:_MOST],
        notes=verdict.notes[:_MOST],
    )


def _says(finding: Finding) -> bool:
    """Whether its words tell what no number does."""
    return finding.measurement is None or finding.message.startswith("sha256:")


_MOST = 200
