"""Verifies, without the network, that what stands at an alias is what was proven."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.errors import UsageError
from mlgate.core.text import plain, shown
from mlgate.core.words import Outcome
from mlgate.promotion import chain as chains
from mlgate.promotion import record, seen
from mlgate.promotion.errors import Broken, Refused
from mlgate.promotion.evidence import same, sha256
from mlgate.promotion.planned import proven_bytes
from mlgate.promotion.repair import foreign, unmoved
from mlgate.registries._registry import LARGEST
from mlgate.signing import dsse

if TYPE_CHECKING:
    from mlgate.promotion.house import House
    from mlgate.registries._registry import Held

_GOOD = (Outcome.PASSED, Outcome.SKIPPED)


class Proven(Struct, frozen=True, kw_only=True):
    """What stands at an alias, and the records that say so."""

    alias: str
    standing: chains.Link
    """The record that moved the alias there."""
    proof: chains.Link
    """The record of the gates that let it through; the same, unless it was rolled back to."""
    notes: tuple[str, ...] = ()
    """What is odd, and no proof of anything."""


def alias(house: House, name: str) -> Proven:
    """What stands at the alias. Raises `Refused` with the first thing that is not as it must be:
    tampered record, broken chain, wrong key, foreign move, rewritten tag, swapped model."""
    held, chain = house.read_at(name)
    chains.trust(chain, house.signers)
    proven, shows = chain.aliases.get(name), held.aliases.get(name)
    if proven is None and shows is None:
        raise Refused(
            f"{house.model}@{name} holds nothing",
            f"mlgate promote {house.model} VERSION --to {name} --first",
        )
    if proven != shows:
        raise foreign(house, held, chain, name)
    standing = chain.moves(name)[-1]
    proof = _proof(chain, standing)
    unmoved(house, held, standing)
    _unchanged(house, held, proof)
    seen.keep(house, held.records[-1])
    return Proven(alias=name, standing=standing, proof=proof, notes=_unnamed(house, held, chain))


def _unnamed(house: House, held: Held, chain: chains.Chain) -> tuple[str, ...]:
    """Versions that mlgate alone makes, each right before the record that names it."""
    if house.registry.atomic or not house.registry.registers:
        return ()
    named = {link.act.version for link in chain.links}
    loose = ", ".join(plain(one.name) for one in held.versions if one.name not in named)
    told = f"no record names {loose}: a promotion was interrupted, or records were taken out"
    return (told,) if loose else ()


def _proof(chain: chains.Chain, standing: chains.Link) -> chains.Link:
    """The record that gates stand behind. Raises `Broken` where there is none."""
    act = standing.act
    found = standing
    if act.action == record.ROLLBACK:
        by_digest = {link.digest: link for link in chain.links[: act.number - 1]}
        found = by_digest.get(act.proof or "", standing)
    same = (found.act.alias, found.act.version) == (act.alias, act.version)
    if found.act.action not in record.PROVING or not same:
        raise Broken(
            f"broken chain: record {act.number} of {act.model} rests on no record of gates",
            f"mlgate promote {act.model} {plain(act.version)} --to {plain(act.alias)}",
        )
    bad = [g.gate for g in found.act.gates if g.blocks and g.outcome not in _GOOD]
    if bad:
        raise Refused(
            f"record {found.act.number} of {act.model} was made although {', '.join(bad)} did not "
            "pass",
            f"mlgate rollback {act.model}@{plain(act.alias)} --key FILE",
        )
    return found


def _unchanged(house: House, held: Held, proof: chains.Link) -> None:
    """The model's bytes are still those that were judged."""
    version = held.version(proof.act.version)
    if version is None:
        raise Refused(f"{proof.act.model} {proof.act.version} is gone", "bring the version back")
    bytes_ = proven_bytes(house, version)
    if bytes_.digests != proof.statement.files:
        differing = sorted(set(bytes_.digests.items()) ^ set(proof.statement.files.items()))
        raise Refused(
            f"swapped model: {shown(differing[0][0])} of {house.model} {version.name} is not what "
            f"record {proof.act.number} proved",
            "bring the proven bytes back, or promote the new ones as a version of their own",
        )


def file(house: House, path: str) -> list[Proven]:
    """Where the file or folder `path` stands, proven: as a model's bytes, or as a record.

    Raises `Refused` where it stands nowhere, `UsageError` where it cannot be read.
    """
    digests, alone = _digests(path), os.path.isfile(path)
    _, chain = house.read()
    chains.trust(chain, house.signers)
    if alone:
        _in_the_chain(house, chain, path)
    found = []
    for name in chain.aliases:
        standing = chain.moves(name)[-1]
        proof = _proof(chain, standing)
        records = {link.digest for link in (standing, proof)}
        recorded = alone and not records.isdisjoint(digests.values())
        if recorded or same(digests, proof.statement.files):
            found.append(alias(house, name))
    return found


def _in_the_chain(house: House, chain: chains.Chain, path: str) -> None:
    """Raises `Broken` where `path` is a signed record of the model that the chain does not have."""
    with open(path, "rb") as file:
        raw = file.read(LARGEST + 1)
    try:
        statement, envelope = record.opened(raw)
    except ValueError:
        return
    act = statement.predicate
    signed = dsse.signers(envelope, house.signers)
    if act.model != house.model or not signed or record.digest(raw) in {
        link.digest for link in chain.links
    }:  # fmt: skip
        return
    raise Broken(
        f"broken chain: {shown(path)} is record {act.number} of {house.model}, signed by "
        f"{plain(act.by)}, and {house.registry.label} does not hold it: the chain was cut back, or "
        "begun anew",
        "bring the records back from a copy that holds it, too",
    )


def _digests(path: str) -> dict[str, str]:
    if os.path.isdir(path):
        files = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
    elif os.path.isfile(path):
        files = [path]
    else:
        raise UsageError(
            f"{shown(path)} is neither a file nor MODEL@ALIAS", "mlgate verify churn@production"
        )
    return {name: sha256(name) for name in files}
