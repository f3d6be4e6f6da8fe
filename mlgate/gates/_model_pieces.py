"""The files that an evaluation reads: what decides their bytes, and a copy of them in a folder."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.sources._dvc.pointers import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot

_GLOB = "*?["


def tracked(snapshot: Snapshot, path: str) -> list[str]:
    """The files at `path`, a file, a folder or a pattern, that git itself holds."""
    _check(path)
    wanted = _matcher(path)
    return [name for name in snapshot.files if wanted(name)]


def known(snapshot: Snapshot, path: str) -> list[str]:
    """What decides the bytes at `path`, a file, a folder or a pattern: by git, or by the versions
    that DVC's pointers name. Nothing is fetched. Empty where the snapshot has nothing there."""
    found = [f"{name} {snapshot.files[name].id}" for name in tracked(snapshot, path)]
    if any(map(kind_of, snapshot.files)):
        from mlgate.sources._dvc.named import owners

        owned = owners(snapshot, _start(path))
        found += [f"{one.out.path} {one.out.hash}" for one in owned if _holds(one.out.path, path)]
    return sorted(found)


def beside(ctx: Context, path: str) -> str | None:
    """The file of the work tree that git ignores; None where there is none."""
    if any(sign in path for sign in _GLOB):
        return None
    root = os.path.realpath(ctx.work)
    full = os.path.realpath(os.path.join(root, *path.split("/")))
    inside = os.path.commonpath([root, full]) == root
    return full if inside and os.path.isfile(full) else None


def lay(ctx: Context, snapshot: Snapshot, path: str, folder: str) -> None:
    """Put what is at `path` into `folder` under its own name: what git has as copies, what DVC has
    as links. Raises `GateError` where it is out of reach."""
    for name, file in _files(ctx, snapshot, path):
        target = os.path.join(folder, *name.split("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.lexists(target):
            continue
        if name in snapshot.files:
            with open(target, "wb") as copy:
                copy.write(snapshot.read(name))
            if snapshot.files[name].mode == "100755":
                os.chmod(target, 0o700)
        else:
            os.symlink(file, target)


def _files(ctx: Context, snapshot: Snapshot, path: str) -> Iterator[tuple[str, str]]:
    wanted = _matcher(path)
    there = False
    for name, entry in snapshot.files.items():
        if wanted(name) and entry.is_file:
            there = True
            yield name, ""
    if any(map(kind_of, snapshot.files)):
        from mlgate.sources import dvc

        single = dvc.file_of(ctx, snapshot, path) if _is_member(snapshot, path) else None
        found = {path: single} if single else dvc.files_of(ctx, snapshot, _start(path), wanted)
        for name, source in found.items():
            there = True
            yield name, source.path
    full = None if there else beside(ctx, path)
    if full is not None:
        yield path, full


def _is_member(snapshot: Snapshot, path: str) -> bool:
    """True for a file, by its name, of a directory that DVC tracks."""
    from mlgate.sources._dvc.named import owners

    return any(path.startswith(one.out.path + "/") for one in owners(snapshot, path))


def _check(path: str) -> None:
    if posixpath.isabs(path) or ".." in path.split("/"):
        raise GateError(f"{shown(path)} lies outside the repository", "name a path inside it")


def _start(path: str) -> str:
    """The file, or the folder below which all of it lies."""
    steps = path.rstrip("/").split("/")
    plain = next((n for n, step in enumerate(steps) if set(step) & set(_GLOB)), len(steps))
    return "/".join(steps[:plain])


def _holds(out: str, path: str) -> bool:
    """True if the output is part of what is at `path`, or `path` is part of it."""
    start = _start(path)
    return _matcher(path)(out) or (out + "/").startswith(start + "/") or start.startswith(out + "/")


def _matcher(path: str) -> Callable[[str], bool]:
    import pathspec

    spec = pathspec.GitIgnoreSpec.from_lines(["/" + path.removeprefix("/")])
    return lambda name: bool(spec.match_file(name))
