"""Promotes: signs what was judged, appends it to the chain and moves the alias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import mlgate
from mlgate.core.errors import ERRORED, GateError, UsageError
from mlgate.core.text import shown
from mlgate.core.words import Outcome, Result, State
from mlgate.promotion import chain as chains
from mlgate.promotion import evidence, record, seen
from mlgate.promotion.errors import Refused
from mlgate.promotion.house import House
from mlgate.promotion.planned import Plan, unswapped
from mlgate.promotion.repair import settled
from mlgate.registries._registry import Move, New

if TYPE_CHECKING:
    from mlgate.core.report import Report, Verdict
    from mlgate.promotion.approve import Given
    from mlgate.signing.keys import SecretKey


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
    convincing = {verdict.gate for verdict in report.verdicts if _convinces(verdict)}
    for name in wanted or ():
        if name not in convincing:
            told = outcomes.get(name)
            raise Refused(
                f"the gate {name}, which [models.{house.model}] asks for, "
                f"{f'was {told}' if told else 'was not asked'}",
                "a gate that is named there must pass: mlgate check --stage promote",
            )
    if not convincing:
        raise Refused(
            "nothing was judged: no gate of stage promote passed",
            f'give a gate `stages = ["promote"]`; or, to promote without gates, write '
            f"[models.{house.model}] gates = []; either on the default branch",
        )


def _convinces(verdict: Verdict) -> bool:
    """True of a gate that passed, or left open only what its rules say is to be warned of."""
    if verdict.outcome is not Outcome.INCONCLUSIVE:
        return verdict.outcome is Outcome.PASSED
    left = [f for f in verdict.findings if f.result is Result.OPEN and f.state is State.NEW]
    return bool(left) and all(finding.undecided == "warn" for finding in left)


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
    found = evidence.grounds(ctx, gates, report)
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
