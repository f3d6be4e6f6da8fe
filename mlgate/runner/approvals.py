"""Approvals from outside the change: looked up where an altered policy or an open finding waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.text import counted
from mlgate.core.words import Level, Result, Stage, State
from mlgate.judge.judge import Draft
from mlgate.policy.model import OWN
from mlgate.repo import shelf
from mlgate.runner.undecided import waits
from mlgate.signing import commits, dsse
from mlgate.signing.approvals import Approvable, Approval, approved_by, listed

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot
    from mlgate.repo.git import Repository
    from mlgate.runner.session import Session
    from mlgate.signing.keys import PublicKey

REF = "refs/mlgate/approvals"
FOLDER = ".mlgate/approvals/"
VARIABLE = "MLGATE_APPROVED"
CHANGED = f"{OWN}/changed"
_MOST = 1000


class Standing(Struct, frozen=True, kw_only=True):
    """What became of the question whether something is approved."""

    digest: str | None = None
    """What an approval must name; None where there is nothing to approve."""
    given: Approval | None = None
    problem: GateError | None = None
    """Why the approvals that are there cannot be checked."""
    notes: tuple[str, ...] = ()

    def settled(self, draft: Draft) -> Draft:
        """What a gate stated, with what was approved waived."""
        if not any(map(_waits, draft.findings)):
            return draft
        if self.problem is not None:
            return replace(draft, error=self.problem.message, help=self.problem.hint)
        notes = (*draft.notes, *self.notes)
        if self.given is None:
            return replace(draft, notes=notes)
        findings = tuple(replace(f, state=State.WAIVED) if _waits(f) else f for f in draft.findings)
        return replace(draft, findings=findings, notes=(*notes, str(self.given)))


def _waits(finding: Finding) -> bool:
    altered = finding.rule == CHANGED and finding.result is Result.FAIL
    return (altered and finding.level is not Level.NOTE) or waits(finding)


def settle(session: Session, draft: Draft) -> Draft:
    """What a gate stated, as approvals leave it."""
    if draft.kind == OWN:
        return session.approval.settled(draft) if session.protected else draft
    if draft.waits is None or draft.error or draft.skipped:
        return draft
    what = Approvable(subject=draft.waits, gate=draft.gate, policy=session.policy.digest)
    session.open[draft.gate] = what
    found = standing(session, what)
    if found.given is None:
        how = (
            f"waits for an approval: mlgate approve {_named(session, draft.gate)} --key KEY, with "
            f"a key of the base's [protect] signers; or in the CI's settings set {VARIABLE} to "
            f"{what.digest}"
        )
        found = replace(found, notes=(*found.notes, how))
    return found.settled(draft)


def _named(session: Session, gate: str) -> str:
    """What `mlgate approve` is asked, so that it judges what is judged here."""
    if session.request.promotion is not None:
        return f"{session.request.promotion} --gate {gate}"
    return gate if session.stage is Stage.MERGE else f"{gate} --stage {session.stage}"


def approvable(session: Session) -> Approvable | None:
    """What an approval of this change of the policy is about; None where it changes nothing."""
    if session.protected is None:
        return None
    return Approvable(subject=session.protected.subject, gate=OWN, policy=session.policy.digest)


def standing(session: Session, what: Approvable | None) -> Standing:
    """Whether `what` is approved: by the CI's variable, or by a signature of a key that the base
    names."""
    if what is None:
        return Standing()
    digests, odd = listed(session.environ.get(VARIABLE, ""))
    notes = tuple(f"{VARIABLE} holds {word[:20]!r}, which is no digest: ignored" for word in odd)
    if what.digest in digests:
        return Standing(digest=what.digest, given=Approval(who=VARIABLE), notes=notes)
    try:
        given, unfit = _signed(session, what)
    except GateError as problem:
        return Standing(digest=what.digest, problem=problem, notes=notes)
    if unfit and given is None:
        told = counted(unfit, "approval")
        notes = (*notes, f"{told} by no key that the base's [protect] signers names: ignored")
    return Standing(digest=what.digest, given=given, notes=notes)


def _signed(session: Session, what: Approvable) -> tuple[Approval | None, int]:
    """The first approval that holds, and how many do not although they are about this."""
    stored = list(envelopes(session.repo, session.subject, what))
    signed = list(_commits(session, what))
    keys = signers(session) if stored or signed else []
    given = [approved_by(envelope, what, keys) for envelope in stored]
    given += [commits.approved_by(raw, what, keys) for raw in signed]
    return next(filter(None, given), None), len(given)


def envelopes(repo: Repository, snapshot: Snapshot, what: Approvable) -> Iterator[bytes]:
    """Those that are named after this very approvable: on the shelf, then in the snapshot."""
    for name, blob in sorted(shelf.listing(repo, REF).items())[:_MOST]:
        if name.startswith(what.digest):
            envelope = shelf.read(repo, blob, dsse.LIMIT)
            if envelope is not None:
                yield envelope
    files = snapshot.files
    for path in [p for p in files if p.startswith(FOLDER + what.digest)][:_MOST]:
        if files[path].is_file:
            yield snapshot.read(path)


def _commits(session: Session, what: Approvable) -> Iterator[bytes]:
    """The change's latest commits whose message names this very approvable."""
    from mlgate.repo import history

    latest = session.commits[-_MOST:]
    for raw in history.raw(session.repo, latest) if latest else ():
        if commits.names(raw, what):
            yield raw


def signers(session: Session) -> list[PublicKey]:
    """The keys that the base's policy names. Raises `GateError` where one cannot be read."""
    from mlgate.runner.binding import STAGES
    from mlgate.signing import keys

    if session.stage not in STAGES or session.binding.problem:
        return []
    base = session.binding.base
    binding = session.protected or session.policy.protect  # unaltered, the head's is the base's
    named = binding.signers
    found: list[PublicKey] = []
    for path in named if base is not None else ():
        entry = base.files.get(path) if base else None
        if base is None or entry is None or not entry.is_file:
            raise GateError(
                f"[protect] signers names {path}, which the base does not have",
                "add the key's .pub file to the base",
            )
        found += keys.public(base.read(path), path)
    return found


def file_name(what: Approvable, fingerprint: str) -> str:
    """The name under which an approval is kept: what it approves, and a part of the key's."""
    safe = "".join(c for c in fingerprint.partition(":")[2] if c.isalnum())
    return f"{what.digest}-{safe[:12]}.json"
