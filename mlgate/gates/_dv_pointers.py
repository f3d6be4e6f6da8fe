"""Are the pointers sound: readable, of DVC's form, each path owned once, not in git as well?"""

from __future__ import annotations

import os
import posixpath
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from mlgate.core.errors import GateError, RepositoryError
from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.gates._dv_ground import Ground, add_again, quoted, stated, target
from mlgate.sources._dvc.facts import Lock, Pipeline, Pointer
from mlgate.sources._dvc.versions import Owned

_LFS = b"version https://git-lfs.github.com/spec/v1"


def check(ground: Ground) -> Iterator[Finding]:
    """Checks of the pointers alone; no data is looked at."""
    versions = ground.versions
    yield from ground.unread
    files: list[Pointer | Pipeline | Lock] = [
        *versions.pointers.values(), *versions.pipelines.values(), *versions.locks.values()
    ]  # fmt: skip
    for file in files:
        for problem in file.problems if ground.touched(file.path) else ():
            yield stated(problem.rule, f"{shown(file.path)}: {problem.message}", file.path,
                         problem.line, problem.help)  # fmt: skip
    yield from _without_project(ground)
    yield from _outside(ground)
    yield from _overlaps(ground)
    yield from _in_git(ground)
    if not ground.ctx.past:
        yield from _not_ignored(ground)
        yield from _links_outside(ground)
    yield from _without_version(ground)
    yield from _pinned(ground)
    yield from _not_declared(ground)


def _without_project(ground: Ground) -> Iterator[Finding]:
    roots = ground.versions.roots
    for path in ground.versions.pointers:
        owned = any(not root or path.startswith(root + "/") for root in roots)
        if not owned and ground.touched(path):
            yield stated("no-project", f"{shown(path)} belongs to no DVC project", path)


def _outside(ground: Ground) -> Iterator[Finding]:
    """What is to be cached and lies elsewhere."""
    for owned in ground.owned:
        out = owned.out
        if not out.external or not out.cache or not ground.touched(owned.file):
            continue
        if owned.stage is not None:
            mend = f"declare it with `cache: false`, then: dvc repro {target(owned)}"
        elif "://" in out.path:
            mend = f"dvc remove {quoted(owned.file)} && dvc import-url {quoted(out.written)}"
        else:
            mend = None
        text = f"{shown(owned.file)}: {out.written!r} lies outside of the repository"
        yield stated("outside", text, owned.file, out.line, mend)


def _overlaps(ground: Ground) -> Iterator[Finding]:
    """Two owners of one path, or of a path and one below it."""
    owners: dict[str, Owned] = {}
    living = (owned for owned in ground.owned if not _is_left_over(ground, owned))
    for owned in sorted(living, key=lambda o: (o.out.path, o.file)):
        path = owned.out.path
        parts = path.split("/")
        above = ("/".join(parts[:n]) for n in range(1, len(parts) + 1))
        other = next((owners[name] for name in above if name in owners), None)
        if other is None:
            owners[path] = owned
        elif ground.touched(owned.file, other.file):
            what = "" if other.out.path == path else f" as part of {shown(other.out.path)}"
            yield stated(
                "overlap",
                f"{shown(path)} is also owned by {shown(other.file)}{what}",
                owned.file, owned.out.line, f"dvc remove {target(owned)}",
            )  # fmt: skip


def _is_left_over(ground: Ground, owned: Owned) -> bool:
    """True for a stage of a lock that its pipeline does not have: DVC reads no such entry."""
    pipeline = ground.versions.pipeline_of(owned.file)
    if owned.stage is None or pipeline is None or pipeline.problems:
        return False
    return not {owned.stage, owned.stage.partition("@")[0]} & pipeline.stages.keys()


def _in_git(ground: Ground) -> Iterator[Finding]:
    """Cached outputs that git has as well."""
    files = sorted(ground.ctx.subject.files)
    for owned in ground.owned:
        if not owned.out.cache or not ground.touched(owned.file, owned.out.path):
            continue
        path = owned.out.path
        below = _below(files, path)
        if not below:
            continue
        lfs = len(below) == 1 and _is_lfs(ground, below[0])
        who = "Git LFS" if lfs else "git"
        count = "" if below == [path] else f" ({counted(len(below), 'file')})"
        yield stated(
            "in-git-too",
            f"{shown(path)} is tracked by DVC and by {who}{count}",
            owned.file, owned.out.line, f"git rm -r --cached -- {quoted(path)}",
        )  # fmt: skip


def _below(files: Sequence[str], path: str) -> list[str]:
    """`path` itself, or all below it, among the sorted `files`."""
    at = bisect_left(files, path)
    if at < len(files) and files[at] == path:
        return [path]
    start = bisect_left(files, path + "/")
    return list(files[start : bisect_left(files, path + "0")])


def _is_lfs(ground: Ground, path: str) -> bool:
    try:
        return ground.ctx.subject.read(path)[:64].startswith(_LFS)
    except GateError:
        return False


def _not_ignored(ground: Ground) -> Iterator[Finding]:
    """Cached outputs that lie in the work tree and that git would add."""
    unsure = [
        owned
        for owned in ground.owned
        if owned.out.cache
        and owned.out.path not in ground.ctx.subject.files
        and ground.touched(owned.file)
        and not _ignored_beside(ground, owned.out.path)
        and os.path.lexists(ground.full(owned.out.path))
    ]
    if not unsure:
        return
    from mlgate.repo import git

    names = "\0".join(owned.out.path for owned in unsure).encode("utf-8", "surrogateescape")
    try:
        raw = git.find(ground.work, os.environ).git(
            "check-ignore", "-z", "--stdin", stdin=names + b"\0", ok=(0, 1)
        )
    except RepositoryError:
        return
    ignored = set(git.decoded(raw).split("\0"))
    for owned in unsure:
        path = owned.out.path
        if path not in ignored:
            folder, _, name = path.rpartition("/")
            place = f"{folder}/.gitignore" if folder else ".gitignore"
            yield stated(
                "not-ignored",
                f"{shown(path)} is tracked by DVC but not ignored by git",
                owned.file, owned.out.line, f"echo {quoted('/' + name)} >> {quoted(place)}",
            )  # fmt: skip


def _ignored_beside(ground: Ground, path: str) -> bool:
    """True where the .gitignore beside it names it, as `dvc add` writes it."""
    folder, _, name = path.rpartition("/")
    place = posixpath.join(folder, ".gitignore")
    entry = ground.ctx.subject.files.get(place)
    if entry is None or not entry.is_file:
        return False
    lines = ground.ctx.subject.read(place).decode("utf-8", "surrogateescape").splitlines()
    return f"/{name}" in lines and not any(line.startswith("!") for line in lines)


def _without_version(ground: Ground) -> Iterator[Finding]:
    """Outputs of pointers that have no hash."""
    for pointer in ground.versions.pointers.values():
        if not ground.touched(pointer.path):
            continue
        for out in pointer.outs:
            if out.hash is not None or out.versioned or pointer.problems or out.external:
                continue
            if pointer.imported is not None and pointer.frozen:
                continue  # an import without download: its source is asked
            yield stated("no-hash", f"{shown(out.path)} has no hash", pointer.path, out.line,
                         f"dvc commit {quoted(pointer.path)}")  # fmt: skip


def _links_outside(ground: Ground) -> Iterator[Finding]:
    """Outputs that the work tree reaches through a link out of the repository."""
    real = os.path.realpath(ground.work)
    for owned in ground.owned:
        full = ground.full(owned.out.path)
        if owned.out.external or not ground.touched(owned.file) or not os.path.lexists(full):
            continue
        parent = os.path.realpath(os.path.dirname(full))
        target = os.path.realpath(full)
        cache = os.path.realpath(ground.config(owned.root).cache)
        inside = (real, cache)
        if _is_in(parent, (real,)) and _is_in(target, inside):
            continue
        yield stated(
            "outside",
            f"{shown(owned.out.path)} leads out of the repository through a link",
            owned.file, owned.out.line, add_again(owned),
        )  # fmt: skip


def _is_in(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)


def _pinned(ground: Ground) -> Iterator[Finding]:
    """Imports say which version of their source they are."""
    for pointer in ground.versions.pointers.values():
        if pointer.imported and not pointer.imported.pinned and ground.touched(pointer.path):
            yield stated(
                "not-pinned",
                f"the import from {shown(pointer.imported.source)} records no version of it",
                pointer.path, None, f"dvc update {quoted(pointer.path)}",
            )  # fmt: skip


def _not_declared(ground: Ground) -> Iterator[Finding]:
    """What the policy wants every pointer to say of its data."""
    wanted = ground.ctx.options.meta
    for pointer in ground.versions.pointers.values() if wanted else ():
        lacking = [key for key in wanted if key not in pointer.meta]
        if lacking and not pointer.problems and ground.touched(pointer.path):
            text = f"{shown(pointer.path)} does not declare {', '.join(map(shown, lacking))}"
            mend = f"add to {shown(pointer.path)}: meta: {{{shown(lacking[0])}: ...}}"
            yield stated("not-declared", text, pointer.path, None, mend)
