"""Finds the files of a table in a snapshot, or in the work tree."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.tables.table import Located, Part, form_of, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlgate.core.snapshot import Snapshot

_GLOB = re.compile(r"[*?]")
_MOST_FILES = 100_000


def in_snapshot(snapshot: Snapshot, path: str) -> Located | None:
    """The table as a commit holds it; None if it does not."""
    wanted = matcher(named(path)[0])
    names = sorted(name for name, entry in snapshot.files.items() if entry.is_file and wanted(name))
    if not names:
        return None
    root = os.fspath(snapshot.root(names))
    parts = tuple(
        Part(
            name=name,
            file=os.path.join(root, name),
            digest=f"blob:{snapshot.files[name].id}",
        )
        for name in names
    )
    return table_of(path, parts, "commit")


def in_work_tree(work: str, path: str) -> Located:
    """What the commit does not hold, as it lies in the work tree."""
    files = named(path)[0]
    if os.path.isabs(files) or ".." in files.split("/"):
        raise GateError(f"{shown(path)} lies outside the repository", "name a path inside it")
    wanted = matcher(files)
    start = start_of(files)
    parts = tuple(
        Part(name=name, file=os.path.join(work, name))
        for name in sorted(_below(work, start))
        if wanted(name)
    )
    if not parts:
        raise GateError(
            f"there is no table {shown(path)}, neither in the commit nor in the work tree",
            "correct the path, or bring the data (dvc pull)",
        )
    for part in parts:
        _inside(work, part)
    return table_of(path, parts, "work tree")


def _below(work: str, start: str) -> Iterable[str]:
    top = os.path.join(work, start)
    if os.path.isfile(top):
        yield start
        return
    seen = 0
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in (".git", ".dvc"))
        for name in files:
            seen += 1
            if seen > _MOST_FILES:
                raise GateError(f"{shown(start)} holds more than {_MOST_FILES:,} files")
            yield os.path.relpath(os.path.join(folder, name), work).replace(os.sep, "/")


def _inside(work: str, part: Part) -> None:
    """Refuse a link that leads out of the repository."""
    real = os.path.realpath(part.file)
    if not real.startswith(os.path.realpath(work) + os.sep):
        raise GateError(f"{shown(part.name)} is a link that leads out of the repository")


def table_of(path: str, parts: tuple[Part, ...], origin: str) -> Located:
    """The table of these files. Raises `GateError` where they are of several forms."""
    forms = {form_of(part.name) for part in parts}
    if len(forms) > 1:
        raise GateError(f"{shown(path)} mixes forms: {', '.join(sorted(forms))}")
    query = named(path)[1]
    if forms & {"duckdb", "sqlite"} and (query is None or len(parts) > 1):
        raise GateError(f"{shown(path)} holds databases", "name one, and its table: FILE#TABLE")
    partitioned = any("=" in step for part in parts for step in part.name.split("/")[:-1])
    return Located(path=path, parts=parts, origin=origin, form=forms.pop(),
                   partitioned=partitioned, query=query)  # fmt: skip


def is_pattern(path: str) -> bool:
    """True where `*` or `?` stand for what files are called."""
    return _GLOB.search(path) is not None


def start_of(path: str) -> str:
    """The file, or the folder below which all files of the table lie."""
    return path.rstrip("/") if not is_pattern(path) else os.path.dirname(_GLOB.split(path)[0])


def matcher(path: str) -> Callable[[str], bool]:
    """Tells whether a file is of the table: the file itself, one below the folder, or a match."""
    if not is_pattern(path):
        folder = path.rstrip("/") + "/"
        return lambda name: name == path or (name.startswith(folder) and _is_table(name))
    steps = [re.escape(step) for step in path.split("**/")]
    pattern = "(?:.*/)?".join(step.replace(r"\*", "[^/]*").replace(r"\?", "[^/]") for step in steps)
    return lambda name: re.fullmatch(pattern, name) is not None


def _is_table(name: str) -> bool:
    try:
        return bool(form_of(name)) and not name.rpartition("/")[2].startswith((".", "_"))
    except GateError:
        return False
