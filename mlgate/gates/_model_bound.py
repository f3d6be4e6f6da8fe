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
    from mlgate.sources._dvc.facts import Locked, Out, Pipeline, Stage


class Bond(Struct, frozen=True):
    """What is known of the predictions' origin."""

    state: Literal["bound", "unbound", "stale"]
    why: str = ""
    stage: str = ""


def of(ctx: Context, snapshot: Snapshot, path: str) -> Bond:
    """How the predictions at `path` are bound in a snapshot, by the lock whose stage wrote them."""
    found = next((one for one in _stages(ctx, snapshot) if _wrote(one.locked, path)), None)
    if found is None:
        return Bond("unbound", f"no dvc.lock says how {shown(path)} was made")
    locked = found.locked
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
    return _by_declaration(found) or _by_parameters(snapshot, locked, found.folder)


def _by_declaration(found: _Ran) -> Bond | None:
    """What keeps a stage from being the one that dvc.yaml declares, as DVC sees it; None where it
    is, or where templates hide that."""
    locked, stage = found.locked, found.stage
    if stage is None:
        if found.hidden:
            return None
        return Bond("unbound", f"dvc.yaml has no stage {locked.name}", locked.name)
    if stage.cmd != locked.cmd:
        why = f"the command of the stage {locked.name} is not the one that ran"
        return Bond("stale", why, locked.name)
    ran = {posixpath.normpath(dep.written) for dep in locked.deps}
    added = sorted(set(map(posixpath.normpath, stage.deps)) - ran)
    recorded = {posixpath.normpath(file): of for file, of in locked.params.items()}
    for file, keys in stage.params:
        known = recorded.get(posixpath.normpath(file))
        if known is None and not keys:
            added.append(file)
        added += [key for key in keys if key not in (known or {})]
    if added:
        why = f"the stage {locked.name} ran without {shown(added[0])}, on which it now depends"
        return Bond("stale", why, locked.name)
    return None


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


class _Ran(Struct, frozen=True):
    """A stage that has run."""

    locked: Locked
    stage: Stage | None
    """As dvc.yaml declares it."""
    hidden: bool
    """True if templates keep that from being told."""
    folder: str
    """Which its parameter files are named from."""


def _stages(ctx: Context, snapshot: Snapshot) -> Iterator[_Ran]:
    """Every stage that has run."""
    from mlgate.sources._dvc.pointers import kind_of
    from mlgate.sources._dvc.versions import read_versions

    paths = [path for path in snapshot.files if kind_of(path) in ("lock", "pipeline")]
    versions = read_versions(paths, snapshot.read)
    for path, lock in versions.locks.items():
        written = versions.pipeline_of(path)
        pipeline = _as_run(ctx, snapshot, written)
        for name, locked in lock.stages.items():
            stage = pipeline.stages.get(name) if pipeline else None
            known = written.stages.get(name) if written else None
            folder = known.wdir if known else posixpath.dirname(path)
            yield _Ran(locked, stage, written is not None and pipeline is None, folder)


def _as_run(ctx: Context, snapshot: Snapshot, pipeline: Pipeline | None) -> Pipeline | None:
    """The pipeline with its templates filled in, which DVC does; None where it cannot be had."""
    from mlgate.sources._dvc.resolving import resolve

    if pipeline is None or not pipeline.templated:
        return pipeline
    try:
        return resolve(ctx, pipeline) if snapshot is ctx.subject else None
    except GateError:
        return None


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
