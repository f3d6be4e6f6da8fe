"""Where the files of an `artifact` gate lie: in the snapshot, behind DVC's pointers, or beside."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.sources._lfs import behind
from mlgate.tables._where import is_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlgate.core.gate import Context
    from mlgate.sources._place import Source

_MOST = 20_000


class Place(Struct, frozen=True, kw_only=True):
    """One file to be read."""

    path: str
    """As the repository calls it."""
    file: str
    """Where its bytes lie."""
    identity: str | None = None
    """Of its bytes, where the snapshot does not hold them."""
    origin: str | None = None
    """In words, where the snapshot does not hold it."""
    sha256: str | None = None
    """What its bytes must be, where the snapshot has only Git LFS's pointer to them."""


def locate(ctx: Context) -> list[Place]:
    """Every file of the gate's `path`. Raises `GateError` where there is none."""
    path = ctx.options.path.rstrip("/")
    if os.path.isabs(path) or ".." in path.split("/"):
        raise GateError(f"{shown(path)} lies outside the repository", "name a path inside it")
    places = [*_in_snapshot(ctx, path), *_behind_pointers(ctx, path)]
    if not places:
        places = list(_beside(ctx, path))
    if len(places) > _MOST:
        raise GateError(f"{shown(path)} holds more than {_MOST:,} files", "name the model's folder")
    return places


def _matcher(path: str) -> Callable[[str], bool]:
    """Tells the file itself, those below the folder, or what the pattern matches."""
    if not is_pattern(path):
        return lambda name: path == "." or name == path or name.startswith(path + "/")
    steps = [re.escape(step) for step in path.split("**/")]
    pattern = "(?:.*/)?".join(step.replace(r"\*", "[^/]*").replace(r"\?", "[^/]") for step in steps)
    whole = re.compile(f"{pattern}(?:/.*)?", re.DOTALL)
    return lambda name: whole.fullmatch(name) is not None


def _in_snapshot(ctx: Context, path: str) -> list[Place]:
    wanted, considered = _matcher(path), set(ctx.files)
    names = sorted(name for name in ctx.subject.files if wanted(name) and name in considered)
    odd = next((name for name in names if not ctx.subject.files[name].is_file), None)
    if odd is not None:
        raise GateError(f"{shown(odd)} is no regular file", "let it be a file, not a link")
    root = os.fspath(ctx.subject.root(names)) if names else ""
    return [_held(ctx, name, os.path.join(root, *name.split("/"))) for name in names]


def _held(ctx: Context, name: str, file: str) -> Place:
    held = behind(ctx, name, file)
    return Place(path=name, file=held, sha256=os.path.basename(held) if held != file else None)


def _behind_pointers(ctx: Context, path: str) -> Iterator[Place]:
    """What DVC tracks at the path, or below it."""
    from mlgate.sources.dvc import files_of

    steps = path.split("/")
    plain = next((n for n, step in enumerate(steps) if is_pattern(step)), len(steps))
    start = "/".join(step for step in steps[:plain] if step != ".")
    found = files_of(ctx, ctx.subject, start, _matcher(path))
    for name, source in sorted(found.items()):
        if name not in ctx.subject.files:
            yield _place(name, source)


def _place(path: str, source: Source) -> Place:
    return Place(path=path, file=source.path, identity=source.digest, origin=source.origin)


def _ignored(ctx: Context, path: str) -> Place:
    """One file that no version holds."""
    from mlgate.sources import file

    return _place(path, file.fetch(ctx, "subject", path))


def _beside(ctx: Context, path: str) -> Iterator[Place]:
    """What git ignores and DVC does not know."""
    top = os.path.join(os.fspath(ctx.work), *path.split("/"))
    if not os.path.isdir(top) or os.path.islink(top):
        if is_pattern(path):
            raise GateError(
                f"nothing matches {shown(path)}", "correct the path, or write the model"
            )
        yield _ignored(ctx, path)
        return
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in (".git", ".dvc"))
        for name in sorted(files):
            full = os.path.join(folder, name)
            yield _ignored(ctx, os.path.relpath(full, ctx.work).replace(os.sep, "/"))
