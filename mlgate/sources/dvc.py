"""`dvc:REF`: a data version by the pointer that a commit has for it; DVC's cache is only read."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.sources._dvc import manifests
from mlgate.sources._dvc.bring import Configured, Member, bring
from mlgate.sources._dvc.config import Config, read_config
from mlgate.sources._dvc.named import owners
from mlgate.sources._place import Source
from mlgate.sources.git import snapshot_of

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot
    from mlgate.sources._dvc.versions import Owned

_MANIFEST = 256 << 20


def fetch(ctx: Context, where: str, path: str) -> Source:
    """The file `path` in the version that the commit `where` names (`base`, `subject`, a ref).

    Raises `GateError` where no pointer names it, or its bytes are out of reach.
    """
    snapshot = snapshot_of(ctx, where)
    found = file_of(ctx, snapshot, path)
    if found is None:
        raise GateError(
            f"no pointer of {snapshot.label} names {shown(path)}", f"dvc add {shown(path)}"
        )
    return found


def file_of(ctx: Context, snapshot: Snapshot, path: str) -> Source | None:
    """The file `path` in the version that `snapshot` names; None where no pointer of it does.

    It is taken from the work tree only where its bytes are those, else from the cache, else from
    the remote into our own store. Raises `GateError` where it is in none of them.
    """
    owned = next((one for one in owners(snapshot, path) if _holds(one, path)), None)
    if owned is None:
        return None
    configured = _configured(ctx, snapshot)
    if not owned.out.is_folder:
        if path != owned.out.path:
            raise GateError(
                f"{shown(owned.out.path)} is a file: there is no {shown(path)}",
                f"name {shown(owned.out.path)} itself",
            )
        member = Member(path, str(owned.out.hash), owned)
    else:
        if path == owned.out.path:
            raise GateError(f"{shown(path)} is a directory", "name one of its files")
        inner = path[len(owned.out.path) + 1 :]
        hash_ = _manifest(ctx, snapshot, configured, owned).get(inner)
        if hash_ is None:
            raise GateError(
                f"{shown(owned.out.path)} has no file {shown(inner)} in this version",
                f"see what it has: dvc list . {shown(owned.out.path)}",
            )
        member = Member(path, hash_, owned)
    return bring(ctx, snapshot.label, configured, [member])[0]


def pointer_of(snapshot: Snapshot, path: str) -> str | None:
    """The `.dvc` file or the `dvc.lock` that names the file or folder `path`; None where none."""
    return next((one.file for one in owners(snapshot, path) if _holds(one, path)), None)


def files_of(
    ctx: Context, snapshot: Snapshot, start: str, wanted: Callable[[str], bool]
) -> dict[str, Source]:
    """Every `wanted` file at or below the folder `start` that a pointer of `snapshot` names.

    Raises `GateError` where one of them, or a manifest, is out of reach.
    """
    configured = _configured(ctx, snapshot)
    members = [
        member
        for owned in owners(snapshot, start)
        for member in _members(ctx, snapshot, configured, owned)
        if wanted(member.path)
    ]
    found = bring(ctx, snapshot.label, configured, members)
    return {member.path: source for member, source in zip(members, found, strict=True)}


def files(ctx: Context, where: str, path: str) -> tuple[str, ...]:
    """What is to be fetched for all of `path`: itself, or a directory's files; nothing where no
    pointer names it. Raises `GateError` where its manifest cannot be had."""
    snapshot = snapshot_of(ctx, where)
    owned = next((one for one in owners(snapshot, path) if _holds(one, path)), None)
    if owned is None or path != owned.out.path:
        return (path,) if owned else ()
    members = _members(ctx, snapshot, _configured(ctx, snapshot), owned)
    return tuple(sorted(member.path for member in members))


def _holds(owned: Owned, path: str) -> bool:
    return path == owned.out.path or path.startswith(owned.out.path + "/")


def _configured(ctx: Context, snapshot: Snapshot) -> Configured:
    """The configuration as `snapshot` has it, of each DVC project once."""
    known: dict[str, Config] = {}

    def of(owned: Owned) -> Config:
        if owned.root not in known:
            folder = os.path.join(os.fspath(ctx.work), *filter(None, owned.root.split("/")))
            place = posixpath.join(owned.root, ".dvc/config")
            raw = snapshot.read(place) if place in snapshot.files else None
            known[owned.root] = read_config(folder, raw, os.environ)
        return known[owned.root]

    return of


def _members(
    ctx: Context, snapshot: Snapshot, configured: Configured, owned: Owned
) -> Iterator[Member]:
    if not owned.out.is_folder:
        yield Member(owned.out.path, str(owned.out.hash), owned)
        return
    for name, hash_ in _manifest(ctx, snapshot, configured, owned).items():
        yield Member(f"{owned.out.path}/{name}", hash_, owned)


def _manifest(
    ctx: Context, snapshot: Snapshot, configured: Configured, owned: Owned
) -> dict[str, str]:
    """The members of a directory version. Raises `GateError`."""
    hash_ = str(owned.out.hash)
    (source,) = bring(ctx, snapshot.label, configured, [Member(owned.out.path, hash_, owned)])
    try:
        with open(source.path, "rb") as file:
            return manifests.read_manifest(file.read(_MANIFEST), hash_)
    except (OSError, manifests.Broken) as error:
        raise GateError(
            f"the manifest of {shown(owned.out.path)} is damaged: {error}",
            f"dvc fetch --force {shown(owned.file)}",
        ) from None
