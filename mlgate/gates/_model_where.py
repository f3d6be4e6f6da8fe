"""Where the files of a `model` gate lie: in the subject or the base, by git or DVC, or beside."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import UnsetType

from mlgate.core.errors import GateError, MlgateError
from mlgate.core.text import shown
from mlgate.gates import _model_parts as parts
from mlgate.gates import _model_pieces as pieces
from mlgate.gates._model_place import NoBaseline, Place, digest, together
from mlgate.sources._dvc.pointers import kind_of
from mlgate.sources._lfs import behind
from mlgate.sources._tables import called

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot
    from mlgate.tables.table import Located


def candidate(ctx: Context, path: str) -> Place:
    """A file that the options name. Raises `GateError` where it is nowhere."""
    if path.startswith("mlflow:"):
        return _of_mlflow(ctx, path.removeprefix("mlflow:"), path)
    found = _in_snapshot(ctx, ctx.subject, path, shown(path))
    if found is not None:
        return found
    return _beside(ctx, path)


def is_in(snapshot: Snapshot, path: str) -> bool:
    """True if the snapshot has that file, or one of its pointers names it; nothing is fetched."""
    from mlgate.sources._dvc.named import owners

    if path in snapshot.files:
        return True
    owned = [one.out.path for one in owners(snapshot, path)]
    return any(path == one or path.startswith(one + "/") for one in owned)


def _in_snapshot(ctx: Context, snapshot: Snapshot, path: str, name: str) -> Place | None:
    """The file as the snapshot holds it, or one of its pointers names it."""
    entry = snapshot.files.get(path)
    if entry is None and ctx.options.predictions is not None:
        found = parts.in_snapshot(ctx, snapshot, path)
        if found is not None:
            return _of_parts(found, name)
    if entry is None:
        return _by_pointer(ctx, snapshot, path, name)
    if not entry.is_file:
        raise GateError(f"{name} is no regular file", "let it be a file, not a link")
    laid = os.path.join(os.fspath(snapshot.root((path,))), path)
    file = behind(ctx, path, laid)
    if file != laid:
        file = called(path, file, os.path.basename(file))
    return Place(path=name, file=file, suffix=parts.suffix_of(path), identity=f"git {entry.id}")


def _by_pointer(ctx: Context, snapshot: Snapshot, path: str, name: str) -> Place | None:
    if not any(map(kind_of, snapshot.files)):
        return None
    from mlgate.sources.dvc import file_of

    found = file_of(ctx, snapshot, path)
    if found is None:
        return None
    file = called(path, found.path, found.digest.rpartition(":")[2])
    return Place(path=name, file=file, suffix=parts.suffix_of(path), identity=found.digest)


def _beside(ctx: Context, path: str) -> Place:
    """A file of the work tree that git ignores."""
    several = parts.beside(ctx, path) if ctx.options.predictions is not None else None
    if several is not None:
        return _of_parts(several, shown(path), tracked=False)
    root = os.path.realpath(ctx.work)
    file = os.path.realpath(os.path.join(root, path))
    if os.path.commonpath([root, file]) != root:
        raise GateError(f"{shown(path)} lies outside the repository", "name a file inside it")
    if not os.path.isfile(file):
        raise GateError(
            f"{shown(path)} is neither in what is judged nor in the work tree",
            "run the evaluation that writes it, or correct the path in the policy",
        )
    return Place(
        path=shown(path),
        file=file,
        suffix=parts.suffix_of(path),
        identity=digest(file),
        tracked=False,
    )


def _of_parts(table: Located, name: str, *, tracked: bool = True) -> Place:
    told = [f"{part.name} {part.digest or digest(part.file)}" for part in table.parts]
    return Place(
        path=name,
        file=table.parts[0].file,
        suffix=parts.suffix_of(table.parts[0].name),
        identity=f"parts {together(told)}",
        tracked=tracked,
        parts=tuple(part.file for part in table.parts),
        names=tuple(shown(part.name) for part in table.parts),
        partitioned=table.partitioned,
    )


def at(ctx: Context, source: str, path: str) -> Place | NoBaseline:
    """The file that `source` names, or has at `path`. Raises `GateError` where it is out of
    reach."""
    kind, _, rest = source.partition(":")
    if kind == "file":
        return candidate(ctx, rest)
    if kind == "mlflow":
        from mlgate.sources import mlflow

        try:
            return _of_mlflow(ctx, rest, path)
        except mlflow.NotThere as error:
            return NoBaseline(error.message, held=error.held)
    return within(ctx, source, snapshot_of(ctx, source), path)


def within(
    ctx: Context, source: str, snapshot: Snapshot | NoBaseline, path: str
) -> Place | NoBaseline:
    """The file that the commit which `source` names has at `path`, as `at`."""
    if isinstance(snapshot, NoBaseline):
        return snapshot
    found = _in_snapshot(ctx, snapshot, path, f"{shown(path)} at {name_of(ctx, source)}")
    if found is None:
        return NoBaseline(f"{shown(path)} is not in the {snapshot.label}", held=True)
    return found


def name_of(ctx: Context, source: str) -> str:
    """A source as messages name it."""
    if source != "base":
        return shown(source)
    return "the base" if isinstance(ctx.baseline, UnsetType) else shown(ctx.alias or "the alias")


def snapshot_of(ctx: Context, source: str) -> Snapshot | NoBaseline:
    """The commit that `source` names. Raises `GateError` where it is out of reach."""
    kind, _, rest = source.partition(":")
    if kind == "base":
        return _usual(ctx) or NoBaseline(_nothing(ctx))
    if kind in ("file", "mlflow"):
        return NoBaseline(f"{shown(source)} names no commit")
    if kind == "registry":
        from mlgate.sources import registry

        try:
            rest = registry.commit_of(ctx, rest)
        except registry.NoHolder as error:
            return NoBaseline(error.message)
    return _at_ref(ctx, source, rest)


def _of_mlflow(ctx: Context, rest: str, path: str) -> Place:
    """What a run logged: its artifact at `path`, or for a `metrics` file its metrics. Raises
    `NotThere` where it logged nothing of the kind yet."""
    from mlgate.sources import mlflow

    named, _, own = rest.partition(":")
    if path.startswith("mlflow:"):
        path = path.split(":", 2)[2] if path.count(":") > 1 else ""
    found = mlflow.fetch(ctx, named, own or path, metrics=ctx.options.metrics is not None)
    return Place(
        path=found.origin, file=found.path, suffix=parts.suffix_of(own or path) or ".json",
        identity=found.digest,
    )  # fmt: skip


def _usual(ctx: Context) -> Snapshot | None:
    """The base, or at promote what the alias holds. Raises what keeps the base from being found."""
    if not isinstance(ctx.baseline, UnsetType):
        return ctx.baseline
    if ctx.base is None and ctx.base_error is not None:
        raise ctx.base_error
    return ctx.base


def _nothing(ctx: Context) -> str:
    """Why there is no base."""
    if isinstance(ctx.baseline, UnsetType):
        return "there is no base to compare with"
    return f"{shown(ctx.alias or 'the alias')} holds no version"


def _at_ref(ctx: Context, source: str, ref: str) -> Snapshot:
    """The commit that a git ref names."""
    from mlgate.repo import git, snapshots

    try:
        return snapshots.commit(git.find(os.fspath(ctx.work), os.environ), ref)
    except MlgateError as error:
        raise GateError(
            f"{shown(source)} cannot be reached: {error.message}",
            f"git fetch origin {shown(ref)}",
        ) from None


def same_model(ctx: Context, source: str, new: str, old: str) -> str | None:
    """Why both identities, the candidate's and that of what `source` names, are of one model, so
    that no comparison of them can show a loss; None if they are not."""
    path = ctx.options.model
    if path is None:
        if new == old and source == "base":
            told = "predictions" if ctx.options.predictions is not None else "metrics"
            return f"the change does not touch the {told}"
        return None
    before = snapshot_of(ctx, source)
    mine = pieces.known(ctx.subject, path)
    if mine and not isinstance(before, NoBaseline) and mine == pieces.known(before, path):
        whose = "baseline" if source == ctx.options.baseline else "reference"
        return f"the model {shown(path)} is the {whose}'s"
    return None
