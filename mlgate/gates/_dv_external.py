"""Is what lies outside of the repository still what DVC's files recorded of it?

External outputs (`cache: false` at a URL or an absolute path), external dependencies, and the
sources of imports of which nobody else keeps the bytes. What `dvc status` would compare is
compared, by DVC's own file systems and hashes, without the locks and caches that it writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.gates._dv_ground import Ground, not_asked, noted, quoted, stated, target
from mlgate.gates._dv_now import hash_there
from mlgate.gates._dv_work import named
from mlgate.sources._dvc import outside
from mlgate.sources._dvc.facts import LEGACY, MD5, Out
from mlgate.sources._dvc.outside import Answer
from mlgate.sources._dvc.versions import Owned, root_of

if TYPE_CHECKING:
    from mlgate.sources._dvc.facts import Pointer


class _Recorded(Struct, frozen=True):
    """One thing outside, and the words for what became of it."""

    out: Out
    file: str
    root: str
    rule: str
    subject: str
    mend: str


def check(ground: Ground) -> Iterator[Finding]:
    """Paths of this machine are read; URLs are asked, all of a project at once."""
    groups: dict[str, list[_Recorded]] = {}
    for one in _recorded(ground):
        if not ground.ctx.options.retrievable:
            yield not_asked(f"{shown(one.out.written)} was not looked for", one.file)
        elif "://" in one.out.path:
            groups.setdefault(one.root, []).append(one)
        else:
            yield from _here(ground, one)
    for root, group in groups.items():
        if not ground.ctx.network:
            yield from _without_network(ground, group)
            continue
        config, jobs = ground.config(root), ground.ctx.options.requests
        try:
            answers = outside.ask(ground.ctx, config, [one.out for one in group], jobs)
        except GateError as error:
            yield from ground.unreachable(error)
            continue
        for one, answer in zip(group, answers, strict=True):
            yield from _judged(ground, one, answer)


def _recorded(ground: Ground) -> Iterator[_Recorded]:
    versions = ground.versions
    for owned in ground.owned:
        if owned.out.external and not owned.out.cache and owned.out.hash:
            yield _output(owned)
    for path, lock in versions.locks.items():
        pipeline, root = versions.pipeline_of(path), root_of(path, versions.roots)
        for name, stage in lock.stages.items():
            declared = pipeline.stages.get(name.partition("@")[0]) if pipeline else None
            for dep in stage.deps if declared and not declared.frozen else ():
                if dep.external and (dep.hash or outside.pinned(dep)):
                    again = target(Owned(out=dep, file=path, stage=name))
                    text = f"the stage {name!r}: its dependency {shown(dep.written)}"
                    yield _Recorded(dep, path, root, "stale-lock", text, f"dvc repro {again}")
    for pointer in versions.pointers.values():
        if pointer.imported and not pointer.imported.is_repository and _has_no_copy(pointer):
            for dep in pointer.deps:
                if dep.external and (dep.hash or outside.pinned(dep)):
                    text = f"{shown(dep.written)}, where {shown(pointer.path)} comes from,"
                    root = root_of(pointer.path, versions.roots)
                    mend = f"dvc update {quoted(pointer.path)}"
                    yield _Recorded(dep, pointer.path, root, "not-in-source", text, mend)


def _output(owned: Owned) -> _Recorded:
    text = f"the external output {shown(owned.out.written)}"
    mend = f"dvc repro {target(owned)}" if owned.stage else f"dvc commit {quoted(owned.file)}"
    return _Recorded(owned.out, owned.file, owned.root, "external-changed", text, mend)


def _has_no_copy(pointer: Pointer) -> bool:
    """True where no remote of ours has the bytes: not downloaded, or left to the source's cloud."""
    return any(out.hash is None or not out.push for out in pointer.outs)


def _here(ground: Ground, one: _Recorded) -> Iterator[Finding]:
    """A path of this machine. A missing disk is not a missing file."""
    full = os.path.normpath(os.path.join(ground.work, one.out.path))
    if not os.path.lexists(full) and not os.path.isdir(os.path.dirname(full)):
        text = f"{one.subject} cannot be looked for: {shown(os.path.dirname(full))} is not there"
        ground.errors.append(GateError(text, "mount it, or keep this data in the repository"))
    elif one.out.algorithm in (MD5, LEGACY):
        try:
            found = hash_there(ground, full, one.out.algorithm, None)
        except OSError as error:
            text = f"{one.subject} cannot be read: {error.strerror or error}"
            ground.errors.append(GateError(text, f"ls -ld {quoted(full)}"))
        else:
            yield from _judged(ground, one, Answer(hash=found or None))


def _judged(ground: Ground, one: _Recorded, answer: Answer) -> Iterator[Finding]:
    if answer.error is not None:
        yield from ground.unreachable(answer.error)
    elif outside.pinned(one.out):
        if not answer.gone:
            yield noted("external", f"{one.subject} has the versions recorded", one.file)
            return
        names = named([kept.name or one.out.written for kept in answer.gone])
        count = counted(len(answer.gone), "version")
        yield stated(one.rule, f"{one.subject} lacks {count}: {names}", one.file, one.out.line,
                     one.mend)  # fmt: skip
    elif answer.hash == one.out.hash:
        text = f"{one.subject} is as recorded, by what `dvc status` compares"
        yield noted("external", text, one.file)
    else:
        what = "is not there any more" if answer.hash is None else "has changed since"
        yield stated(one.rule, f"{one.subject} {what}", one.file, one.out.line, one.mend)


def _without_network(ground: Ground, group: list[_Recorded]) -> Iterator[Finding]:
    urls = named([one.out.written for one in group])
    if ground.ctx.named:
        text = f"{urls} was not looked for: --offline"
        ground.errors.append(GateError(text, "run without --offline"))
        return
    text = f"{urls} was not looked for: that needs the network"
    yield noted("not-asked", text, group[0].file, "name the gate in a policy: mlgate init")
