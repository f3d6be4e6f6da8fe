"""What the change does to the data, and whether what is derived from it moved along."""

from __future__ import annotations

import os
from collections.abc import Iterator

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.gates._dv_ground import Ground, noted, quoted, stated
from mlgate.gates._dv_work import named
from mlgate.sources._dvc import manifests, objects
from mlgate.sources._dvc.facts import LEGACY, MD5, Locked, Out
from mlgate.sources._dvc.versions import Owned, Versions

_MOST = 20
_COUNTED = 256 << 20
_PARQUET = (".parquet", ".pq")
_LINES = (".csv", ".tsv", ".jsonl", ".ndjson")
_CODE = (".py", ".ipynb", ".sh", ".yaml", ".yml", ".toml", ".json", ".cfg", ".md", ".R", ".jl")


def check(ground: Ground) -> Iterator[Finding]:
    """Against the base; nothing where there is none."""
    base = ground.base
    if base is None or base is ground.versions:
        return
    before = {owned.out.path: owned for owned in base.owned()}
    now = {owned.out.path: owned for owned in ground.owned}
    yield from _summary(ground, before, now)
    yield from _missing(ground, base, now)
    yield from _lineage(ground, base, before, now)
    yield from _lock_alone(ground, base)


def _summary(ground: Ground, before: dict[str, Owned], now: dict[str, Owned]) -> Iterator[Finding]:
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


def _missing(ground: Ground, base: Versions, now: dict[str, Owned]) -> Iterator[Finding]:
    """Pointers that the change deletes while code names their data."""
    files = ground.ctx.subject.files
    gone = {
        out.path: pointer.path
        for pointer in base.pointers.values()
        if pointer.path not in files
        for out in pointer.outs
        if out.path not in now and out.path not in files
    }
    if not gone:
        return
    users: dict[str, list[str]] = {path: [] for path in gone}
    for path in files:
        if not path.endswith(_CODE) or not files[path].is_file:
            continue
        try:
            raw = ground.ctx.subject.read(path)
        except GateError:
            continue
        for data in gone:
            if data.encode("utf-8", "surrogateescape") in raw:
                users[data].append(path)
    for data, code in users.items():
        if code:
            text = f"{shown(gone[data])} was deleted, but {named(code)} names {shown(data)}"
            mend = f"git checkout {base_name(ground)} -- {quoted(gone[data])}"
            yield stated("missing-pointer", text, code[0], None, mend)


def base_name(ground: Ground) -> str:
    """The base as git is told it."""
    commit = ground.ctx.base.commit if ground.ctx.base else None
    return commit[:12] if commit else "HEAD"


def _lineage(
    ground: Ground, base: Versions, before: dict[str, Owned], now: dict[str, Owned]
) -> Iterator[Finding]:
    """Data that changed while nothing that the lock derives from it did."""
    stages = [
        (lock.path, stage)
        for lock in ground.versions.locks.values()
        for stage in lock.stages.values()
    ]
    outs_before = {
        out.path: out.hash
        for lock in base.locks.values() for stage in lock.stages.values() for out in stage.outs
    }  # fmt: skip
    for path, owned in now.items():
        old = before.get(path)
        if owned.stage is not None or old is None or old.out.hash == owned.out.hash:
            continue
        derived = list(_derived(path, [stage for _, stage in stages]))
        stale = any(
            dep.path == path and dep.hash != owned.out.hash
            for _, stage in stages for dep in stage.deps
        )  # fmt: skip
        last = [out for out in derived if out.path in outs_before]
        if last and not stale and all(outs_before[out.path] == out.hash for out in last):
            text = f"{shown(path)} changed, but nothing that dvc.lock derives from it did: "
            yield stated("lineage", text + named([out.path for out in last]), owned.file,
                         owned.out.line, "dvc repro --force, then commit dvc.lock")  # fmt: skip


def _lock_alone(ground: Ground, base: Versions) -> Iterator[Finding]:
    """Stages whose lock moved on while their declaration and their outputs did not."""
    for path, lock in ground.versions.locks.items():
        before = base.locks.get(path)
        mine, theirs = ground.versions.pipeline_of(path), base.pipeline_of(path)
        for name, stage in lock.stages.items():
            old = before.stages.get(name) if before else None
            if old is None or mine is None or theirs is None or not stage.outs:
                continue
            if mine.stages.get(name.partition("@")[0]) != theirs.stages.get(name.partition("@")[0]):
                continue
            moved = _inputs(old) != _inputs(stage)
            same = {out.path: out.hash for out in old.outs} == {o.path: o.hash for o in stage.outs}
            if moved and same:
                text = f"the stage {name!r} has other inputs in {shown(path)}, but the same outputs"
                yield noted("lock-alone", text, path, f"dvc repro --force {quoted(name)}")


def _inputs(stage: Locked) -> object:
    return stage.cmd, {dep.path: dep.hash for dep in stage.deps}, stage.params


def _derived(path: str, stages: list[Locked]) -> Iterator[Out]:
    """All outputs of stages that depend on `path`, directly or through others."""
    reached, again = {path}, True
    taken: set[str] = set()
    while again:
        again = False
        for stage in stages:
            if stage.name in taken or not any(_uses(dep.path, reached) for dep in stage.deps):
                continue
            taken.add(stage.name)
            again = True
            for out in stage.outs:
                reached.add(out.path)
                yield out


def _uses(dep: str, reached: set[str]) -> bool:
    return any(
        dep == one or dep.startswith(one + os.sep) or one.startswith(dep + os.sep)
        for one in reached
    )
