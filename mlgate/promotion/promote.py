"""Promotes: decides what is to be judged, and, once that is judged, appends and moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

import mlgate
from mlgate.core.errors import ERRORED, GateError, UsageError
from mlgate.core.text import shown
from mlgate.core.words import Outcome
from mlgate.promotion import chain as chains
from mlgate.promotion import evidence, record, seen
from mlgate.promotion.errors import Refused
from mlgate.promotion.house import House
from mlgate.promotion.repair import repaired, settled
from mlgate.registries._registry import Held, Move, New, Version, checked

if TYPE_CHECKING:
    from mlgate.core.report import Report
    from mlgate.core.snapshot import Snapshot
    from mlgate.promotion.approve import Given
    from mlgate.signing.keys import SecretKey


class Plan(Struct, frozen=True, kw_only=True):
    """What is to be promoted, against what."""

    alias: str
    version: Version
    commit: str
    new: bool
    """Whether the version is registered with its first record."""
    holder: str | None
    """The version that the alias names now."""
    holder_commit: str | None
    held: Held
    chain: chains.Chain
    bytes: evidence.Bytes
    action: str = record.PROMOTE
    notes: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether the alias names this very version already, by a record."""
        return self.holder == self.version.name and self.action == record.PROMOTE


def plan(house: House, alias: str, version: str | None, *, first: bool, dry: bool) -> Plan:
    """What `mlgate promote` is about to do. An alias that an interruption left behind is brought
    to what the chain says, unless this is a `dry` run.

    Raises `UsageError`, `GateError`; `chains.Broken` where the chain does not hold.
    """
    checked(alias, "alias")
    held, chain = house.read_at(alias)
    chains.trust(chain, house.signers)
    held, notes = repaired(house, held, chain, alias, dry=dry)
    holder = chain.aliases.get(alias)
    _first(house, alias, holder, first, version)
    meant, new = chosen(house, held, version)
    return Plan(
        alias=alias,
        version=meant,
        commit=str(meant.commit),
        new=new,
        holder=holder,
        holder_commit=_commit_of(chain, alias),
        held=held,
        chain=chain,
        bytes=proven_bytes(house, meant, new=new),
        notes=notes,
    )


def _first(house: House, alias: str, holder: str | None, first: bool, version: str | None) -> None:
    model = f"{house.model} {version}" if version else house.model
    if holder is None and not first:
        raise UsageError(
            f"{house.model}@{alias} holds no version yet, so there is nothing to compare with",
            f"for its first one: mlgate promote {model} --to {alias} --first",
        )
    if holder is not None and first:
        raise UsageError(
            f"{house.model}@{alias} holds {holder}: this would not be its first",
            "leave out --first",
        )


def chosen(house: House, held: Held, name: str | None) -> tuple[Version, bool]:
    """The version that is meant, and whether it is new."""
    if name is not None:
        found = held.version(name)
        if found is None:
            known = ", ".join(v.name for v in held.versions[-5:]) or "none yet"
            raise UsageError(
                f"{house.registry.label} has no version {name} of {house.model}",
                f"the newest there: {known}",
            )
        return with_commit(house, found), False
    if not house.registry.registers:
        raise UsageError(
            f"{house.registry.label} holds versions that training made: name one of them",
            f"mlgate promote {house.model} VERSION --to ALIAS",
        )
    head = str(house.session.subject.commit)
    known_here = held.at(head)
    if known_here is not None:
        return known_here, False
    return Version(name=house.registry.next_version(held), commit=head), True


def with_commit(house: House, version: Version) -> Version:
    """`version`, with its commit in full. Raises `GateError` where nobody knows it."""
    if version.commit is None:
        raise GateError(
            f"nobody wrote down from which commit {house.model} {version.name} was made, so it "
            "cannot be judged",
            "register it anew from a git repository; in MLflow the tag mlgate.commit names it",
        )
    return Version(name=version.name, commit=house.snapshot(version.commit).commit)


def _commit_of(chain: chains.Chain, alias: str) -> str | None:
    moves = chain.moves(alias)
    return moves[-1].act.commit if moves else None


def proven_bytes(house: House, version: Version, *, new: bool = False) -> evidence.Bytes:
    """The model's bytes at the version's commit, which the registry's own copy must equal."""
    snapshot = house.snapshot(str(version.commit))
    kept = None if new else house.registry.digests(house.model, version.name)
    if house.terms.path is None:
        if not kept:
            raise GateError(
                f"[models.{house.model}] names no `path`: there are no bytes to vouch for",
                "name the model's file or folder in the policy",
            )
        return evidence.Bytes(places={}, digests=kept)
    found = evidence.model(house.context(snapshot), house.terms.path)
    if kept is not None and not evidence.same(kept, found.digests):
        raise _swapped(house, version, snapshot)
    return found


def unswapped(house: House, version: Version, found: evidence.Bytes) -> None:
    """Raises `Refused` where the registry keeps other bytes by now than `found`."""
    kept = house.registry.digests(house.model, version.name)
    if kept is not None and not evidence.same(kept, found.digests):
        raise _swapped(house, version, house.snapshot(str(version.commit)))


def _swapped(house: House, version: Version, snapshot: Snapshot) -> Refused:
    path = house.terms.path
    what = shown(path) if path else "what was judged"
    return Refused(
        f"swapped model: what {house.registry.label} keeps as {house.model} {version.name} is "
        f"not {what} of commit {str(version.commit)[:7]}",
        "bring back there what was registered"
        + (f" ({_brought(snapshot, path)})" if path else "")
        + ", or promote a version of its own",
    )


def _brought(snapshot: Snapshot, path: str) -> str:
    """The commands that bring a model's bytes from its commit; git has only DVC's pointer to it."""
    from mlgate.sources.dvc import pointer_of

    commit, pointer = str(snapshot.commit)[:7], pointer_of(snapshot, path)
    if pointer is None:
        return f"git show {commit}:{shown(path)}"
    return f"git checkout {commit} -- {shown(pointer)}; dvc checkout {shown(path)}"


def convinced(house: House, report: Report | None) -> None:
    """Raises `Refused` unless the gates of `report` let the version through."""
    wanted = house.terms.gates
    if wanted == ():
        return
    if report is not None and report.exit_code == ERRORED:
        raise GateError("a gate could not be judged, so nothing is let through", "see above")
    if report is None or report.exit_code != 0:
        raise Refused("the gates do not let it through", "see the findings above")
    outcomes = {verdict.gate: verdict.outcome for verdict in report.verdicts}
    for name in wanted or ():
        if outcomes.get(name) is not Outcome.PASSED:
            told = outcomes.get(name)
            raise Refused(
                f"the gate {name}, which [models.{house.model}] asks for, "
                f"{f'was {told}' if told else 'was not asked'}",
                "a gate that is named there must pass: mlgate check --stage promote",
            )
    if Outcome.PASSED not in outcomes.values():
        raise Refused(
            "nothing was judged: no gate of stage promote passed",
            f'give a gate `stages = ["promote"]`; or, to promote without gates, write '
            f"[models.{house.model}] gates = []; either on the default branch",
        )


def conclude(
    house: House,
    plan: Plan,
    report: Report | None,
    approvals: tuple[Given, ...],
    key: SecretKey,
    reason: str | None = None,
) -> chains.Link:
    """Sign, append, move. Raises `Refused`, and `Moved` where another record came first."""
    convinced(house, report)
    _same_bytes(plan, report)
    if not plan.new:
        unswapped(house, plan.version, plan.bytes)
    ctx = house.context(house.snapshot(plan.commit))
    names = {verdict.gate for verdict in report.verdicts} if report else set()
    gates = [gate for gate in house.session.policy.gates if gate.name in names]
    found = evidence.grounds(ctx, gates)
    grounds: dict[str, Any] = {
        "gates": record.judged(report),
        "tools": report.tools if report else {},
        "versions": found.versions,
        "tests": found.tests,
        "dirty": found.dirty,
        "approvals": tuple(one.consent for one in approvals),
        "reason": reason,
    }
    return append(house, plan, key, plan.bytes, grounds)


def _same_bytes(plan: Plan, report: Report | None) -> None:
    """Raises `Refused` where a gate read other bytes than the record vouches for."""
    path = evidence.contradiction(report, plan.bytes.digests)
    if path is not None:
        raise Refused(
            f"swapped model: a gate read other bytes of {path} than the record would name",
            "somebody changed it meanwhile: see who writes there, and promote again",
        )


def append(
    house: House, plan: Plan, key: SecretKey, files: evidence.Bytes, grounds: Mapping[str, Any]
) -> chains.Link:
    """The next record of the chain, and the alias moved by it."""
    may_append(house, key)
    act = record.Act(
        number=len(plan.chain.links) + 1,
        previous=plan.chain.head,
        action=plan.action,
        model=house.model,
        alias=plan.alias,
        version=plan.version.name,
        commit=plan.commit,
        holder=plan.holder,
        holder_commit=plan.holder_commit,
        policy=house.session.policy.digest,
        base=str(house.tip.commit),
        time=house.session.now,
        by=key.public.label,
        mlgate=mlgate.__version__,
        **grounds,
    )
    raw = record.signed(act, files.digests, key)
    _small(raw)
    moves = plan.action in record.MOVING and plan.held.aliases.get(plan.alias) != plan.version.name
    move = Move(plan.alias, plan.version.name)
    new = New(plan.version, files.places, files.digests) if plan.new else None
    after = house.registry.append(
        house.model, plan.held, raw, new=new, move=move if moves else None
    )
    seen.keep(house, raw)
    notes = settled(house, move, after) if plan.action in record.MOVING else ()
    statement, envelope = record.opened(raw)
    return chains.Link(
        digest=record.digest(raw), statement=statement, envelope=envelope, notes=notes
    )


def _small(raw: bytes) -> None:
    from mlgate.registries._registry import LARGEST

    if len(raw) > LARGEST:
        raise GateError(
            f"the evidence has {len(raw):,} bytes, and a record may have {LARGEST:,}",
            "name the model's folder as one archive, or let fewer slices be measured",
        )


def may_append(house: House, key: SecretKey) -> None:
    """Raises `GateError` where nothing can be written, and what `may_sign` raises."""
    may_sign(house, key)
    if not house.registry.reached:
        raise GateError(
            f"{house.registry.label}: a record is written there, which needs the network",
            "leave out --offline",
        )


def may_sign(house: House, key: SecretKey) -> None:
    """Raises `UsageError` where nobody would believe what `key` signs."""
    if key.public.fingerprint not in {one.fingerprint for one in house.signers}:
        raise UsageError(
            f"the key {shown(key.public.label)} ({key.public.fingerprint}) is no signer of the "
            f"policy of the {house.tip.label}",
            f"add its .pub file to [models.{house.model}] signers on the default branch",
        )
