"""Approvals of a promotion: signatures by keys of the policy, over one version of one model."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from mlgate.core.text import counted
from mlgate.promotion import planned
from mlgate.promotion.errors import Refused
from mlgate.promotion.record import ADMIT, Consent
from mlgate.signing.approvals import Approvable, approved_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlgate.promotion.house import House


class Given(Struct, frozen=True, kw_only=True):
    """An approval that holds, by one key."""

    fingerprint: str
    consent: Consent


def approvable(
    house: House, commit: str, digests: Mapping[str, str], alias: str | None
) -> Approvable:
    """What an approval is about: these very bytes of the model at this commit, under this policy,
    for one alias or (None) for any."""
    what = msgspec.json.encode([house.model, commit, sorted(digests.items())])
    return Approvable(
        subject=hashlib.sha256(what).hexdigest(),
        gate=f"promote {house.model}" + (f" to {alias}" if alias else ""),
        policy=house.session.policy.digest,
    )


def subject(house: House, version: str | None) -> tuple[str, dict[str, str]]:
    """The commit, and the model's files with their digests, of a version; of HEAD without one."""
    held, _ = house.read()
    chosen, new = planned.chosen(house, held, version)
    return str(chosen.commit), planned.proven_bytes(house, chosen, new=new).digests


def given(house: House, plan: planned.Plan, alias: str) -> tuple[Given, ...]:
    """The approvals that hold, one of each key; each brings a version to an alias once, and holds
    there for as long as that version does. Raises `Refused` where they are too few."""
    if not house.terms.approvals:
        return ()
    from mlgate.runner.approvals import REF, envelopes

    commit, digests = plan.commit, plan.bytes.digests
    used = _used(plan, alias)
    spent: set[int] = set()
    found: dict[str, Given] = {}
    for what in (approvable(house, commit, digests, name) for name in (None, alias)):
        for envelope in envelopes(house.repo, house.tip, what):
            for key in house.signers:
                held = approved_by(envelope, what, [key])
                if held is not None:
                    digest = hashlib.sha256(envelope).hexdigest()
                    if digest in used:
                        spent.add(used[digest])
                        continue
                    consent = Consent(
                        who=held.who, when=held.when, reason=held.reason, envelope=digest
                    )
                    found[key.fingerprint] = Given(fingerprint=key.fingerprint, consent=consent)
    if len(found) < house.terms.approvals:
        raise Refused(
            f"{counted(house.terms.approvals, 'approval')} of {house.model} asked for, "
            f"{len(found) or 'none'} here for these very bytes and this policy"
            + (f"; what record {max(spent)} was approved by is spent" if spent else ""),
            f"each approver: mlgate approve {house.model} VERSION --key FILE; then bring theirs: "
            f"git fetch origin {REF}:{REF}",
        )
    return tuple(found.values())


def _used(plan: planned.Plan, alias: str) -> dict[str, int]:
    """The approvals by which records moved the alias, to the numbers of those records. What already
    stands where it is to be admitted is brought nowhere: what it was approved by counts."""
    acts = [link.act for link in plan.chain.links if link.act.alias == alias]
    stays = plan.action == ADMIT and plan.chain.aliases.get(alias) == plan.version.name
    proof = plan.chain.proof(alias, plan.version.name) if stays else None
    own = {one.envelope for one in proof.act.approvals} if proof else set()
    used = {one.envelope: act.number for act in acts for one in act.approvals}
    return {envelope: number for envelope, number in used.items() if envelope not in own}
