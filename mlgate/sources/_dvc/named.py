"""Which data versions a snapshot names at a path: only the pointers that may know it are parsed."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from mlgate.sources._dvc.pointers import kind_of
from mlgate.sources._dvc.versions import Owned, read_versions

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot

_PLAIN = re.compile(r"[\w.=@ -]+", re.ASCII)


def owners(snapshot: Snapshot, path: str) -> list[Owned]:
    """The cached outputs that are `path`, hold it, or lie below it; all where `path` is empty."""
    files = snapshot.files
    known = [p for p, entry in files.items() if kind_of(p) and entry.is_file]
    concerned = {p for p in known if kind_of(p) != "pipeline" and _may_name(snapshot, p, path)}
    if not concerned:
        return []
    beside = {posixpath.join(posixpath.dirname(p), "dvc.yaml") for p in concerned}
    chosen = [p for p in known if p in concerned or p in beside]
    projects = [p for p in files if p.endswith((".dvc/config", ".dvc/.gitignore"))]
    versions = read_versions([*chosen, *projects], snapshot.read)
    return [
        owned
        for owned in versions.owned()
        if owned.out.hash and owned.out.cache and _touches(owned.out.path, path)
    ]


def _may_name(snapshot: Snapshot, file: str, path: str) -> bool:
    """Whether the text of a pointer or lock leaves it possible that it owns something there."""
    parts = path.split("/")
    if not path or file.startswith(path + "/") or not all(map(_PLAIN.fullmatch, parts)):
        return True
    raw = snapshot.read(file)
    return b"path: ." in raw or any(part.encode() in raw for part in parts)


def _touches(out: str, path: str) -> bool:
    return not path or out == path or out.startswith(path + "/") or path.startswith(out + "/")
