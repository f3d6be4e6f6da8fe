"""Did what belongs together change together: data, results, pointers, and the code that reads?"""

from __future__ import annotations

import os
from collections.abc import Iterator

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.text import shown
from mlgate.gates._dv_ground import Ground, noted, quoted, stated
from mlgate.gates._dv_work import named
from mlgate.sources._dvc.facts import Locked, Out
from mlgate.sources._dvc.versions import Owned, Versions

_CODE = (".py", ".ipynb", ".sh", ".yaml", ".yml", ".toml", ".json", ".cfg", ".md", ".R", ".jl")


def check(ground: Ground) -> Iterator[Finding]:
    """Against the base; nothing where there is none."""
    base = ground.base
    if base is None or base is ground.versions:
        return
    before = {owned.out.path: owned for owned in base.owned()}
    now = {owned.out.path: owned for owned in ground.owned}
    yield from _missing(ground, base, now)
    yield from _lineage(ground, base, before, now)
    yield from _lock_alone(ground, base)


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
