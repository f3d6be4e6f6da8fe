"""`dvc:REF`: a data version by the pointer that a commit has for it; DVC's cache is only read."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.sources._dvc import manifests, objects
from mlgate.sources._dvc.config import Config, read_config
from mlgate.sources._dvc.facts import LEGACY, MD5
from mlgate.sources._dvc.pointers import kind_of
from mlgate.sources._dvc.remotes import ask
from mlgate.sources._dvc.versions import Owned, read_versions
from mlgate.sources._place import Source, kept
from mlgate.sources.git import snapshot_of

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot

_MANIFEST = 256 << 20


def owner(snapshot: Snapshot, path: str) -> Owned | None:
    """The output that `path` is, or lies in, by the pointers of `snapshot`; None where no pointer
    names it."""
    files = [p for p, entry in snapshot.files.items() if entry.is_file]
    projects = [p for p in files if p.endswith((".dvc/config", ".dvc/.gitignore"))]
    versions = read_versions([*(p for p in files if kind_of(p)), *projects], snapshot.read)
    return next(
        (
            owned
            for owned in versions.owned()
            if owned.out.hash and (path == owned.out.path or path.startswith(owned.out.path + "/"))
        ),
        None,
    )


def fetch(ctx: Context, where: str, path: str) -> Source:
    """The file `path` in the version that the commit `where` names (`base`, `subject`, a ref).

    It is taken from the work tree only where its bytes are those, else from the cache, else from
    the remote into our own store. Raises `GateError` where it is in none of them.
    """
    snapshot = snapshot_of(ctx, where)
    owned = owner(snapshot, path)
    if owned is None:
        raise GateError(
            f"no pointer of {snapshot.label} names {shown(path)}", f"dvc add {shown(path)}"
        )
    config = _config(ctx, snapshot, owned)
    algorithm = owned.out.algorithm
    if algorithm not in (MD5, LEGACY):
        raise GateError(
            f"{shown(path)} has no md5 in {shown(owned.file)}: it cannot be fetched",
            f"dvc pull {shown(owned.file)}",
        )
    hash_ = _hash(ctx, config, owned, path)
    found, origin = _found(ctx, config, owned, path, hash_)
    return Source(
        path=found, digest=f"md5:{hash_}", origin=f"{shown(path)} of {snapshot.label}, {origin}"
    )


def files(ctx: Context, where: str, path: str) -> tuple[str, ...]:
    """What is to be fetched for all of `path`: itself, or a directory's files; nothing where no
    pointer names it. Raises `GateError` where its manifest cannot be had."""
    snapshot = snapshot_of(ctx, where)
    owned = owner(snapshot, path)
    if owned is None or not owned.out.is_folder or path != owned.out.path:
        return (path,) if owned else ()
    members = _manifest(ctx, _config(ctx, snapshot, owned), owned, str(owned.out.hash))
    return tuple(f"{path}/{member}" for member in sorted(members))


def _config(ctx: Context, snapshot: Snapshot, owned: Owned) -> Config:
    root = os.path.join(os.fspath(ctx.work), *owned.root.split("/")) if owned.root else ctx.work
    place = posixpath.join(owned.root, ".dvc/config")
    raw = snapshot.read(place) if place in snapshot.files else None
    return read_config(os.fspath(root), raw, os.environ)


def _hash(ctx: Context, config: Config, owned: Owned, path: str) -> str:
    """The hash of `path`: the output's own, or that of a member of its manifest."""
    hash_ = str(owned.out.hash)
    if not owned.out.is_folder:
        if path != owned.out.path:
            raise GateError(
                f"{shown(owned.out.path)} is a file: there is no {shown(path)}",
                f"name {shown(owned.out.path)} itself",
            )
        return hash_
    if path == owned.out.path:
        raise GateError(f"{shown(path)} is a directory", "name one of its files")
    members = _manifest(ctx, config, owned, hash_)
    member = path[len(owned.out.path) + 1 :]
    if member not in members:
        raise GateError(
            f"{shown(owned.out.path)} has no file {shown(member)} in this version",
            f"see what it has: dvc list . {shown(owned.out.path)}",
        )
    return members[member]


def _manifest(ctx: Context, config: Config, owned: Owned, hash_: str) -> dict[str, str]:
    """The files of a directory, relative to it, with their hashes."""
    raw = objects.read(config.cache, owned.out.algorithm, hash_, _MANIFEST)
    if raw is None:
        raw = _from_remote(ctx, config, owned, hash_)
    try:
        return dict(manifests.read_manifest(raw, hash_))
    except manifests.Broken as error:
        raise GateError(
            f"the manifest of {shown(owned.out.path)} is damaged: {error}",
            f"dvc fetch --force {shown(owned.file)}",
        ) from None


def _found(ctx: Context, config: Config, owned: Owned, path: str, hash_: str) -> tuple[str, str]:
    """Where those bytes lie, and in words where they come from."""
    algorithm = owned.out.algorithm
    here = os.path.join(os.fspath(ctx.work), *path.split("/"))
    cached = os.path.join(config.cache, objects.place(algorithm, hash_))
    for place, words in ((here, "from the work tree"), (cached, "from DVC's cache")):
        try:
            if os.path.isfile(place) and objects.file_hash(place, algorithm) == hash_:
                return place, words
        except OSError:
            continue
    name = f"{'legacy-' if algorithm == LEGACY else ''}{hash_}"

    def write(target: str) -> None:
        raw = _from_remote(ctx, config, owned, hash_)
        if objects.bytes_hash(raw, algorithm) != hash_:
            raise GateError(
                f"{shown(path)}: what the remote holds is not the version {hash_}",
                "remove the object there, then on the machine that has it: dvc push",
            )
        with open(target, "wb") as file:
            file.write(raw)

    return kept(name, write), "from the remote"


def _from_remote(ctx: Context, config: Config, owned: Owned, hash_: str) -> bytes:
    """The bytes of an object. Raises `GateError` where the remote has it not, or is not asked."""
    remote = config.remote(owned.out.remote)
    mend = f"dvc pull {shown(owned.file)}"
    if remote is None:
        raise GateError(f"{shown(owned.out.path)} is not here, and there is no remote", mend)
    if not remote.is_folder and not ctx.network:
        raise GateError(
            f"{shown(owned.out.path)} is not here, and the remote {remote.name} needs the network",
            mend,
        )
    key = (owned.out.algorithm, hash_)
    raw = ask(ctx, config, remote, {}, [key]).contents.get(key)
    if raw is None:
        raise GateError(
            f"{shown(owned.out.path)}: {hash_} is neither in the cache nor in {remote.name}",
            "on the machine that has it: dvc push --all-commits",
        )
    return raw
