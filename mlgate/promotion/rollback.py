"""Rolls an alias back to a version that was proven for it: one record, no gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.core.errors import UsageError
from mlgate.promotion import chain as chains
from mlgate.promotion import planned, promote, record
from mlgate.promotion.errors import Refused

if TYPE_CHECKING:
    from mlgate.promotion.house import House
    from mlgate.registries._registry import Held, Version
    from mlgate.signing.keys import SecretKey


def plan(house: House, alias: str, version: str | None) -> tuple[planned.Plan, chains.Link]:
    """Where `mlgate rollback` goes, and the record that proved it. An alias that somebody moved
    past mlgate is put back, too. Raises `UsageError`, `Refused`."""
    held, chain = house.read_at(alias)
    chains.trust(chain, house.signers)
    wanted = _wanted(house, held, chain, alias, version)
    proof = chain.proof(alias, wanted.name)
    if proof is None:
        raise Refused(
            f"{house.model} {wanted.name} was never proven for {alias}",
            f"mlgate promote {house.model} {wanted.name} --to {alias}",
        )
    bytes_ = planned.proven_bytes(house, wanted)
    if (bytes_.digests, wanted.commit) != (proof.statement.files, proof.act.commit):
        raise Refused(
            f"swapped model: {house.model} {wanted.name} is not what record {proof.act.number} "
            "proved",
            f"roll back further: mlgate rollback {house.model}@{alias} VERSION --key FILE",
        )
    moves = chain.moves(alias)
    return (
        planned.Plan(
            alias=alias,
            version=wanted,
            commit=str(wanted.commit),
            new=False,
            holder=held.aliases.get(alias),
            holder_commit=moves[-1].act.commit if moves else None,
            held=held,
            chain=chain,
            bytes=bytes_,
            action=record.ROLLBACK,
        ),
        proof,
    )


def _wanted(
    house: House, held: Held, chain: chains.Chain, alias: str, version: str | None
) -> Version:
    name = version or chain.before(alias)
    if name is None:
        raise UsageError(
            f"{house.model}@{alias} has no version to go back to",
            f"see what was there: mlgate history {house.model}",
        )
    found = held.version(name)
    if found is None:
        raise UsageError(
            f"{house.registry.label} has no version {name} of {house.model}",
            f"see what was there: mlgate history {house.model}",
        )
    if held.aliases.get(alias) == found.name == chain.aliases.get(alias):
        raise UsageError(f"{house.model}@{alias} holds {found.name} already")
    return found


def conclude(
    house: House, plan: planned.Plan, proof: chains.Link, key: SecretKey, reason: str | None
) -> chains.Link:
    """Sign, append, move."""
    grounds = {"proof": proof.digest, "reason": reason}
    return promote.append(house, plan, key, plan.bytes, grounds)
