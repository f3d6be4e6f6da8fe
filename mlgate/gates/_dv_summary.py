"""What the change does to the data: files, bytes, and rows where the format tells."""

from __future__ import annotations

import os
from collections.abc import Iterator

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.gates._dv_ground import Ground, noted
from mlgate.sources._dvc import manifests, objects
from mlgate.sources._dvc.facts import LEGACY, MD5, Out
from mlgate.sources._dvc.versions import Owned

_MOST = 20
_COUNTED = 256 << 20
_PARQUET = (".parquet", ".pq")
_LINES = (".csv", ".tsv", ".jsonl", ".ndjson")


def check(ground: Ground) -> Iterator[Finding]:
    """Against the base; nothing where there is none."""
    base = ground.base
    if base is None or base is ground.versions:
        return
    before = {owned.out.path: owned for owned in base.owned()}
    now = {owned.out.path: owned for owned in ground.owned}
    lines = []
    for path in sorted(before.keys() | now.keys()):
        old, new = before.get(path), now.get(path)
        text = _difference(ground, old, new)
        if text:
            lines.append((f"{shown(path)}: {text}", new.file if new else None))
    for text, file in lines[:_MOST]:
        yield noted("summary", text, file)
    if len(lines) > _MOST:
        yield noted("summary", f"{len(lines) - _MOST:,} more versions changed")


def _difference(ground: Ground, old: Owned | None, new: Owned | None) -> str | None:
    if old is None and new is not None:
        return f"added{_extent(new.out)}"
    if new is None and old is not None:
        return f"removed{_extent(old.out)}"
    if old is None or new is None or old.out.hash == new.out.hash:
        return None
    parts = [_bytes(old.out, new.out)]
    if {old.out.algorithm, new.out.algorithm} <= {MD5, LEGACY}:
        parts = [_members(ground, old, new), *parts, _rows(ground, old, new)]
    return "changed" + "".join(f", {part}" for part in parts if part)


def _extent(out: Out) -> str:
    files = "" if out.nfiles is None else f", {counted(out.nfiles, 'file')}"
    return files + ("" if out.size is None else f", {_size(out.size)}")


def _bytes(old: Out, new: Out) -> str:
    if old.size is None or new.size is None:
        return ""
    return f"{_size(old.size)} -> {_size(new.size)}"


def _size(count: int) -> str:
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{count:,} B" if unit == "B" else f"{value:,.1f} {unit}"


def _members(ground: Ground, old: Owned, new: Owned) -> str:
    """Files added, removed and changed, where both manifests are here."""
    if not (old.out.is_folder and new.out.is_folder):
        return ""
    before, after = _manifest(ground, old), _manifest(ground, new)
    if before is None or after is None:
        counts = (old.out.nfiles, new.out.nfiles)
        return "" if None in counts else f"{counts[0]:,} -> {counts[1]:,} files"
    changed = sum(1 for name in before if name in after and before[name] != after[name])
    added = len(after.keys() - before.keys())
    removed = len(before.keys() - after.keys())
    return f"files: +{added:,} -{removed:,} ~{changed:,}"


def _manifest(ground: Ground, owned: Owned) -> dict[str, str] | None:
    try:
        raw = objects.read(
            ground.config(owned.root).cache, owned.out.algorithm, str(owned.out.hash), _COUNTED
        )
        return manifests.read_manifest(raw, str(owned.out.hash)) if raw else None
    except (OSError, manifests.Broken):
        return None


def _rows(ground: Ground, old: Owned, new: Owned) -> str:
    """Rows of Parquet, lines of text tables, where both versions are in the cache."""
    name = new.out.path.lower()
    if name.endswith(_PARQUET):
        return _footers(ground, old, new)
    if not name.endswith(_LINES):
        return ""
    before, after = _count(ground, old), _count(ground, new)
    return "" if before is None or after is None else f"{before:,} -> {after:,} lines"


def _footers(ground: Ground, old: Owned, new: Owned) -> str:
    """What the footers of two Parquet files say."""
    from mlgate.tables.aggregates import Rows
    from mlgate.tables.ask import ask_each
    from mlgate.tables.table import Located, Part

    tables = []
    for owned in (old, new):
        place = objects.place(owned.out.algorithm, str(owned.out.hash))
        file = os.path.join(ground.config(owned.root).cache, place)
        if not os.path.isfile(file):
            return ""
        part = Part(name=owned.out.path, file=file, digest=f"{MD5}:{owned.out.hash}")
        tables.append(
            Located(path=owned.out.path, parts=(part,), origin="data version", form="parquet")
        )
    try:
        before, after = (found.of(Rows()) for found in ask_each(ground.ctx, tables, [Rows()]))
    except GateError:
        return ""
    return f"{before:,} -> {after:,} rows"


def _count(ground: Ground, owned: Owned) -> int | None:
    try:
        raw = objects.read(
            ground.config(owned.root).cache, owned.out.algorithm, str(owned.out.hash), _COUNTED
        )
    except OSError:
        return None
    return None if raw is None else raw.count(b"\n")
