"""`file:PATH`: a file of the subject, or one that git ignores, as it lies in the work tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.sources._lfs import behind
from mlgate.sources._place import Source, file_digest

if TYPE_CHECKING:
    from mlgate.core.gate import Context


def fetch(ctx: Context, where: str, path: str) -> Source:  # noqa: ARG001 - one form for all
    """The file `path`; `where` is of no matter. Raises `GateError` where it cannot be read."""
    _inside(ctx, path)
    if path in ctx.subject.files:
        laid = os.path.join(os.fspath(ctx.subject.root((path,))), *path.split("/"))
        full = behind(ctx, path, laid)
        return Source(path=full, digest=file_digest(full), origin=f"{shown(path)} as judged")
    full = os.path.join(os.fspath(ctx.work), *path.split("/"))
    if not os.path.isfile(full):
        raise GateError(
            f"{shown(path)} is neither in what is judged nor in the work tree",
            f"see that the path is right, and where DVC tracks it: dvc pull {shown(path)}",
        )
    origin = f"{shown(path)} of the work tree, not in the commit"
    return Source(path=full, digest=file_digest(full), origin=origin)


def _inside(ctx: Context, path: str) -> None:
    """Refuse paths that leave the repository, by name or by a link."""
    root = os.path.realpath(os.fspath(ctx.work))
    full = os.path.join(root, *path.split("/"))
    if os.path.isabs(path) or ".." in path.split("/"):
        raise GateError(f"{shown(path)} leaves the repository", "name a path below its root")
    real = os.path.realpath(full)
    if path not in ctx.subject.files and real != full and not real.startswith(root + os.sep):
        raise GateError(
            f"{shown(path)} leads out of the repository through a link",
            "replace the link by the file that is meant",
        )
