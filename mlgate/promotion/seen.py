"""The newest record that this clone saw of a chain, kept in git: one that was cut back shows.

A registry whose every file somebody may write can be brought to an older state as a whole, and that
state verifies. Only what lies elsewhere can tell. Chains that are refs (`registry = "git"`) need
none of this: what was fetched of them stays in the clone already.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mlgate.core.errors import MlgateError, RepositoryError
from mlgate.promotion import chain as chains
from mlgate.promotion import record
from mlgate.promotion.errors import Broken
from mlgate.registries._registry import LARGEST
from mlgate.repo import shelf

if TYPE_CHECKING:
    from mlgate.promotion.chain import Chain
    from mlgate.promotion.house import House


def newest(house: House) -> bytes | None:
    """The record that was kept last. To be asked before the registry is: others append meanwhile,
    and keep what they appended."""
    if house.registry.atomic:
        return None
    tip = _tip(house)
    return shelf.read(house.repo, tip, LARGEST) if tip else None


def still_there(house: House, chain: Chain, kept: bytes | None) -> None:
    """Raises `Broken` where `chain` does not hold the record that was `kept`.

    A newest record that is no signer's is left to `chains.trust`, which says more of it."""
    if kept is None or record.digest(kept) in {link.digest for link in chain.links}:
        return
    if len(chain.links) >= _number(kept) and not _signed(house, chain):
        return
    ref = _ref(house)
    raise Broken(
        f"broken chain: {house.registry.label} no longer holds a record of {house.model} that was "
        f"seen here, sha256 {record.digest(kept)[:12]}: it was cut back, or begun anew",
        "bring the records back from a copy (the newest that was seen lies here: git cat-file blob "
        f"{ref}); or, if that was meant, forget what was seen: git update-ref -d {ref}",
    )


def keep(house: House, stored: bytes) -> None:
    """Keep `stored`, the newest record of a chain that holds. Where nothing can be written, or
    somebody keeps another at this moment, nothing is kept."""
    if house.registry.atomic:
        return
    try:
        before = _tip(house)
        blob = house.repo.git("hash-object", "-w", "--stdin", stdin=stored).decode("ascii").strip()
        if blob != before:
            house.repo.git("update-ref", _ref(house), blob, before or "0" * len(blob))
    except RepositoryError:
        return


def _number(kept: bytes) -> int:
    """Its place in the chain; 0 for what is no record, and was kept by none of us."""
    try:
        return record.opened(kept)[0].predicate.number
    except ValueError:
        return 0


def _signed(house: House, chain: Chain) -> bool:
    try:
        chains.trust(chain, house.signers)
    except MlgateError:
        return False
    return True


def _tip(house: House) -> str:
    out = house.repo.git("for-each-ref", "--format=%(objectname)", _ref(house))
    return out.decode("ascii").strip()


def _ref(house: House) -> str:
    """One for each registry that the policy names in the course of time."""
    place = hashlib.sha256((house.terms.registry or "").encode()).hexdigest()[:12]
    return f"refs/mlgate/seen/{house.model}/{place}"
