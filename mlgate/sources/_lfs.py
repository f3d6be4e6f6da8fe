"""The bytes behind a Git LFS pointer: a commit holds the pointer, git's folder the bytes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.patterns import later
from mlgate.core.text import shown

if TYPE_CHECKING:
    from mlgate.core.gate import Context

# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_POINTER = later(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})\n"
)
_LARGEST = 1024
"""Bytes; no pointer has more, says the specification."""


def behind(ctx: Context, path: str, file: str) -> str:
    """Where the content of `path` lies: at `file`, or, where that is a pointer, in git's folder.

    Raises `GateError` where only the pointer is here.
    """
    found = _pointer(file)
    if found is None:
        return file
    oid, size = found
    held = os.path.join(_objects(ctx), oid[:2], oid[2:4], oid)
    if not os.path.isfile(held) or os.path.getsize(held) != size:
        raise GateError(
            f"of {shown(path)} only its Git LFS pointer is here",
            f"git lfs pull --include {shown(path)}",
        )
    return held


def _pointer(file: str) -> tuple[str, int] | None:
    """The SHA-256 and the size that a pointer names; None for any other file."""
    try:
        if os.path.getsize(file) > _LARGEST:
            return None
        with open(file, "rb") as opened:
            found = _POINTER.fullmatch(opened.read(_LARGEST))
    except OSError:
        return None  # whoever reads it tells why it cannot be read
    return (found[1].decode(), int(found[2])) if found else None


def _objects(ctx: Context) -> str:
    from mlgate.repo import git

    return os.path.join(git.find(os.fspath(ctx.work), os.environ).common_dir, "lfs", "objects")
