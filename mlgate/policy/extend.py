"""`extends`: reads the policies that a policy builds on, and lays them over one another."""

from __future__ import annotations

import os
import posixpath
import re
import sys
from collections.abc import Sequence
from typing import Any

from mlgate.core.errors import PolicyError
from mlgate.core.patterns import later
from mlgate.core.text import shown
from mlgate.policy.model import PolicyFile
from mlgate.policy.read import LIMIT, NAME, Read, tables

DEPTH = 10
_PACKAGE = "package:"
_BARE = later(r"[A-Za-z_]\w*", re.ASCII)


def chain(file: PolicyFile, path: str, read: Read) -> tuple[PolicyFile, ...]:
    """`file`, which lies at `path`, after all that it extends; what overrides comes last."""
    walk = _Walk(read)
    walk.follow(file, (path,))
    if walk.problems:
        raise PolicyError(walk.problems)
    return tuple(walk.found.values())


class _Walk:
    def __init__(self, read: Read) -> None:
        self.read = read
        self.found: dict[str, PolicyFile] = {}
        self.problems: list[str] = []

    def follow(self, file: PolicyFile, trail: tuple[str, ...]) -> None:
        """Reads what `file` extends, which lies at the end of `trail`, then adds `file`."""
        targets = file.tables.get("extends")
        for number, target in enumerate(targets if isinstance(targets, list) else ()):
            if not isinstance(target, str):
                continue  # reported with all else that has a wrong type
            try:
                self.extend(resolve(target, trail[-1]), trail)
            except _Unusable as error:
                from mlgate.policy.problems import Problem, placed

                self.problems += placed([Problem(("extends", number), str(error))], [file])
            except PolicyError as error:
                self.problems += error.problems
        self.found[trail[-1]] = file

    def extend(self, path: str, trail: tuple[str, ...]) -> None:
        if path in trail:
            circle = " -> ".join(shown(each) for each in (*trail, path))
            raise _Unusable(f"`extends` goes in a circle: {circle}")
        if path in self.found:
            return
        if len(trail) > DEPTH:
            raise _Unusable(f"`extends` is nested deeper than {DEPTH} policies")
        content = _installed(path) if path.startswith(_PACKAGE) else self.read(path)
        if content is None:
            raise _Unusable(f"`extends` names {shown(path)}, which is not there")
        label = shown(path)
        self.follow(PolicyFile(label, tables(label, content), content), (*trail, path))


class _Unusable(Exception):
    """What `extends` names cannot be used."""


def resolve(target: str, origin: str) -> str:
    """Where `target`, named in the policy at `origin`, lies: a path in the repository, or
    `package:NAME/FILE`."""
    if target.startswith(_PACKAGE) or _BARE.fullmatch(target):
        name, _, inner = target.removeprefix(_PACKAGE).partition("/")
        root, path = f"{_PACKAGE}{name}/", posixpath.normpath(inner or NAME)
    else:
        root = origin[: origin.index("/") + 1] if origin.startswith(_PACKAGE) else ""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(origin[len(root) :]), target))
    if path.startswith(("/", "..")) or "\\" in path or "\0" in path:
        outside = "the package" if root else "the repository"
        raise _Unusable(f"`extends` leads out of {outside}: {shown(target)}")
    return root + path


def _installed(path: str) -> bytes | None:
    """A file of an installed package, which is not imported; the current folder is no package."""
    from importlib.machinery import PathFinder

    name, _, inner = path.removeprefix(_PACKAGE).partition("/")
    here = os.getcwd()
    places = [p for p in sys.path if p and os.path.realpath(p) != os.path.realpath(here)]
    spec = PathFinder.find_spec(name, places) if _BARE.fullmatch(name) else None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = os.path.realpath(os.path.join(folder, inner))
        if file.startswith(os.path.realpath(folder) + os.sep) and os.path.isfile(file):
            with open(file, "rb") as stream:
                return stream.read(LIMIT + 1)
    return None


def merged(files: Sequence[PolicyFile]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What `files` come to, later over earlier: tables merge, all else is replaced. With it, a
    note for each value that was replaced by another."""
    result: dict[str, Any] = {}
    notes: list[str] = []
    for number, file in enumerate(files):
        own = {key: value for key, value in file.tables.items() if key != "extends"}
        result = _laid(result, own, (), files[: number + 1], notes)
    return result, tuple(notes)


def _laid(
    below: dict[str, Any],
    above: dict[str, Any],
    path: tuple[str, ...],
    files: Sequence[PolicyFile],
    notes: list[str],
) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        old, place = below.get(key), (*path, key)
        if isinstance(old, dict) and isinstance(value, dict):
            value = _laid(old, value, place, files, notes)
        elif key in below and old != value:
            notes.append(_override(place, old, value, files))
        result[key] = value
    return result


def _override(path: tuple[str, ...], old: Any, new: Any, files: Sequence[PolicyFile]) -> str:
    from mlgate.policy.toml import inline

    origin = next((f.label for f in reversed(files[:-1]) if _says(f.tables, path)), "")
    name = ".".join(shown(part) for part in path)
    return f"{files[-1].label}: {name} = {inline(new)} overrides {inline(old)} of {origin}"


def _says(tables: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(tables, dict) or key not in tables:
            return False
        tables = tables[key]
    return True
