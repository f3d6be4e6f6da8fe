"""Finds a table that a policy names: in a commit, by DVC's pointers, else where git ignores it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.sources._dvc.facts import MD5
from mlgate.sources._dvc.pointers import kind_of
from mlgate.sources._lfs import behind
from mlgate.tables._where import in_snapshot, in_work_tree, matcher, start_of, table_of
from mlgate.tables.table import Part, named

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot
    from mlgate.sources._place import Source
    from mlgate.tables.table import Located


def locate(ctx: Context, path: str) -> Located:
    """The table at `path`: a file, a folder, or a pattern (`*`, `**`). Raises `GateError`."""
    return at(ctx, ctx.subject, path) or in_work_tree(os.fspath(ctx.work), path)


def at(ctx: Context, snapshot: Snapshot, path: str) -> Located | None:
    """The table as a snapshot holds it, or the pointers in it name it; None if they do not.

    Raises `GateError` where a pointer names it and its bytes are out of reach.
    """
    in_git = _without_pointers(ctx, in_snapshot(snapshot, path))
    files = named(path)[0]
    if files in snapshot.files or not any(map(kind_of, snapshot.files)):
        return in_git
    from mlgate.sources.dvc import files_of

    found = files_of(ctx, snapshot, start_of(files), matcher(files))
    if not found:
        return in_git
    parts = {part.name: part for part in in_git.parts} if in_git else {}
    parts |= {name: _part(name, source) for name, source in found.items()}
    origin = "commit" if in_git and len(parts) == len(in_git.parts) else "data version"
    return table_of(path, tuple(parts[name] for name in sorted(parts)), origin)


def _without_pointers(ctx: Context, table: Located | None) -> Located | None:
    """The table with what Git LFS keeps of it in place of its pointers."""
    if table is None:
        return None
    return replace(table, parts=tuple(_without_pointer(ctx, part) for part in table.parts))


def _without_pointer(ctx: Context, part: Part) -> Part:
    held = behind(ctx, part.name, part.file)
    if held == part.file:
        return part
    return replace(part, file=called(part.name, held, os.path.basename(held)))


def _part(name: str, source: Source) -> Part:
    """DVC 2's hash takes files for equal that differ in their line ends: it is no digest here."""
    digest = source.digest if source.digest.startswith(f"{MD5}:") else None
    return Part(
        name=name, file=called(name, source.path, source.digest.rpartition(":")[2]), digest=digest
    )


def called(name: str, path: str, hash_: str) -> str:
    """A path to those bytes by which engines know compression and partitions: objects have their
    hash for a name, so these get a link in our own store."""
    telling = name.endswith(".gz") or "=" in name
    if not telling or path.endswith(os.sep + name.replace("/", os.sep)):
        return path
    from mlgate.sources._place import store_folder

    link = os.path.join(store_folder(), "called", hash_, *name.split("/"))
    try:
        os.makedirs(os.path.dirname(link), mode=0o700, exist_ok=True)
        if os.path.lexists(link) and os.readlink(link) != path:
            os.unlink(link)
        if not os.path.lexists(link):
            os.symlink(path, link)
    except OSError as error:
        raise GateError(f"{shown(link)} cannot be made: {error.strerror or error}") from None
    return link
