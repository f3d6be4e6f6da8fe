"""Whether dvc.lock binds predictions to the model, data and code that they were made of."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot
    from mlgate.sources._dvc.facts import Locked, Out


class Bond(Struct, frozen=True):
    """What is known of the predictions' origin."""

    state: Literal["bound", "unbound", "stale"]
    why: str = ""
    stage: str = ""


def of(ctx: Context, snapshot: Snapshot, path: str) -> Bond:
    """How the predictions at `path` are bound in a snapshot, by the lock whose stage wrote them."""
    found = next((one for one in _stages(snapshot) if _wrote(one[0], path)), None)
    if found is None:
        return Bond("unbound", f"no dvc.lock says how {shown(path)} was made")
    locked, folder = found
    if ctx.options.model is None:
        return Bond("unbound", "the policy does not name the model: `model`", locked.name)
    model = ctx.options.model.rstrip("/")
    # A stage that writes the model and its predictions in one run binds them as well.
    wrote = [out for out in locked.outs if _holds(out.path, path) or _holds(out.path, model)]
    told = (*locked.deps, *wrote)
    if not any(_holds(one.path, model) for one in told):
        why = f"the stage {locked.name} neither depends on {model} nor writes it"
        return Bond("unbound", why, locked.name)
    for dep in told:
        if dep.external or dep.hash is None:
            continue
        now = _hash(ctx, snapshot, dep)
        if now is None:
            why = f"the version of {shown(dep.path)} cannot be told"
            return Bond("unbound", why, locked.name)
        if now != dep.hash:
            if dep in locked.deps:
                why = f"{shown(path)} is made from another {shown(dep.path)}"
            else:
                why = f"{shown(dep.path)} is not what the stage wrote"
            return Bond("stale", why, locked.name)
    return _by_parameters(snapshot, locked, folder)


def _by_parameters(snapshot: Snapshot, locked: Locked, folder: str) -> Bond:
    """Bound, unless a parameter is not what it was when the stage ran."""
    from mlgate.gates import _dv_params as params

    for written, recorded in locked.params.items():
        path = posixpath.normpath(posixpath.join(folder, written))
        entry = snapshot.files.get(path)
        try:
            document = params.parsed(path, snapshot.read(path)) if entry and entry.is_file else None
        except (ValueError, SyntaxError, RecursionError):
            document = None
        if document is None:
            return Bond("unbound", f"{shown(path)} cannot be read", locked.name)
        for key, before in recorded.items():
            if not params.equal(before, params.at(document, key)):
                why = f"the parameter {shown(key)} of {shown(path)} is not what it was"
                return Bond("stale", why, locked.name)
    return Bond("bound", f"the stage {locked.name} of dvc.lock", locked.name)


def _stages(snapshot: Snapshot) -> Iterator[tuple[Locked, str]]:
    """Every stage that has run, and the folder that its parameter files are named from."""
    from mlgate.sources._dvc.pointers import kind_of
    from mlgate.sources._dvc.versions import read_versions

    paths = [path for path in snapshot.files if kind_of(path) in ("lock", "pipeline")]
    versions = read_versions(paths, snapshot.read)
    for path, lock in versions.locks.items():
        pipeline = versions.pipeline_of(path)
        for name, locked in lock.stages.items():
            stage = pipeline.stages.get(name) if pipeline else None
            yield locked, stage.wdir if stage else posixpath.dirname(path)


def _wrote(locked: Locked, path: str) -> bool:
    return any(_holds(out.path, path) for out in locked.outs)


def _holds(one: str, path: str) -> bool:
    return path == one or path.startswith(one + "/")


def _hash(ctx: Context, snapshot: Snapshot, dep: Out) -> str | None:
    """The hash that `dep.path` has in the snapshot, by git or by the pointer that names it."""
    from mlgate.sources._dvc import manifests, objects
    from mlgate.sources._dvc.named import owners

    entry = snapshot.files.get(dep.path)
    if entry is not None and entry.is_file:
        return objects.bytes_hash(snapshot.read(dep.path), dep.algorithm)
    below = [name for name in snapshot.files if name.startswith(dep.path + "/")]
    if below:
        start = len(dep.path) + 1
        return manifests.manifest_hash(
            {name[start:]: objects.bytes_hash(snapshot.read(name), dep.algorithm) for name in below}
        )
    for owned in owners(snapshot, dep.path):
        if owned.out.path == dep.path:
            return owned.out.hash
    return _of_member(ctx, snapshot, dep)


def _of_member(ctx: Context, snapshot: Snapshot, dep: Out) -> str | None:
    """The hash of a file inside a directory that DVC tracks."""
    from mlgate.sources.dvc import file_of

    try:
        found = file_of(ctx, snapshot, dep.path)
    except GateError:
        return None
    return found.digest.rpartition(":")[2] if found else None
