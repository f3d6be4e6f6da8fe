"""`git:REF`: a file as a commit has it; `base` is the commit that the subject is compared with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlgate.core.digests import digest_of
from mlgate.core.errors import BaseNotFound, GateError, RepositoryError
from mlgate.core.text import shown
from mlgate.repo import git, snapshots
from mlgate.sources._lfs import behind
from mlgate.sources._place import Source, file_digest, kept

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot


def fetch(ctx: Context, where: str, path: str) -> Source:
    """The file `path` of the commit that `where` names. Raises `GateError` where it has none."""
    snapshot = snapshot_of(ctx, where)
    if path not in snapshot.files or not snapshot.files[path].is_file:
        raise GateError(
            f"{shown(path)} is no file of {snapshot.label}",
            f"see what is there: git ls-tree -r --name-only {where}",
        )
    origin = f"{shown(path)} of {snapshot.label}"
    raw = snapshot.read(path)
    name = str(digest_of(raw).hexdigest())

    def write(target: str) -> None:
        with open(target, "wb") as file:
            file.write(raw)

    place = kept(name, write)
    held = behind(ctx, path, place)
    return Source(path=held, digest=name if held == place else file_digest(held), origin=origin)


def snapshot_of(ctx: Context, where: str) -> Snapshot:
    """The snapshot that `where` names: `base`, `subject`, or anything that git knows as a commit.

    Raises `GateError` where there is none.
    """
    if where == "subject":
        return ctx.subject
    if where == "base":
        if ctx.base is None:
            missing = BaseNotFound("there is no base to compare with", "mlgate check --base REF")
            raise GateError(missing.message, missing.hint)
        return ctx.base
    try:
        return snapshots.commit(git.find(os.fspath(ctx.work), os.environ), where)
    except RepositoryError as error:
        raise GateError(error.message, error.hint) from None
