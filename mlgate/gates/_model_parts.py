"""Predictions in several files: a folder of parts, or a pattern, as data gates name tables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.sources import _tables
from mlgate.sources._dvc.pointers import kind_of
from mlgate.tables._where import in_work_tree, is_pattern

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot
    from mlgate.tables.table import Located


def in_snapshot(ctx: Context, snapshot: Snapshot, path: str) -> Located | None:
    """The parts below the folder `path` that the snapshot holds, or its pointers name."""
    found = _tables.at(ctx, snapshot, path) if _has_several(snapshot, path) else None
    return found and _alike(found)


def _has_several(snapshot: Snapshot, path: str) -> bool:
    folder = path.rstrip("/")
    if is_pattern(path) or any(name.startswith(folder + "/") for name in snapshot.files):
        return True
    if not any(map(kind_of, snapshot.files)):
        return False
    from mlgate.sources._dvc.named import owners

    outs = [one.out for one in owners(snapshot, folder)]
    below = any(out.path.startswith(folder + "/") for out in outs)
    return below or any(out.is_folder and out.path == folder for out in outs)


def beside(ctx: Context, path: str) -> Located | None:
    """The same where git ignores them, in the work tree."""
    work = os.fspath(ctx.work)
    if not is_pattern(path) and not os.path.isdir(os.path.join(work, path)):
        return None
    return _alike(in_work_tree(work, path))


def _alike(table: Located) -> Located:
    """Raises `GateError` for parts that are written in several ways."""
    ends = sorted({suffix_of(part.name) for part in table.parts})
    if len(ends) > 1:
        raise GateError(f"{shown(table.path)} mixes {' and '.join(ends)}", "write all parts alike")
    return table


def suffix_of(path: str) -> str:
    """The end of a name that tells its form: `.csv`, or `.csv.gz` of what is compressed."""
    plain, suffix = os.path.splitext(path.lower())
    return os.path.splitext(plain)[1] + suffix if suffix == ".gz" else suffix
