"""Finds the bytes of data versions: in the work tree, in DVC's cache, else through the remote."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.core.words import Stage
from mlgate.sources._dvc import objects
from mlgate.sources._dvc.facts import LEGACY, MD5
from mlgate.sources._dvc.remotes import ask
from mlgate.sources._dvc.signatures import Signatures
from mlgate.sources._place import Source, adopted, scratch, stored

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.sources._dvc.config import Config
    from mlgate.sources._dvc.versions import Owned


class Member(Struct, frozen=True):
    """One file of a data version, or its manifest."""

    path: str
    """In the repository."""
    hash: str
    owned: Owned
    """The output that it is, or belongs to."""

    @property
    def key(self) -> objects.Key:
        """The object that holds it."""
        return self.owned.out.algorithm, self.hash

    @property
    def name(self) -> str:
        """What the object is called in our own store."""
        return f"{'legacy-' if self.owned.out.algorithm == LEGACY else ''}{self.hash}"


Configured = Callable[["Owned"], "Config"]
"""The configuration of the project that an output belongs to."""


def bring(
    ctx: Context, label: str, configured: Configured, members: Iterable[Member]
) -> list[Source]:
    """Where the bytes of each member lie; what is not here is fetched into our own store, in one
    go. `label` names the snapshot. Raises `GateError` where one of them is out of reach."""
    members = list(members)
    signatures = Signatures(ctx, ctx.stage == Stage.PROMOTE, lambda _: None)
    places: dict[str, tuple[str, str]] = {}
    missing: dict[tuple[str, str | None], dict[objects.Key, Member]] = {}
    for member in members:
        found = _here(ctx, signatures, configured(member.owned), member)
        if found is not None:
            places[member.path] = found
        else:
            group = (member.owned.root, member.owned.out.remote)
            missing.setdefault(group, {})[member.key] = member
    for group_members in missing.values():
        first = next(iter(group_members.values())).owned
        _fetch(ctx, configured(first), group_members, label)
    return [_source(label, member, *places.get(member.path, ())) for member in members]


def _source(label: str, member: Member, path: str = "", origin: str = "") -> Source:
    return Source(
        path=path or stored(member.name),
        digest=f"{member.owned.out.algorithm}:{member.hash}",
        origin=f"{shown(member.path)} of {label}, {origin or 'from the remote'}",
    )


def _here(
    ctx: Context, signatures: Signatures, config: Config, member: Member
) -> tuple[str, str] | None:
    """Where those bytes lie on this machine, and in words where that is."""
    algorithm, hash_ = member.key
    if algorithm not in (MD5, LEGACY):
        raise GateError(
            f"{shown(member.path)} has no md5 in {shown(member.owned.file)}: it cannot be fetched",
            f"dvc pull {shown(member.owned.file)}",
        )
    here = os.path.join(os.fspath(ctx.work), *member.path.split("/"))
    cached = os.path.join(config.cache, objects.place(algorithm, hash_))
    for place, words in ((here, "from the work tree"), (cached, "from DVC's cache")):
        try:
            if not os.path.isfile(place):
                continue
            if signatures.file(place, algorithm) == hash_.removesuffix(".dir"):
                return place, words
        except OSError:
            continue
    kept = stored(member.name)
    return (kept, "from the remote") if os.path.exists(kept) else None


def _fetch(ctx: Context, config: Config, members: dict[objects.Key, Member], label: str) -> None:
    """Bring objects from the remote into our own store. Raises `GateError`."""
    first = next(iter(members.values()))
    owned = first.owned
    mend = f"dvc pull {shown(owned.file)}"
    if owned.imported is not None and owned.imported.is_repository:
        raise GateError(f"{shown(first.path)} is an import, and its bytes are not here", mend)
    remote = config.remote(owned.out.remote)
    if remote is None:
        version = first.hash[:12]
        raise GateError(
            f"{shown(first.path)} of the {label} ({version}) is in no cache here, and no remote "
            "is set to bring it from",
            "dvc remote add --default NAME URL, where it was pushed to",
        )
    if not remote.is_folder and not ctx.network:
        raise GateError(
            f"{shown(first.path)} is not here, and the remote {remote.name} needs the network",
            mend,
        )
    import tempfile

    try:
        with tempfile.TemporaryDirectory(dir=scratch(), prefix=".partial-") as folder:
            targets = {key: os.path.join(folder, members[key].name) for key in members}
            ask(ctx, config, remote, {}, save=targets)
            for key, problem in _unfit(targets):
                member = members[key]
                if problem:
                    raise GateError(
                        f"{shown(member.path)}: what the remote holds is not the version {key[1]}",
                        "remove the object there, then on the machine that has it: dvc push",
                    )
                push = "on the machine that has it: dvc push --all-commits"
                where, mend = f"in {remote.name}", push
                if remote.is_folder and not os.path.isdir(remote.url):
                    where += f", whose folder {shown(remote.url)} is not there"
                    mend = f"mount it or correct its URL; else, {push}"
                raise GateError(
                    f"{shown(member.path)}: {key[1]} is neither in the cache nor {where}", mend
                )
            for key, target in targets.items():
                adopted(target, members[key].name)
    except OSError as error:
        raise GateError(
            f"{shown(first.path)} cannot be kept in mlgate's store: {error.strerror or error}",
            "see that the disk of MLGATE_CACHE_DIR has room",
        ) from None


def _unfit(targets: dict[objects.Key, str]) -> Iterator[tuple[objects.Key, bool]]:
    """Objects that did not arrive (False), or with other bytes (True)."""
    for key, target in targets.items():
        if not os.path.exists(target):
            yield key, False
        elif objects.file_hash(target, key[0]) != key[1].removesuffix(".dir"):
            yield key, True
