"""Decides which version is to be promoted, against which, and what its bytes are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.errors import GateError, UsageError
from mlgate.core.text import shown
from mlgate.promotion import chain as chains
from mlgate.promotion import evidence, record
from mlgate.promotion.errors import Refused
from mlgate.promotion.house import House
from mlgate.promotion.repair import repaired
from mlgate.registries._registry import Held, Version, checked

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot


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


def plan(house: House, alias: str, version: str | None, *, first: bool | None, dry: bool) -> Plan:
    """What `mlgate promote` is about to do; `first` says that the alias holds nothing yet, None
    that it may. An alias that an interruption left behind is brought to what the chain says, unless
    this is a `dry` run.

    Raises `UsageError`, `GateError`; `chains.Broken` where the chain does not hold.
    """
    checked(alias, "alias")
    held, chain = house.read_at(alias)
    chains.trust(chain, house.signers)
    held, notes = repaired(house, held, chain, alias, dry=dry)
    holder = chain.aliases.get(alias)
    if first is not None:
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
