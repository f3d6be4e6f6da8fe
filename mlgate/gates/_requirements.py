"""Reads pip's requirement files: includes, constraints, hashes, markers, continuation lines."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.text import plain, shown
from mlgate.tools._find import normal

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTION = re.compile(r"\s--?[A-Za-z]")
_INCLUDE = re.compile(r"(-r|-c|--requirement|--constraint)[\s=]*(.+)")
_EDITABLE = re.compile(r"(-e|--editable)[\s=]*(.+)")
_DEEPEST = 20


class Dependency(Struct, frozen=True, kw_only=True):
    """One thing that a file of the repository depends on."""

    name: str
    """Normalised; as written where it is no name."""
    path: str
    line: int | None
    version: str | None = None
    """The exact version it is pinned to; None where any of several would do."""
    opaque: str | None = None
    """Why no advisory can be looked up for it: an address, a path, an unreadable line."""
    elsewhere: bool = False
    """True where its marker says that it is not for this interpreter and platform."""


class Reader:
    """Reads requirement files and what they include, every file once."""

    def __init__(self, read: Callable[[str], bytes | None], folders: frozenset[str]) -> None:
        self._read = read
        self._folders = folders
        self.seen: set[str] = set()
        self.constraints: dict[str, str] = {}

    def requirements(self, path: str, depth: int = 0) -> Iterator[Dependency]:
        """What `path` and the files that it includes ask for."""
        if path in self.seen:
            return
        self.seen.add(path)
        content = self._read(path)
        for number, text in logical_lines((content or b"").decode("utf-8-sig", "replace")):
            included = _INCLUDE.fullmatch(text)
            if included:
                yield from self._included(path, number, included, depth)
            elif not text.startswith("-") or _EDITABLE.fullmatch(text):
                yield from self._requirement(path, number, text)

    def _included(
        self, path: str, number: int, match: re.Match[str], depth: int
    ) -> Iterator[Dependency]:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[2].strip()))
        if depth >= _DEEPEST or "://" in match[2] or self._read(target) is None:
            why = "the file that it includes is not in the repository"
            yield Dependency(name=plain(match[2])[:200], path=path, line=number, opaque=why)
        elif match[1] in ("-r", "--requirement"):
            yield from self.requirements(target, depth + 1)
        else:
            self._constrain(target, depth)

    def _constrain(self, path: str, depth: int) -> None:
        """Remember the pins of a constraint file; it asks for nothing by itself."""
        apart = Reader(self._read, self._folders)
        for dependency in apart.requirements(path, depth + 1):
            if dependency.version is not None:
                self.constraints.setdefault(dependency.name, dependency.version)
        self.seen |= apart.seen
        self.constraints |= apart.constraints

    def _requirement(self, path: str, number: int, text: str) -> Iterator[Dependency]:
        editable = _EDITABLE.fullmatch(text)
        if editable:
            text = editable[2].strip()
        text = _OPTION.split(text, maxsplit=1)[0].strip()
        if self._is_ours(path, text):
            return
        if editable:
            why = "it is an editable install from elsewhere"
            yield Dependency(name=plain(text)[:200], path=path, line=number, opaque=why)
        else:
            yield requirement(text, path, number)

    def _is_ours(self, path: str, text: str) -> bool:
        """True for a folder of this repository, which is judged by its own files."""
        folder = text.partition("[")[0]
        if not (folder.startswith(".") or "/" in folder) or "://" in folder or "@" in folder:
            return False
        near = posixpath.normpath(posixpath.join(posixpath.dirname(path), folder))
        return near in self._folders or posixpath.normpath(folder) in self._folders


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with content, joined where they end in a backslash, with their first number."""
    joined, first = "", 0
    for number, line in enumerate([*text.splitlines(), ""], 1):
        first = first or number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            joined += line[:-1] + " "
            continue
        whole = _COMMENT.sub("", joined + line).strip()
        if whole:
            yield first, whole
        joined, first = "", 0


def requirement(text: str, path: str, line: int | None) -> Dependency:
    """One requirement as PEP 508 writes it."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        parsed = Requirement(text)
    except InvalidRequirement:
        why = "it is no requirement with a name that can be read"
        return Dependency(name=plain(text)[:200] or shown(path), path=path, line=line, opaque=why)
    return Dependency(
        name=normal(parsed.name),
        path=path,
        line=line,
        version=pinned(parsed),
        opaque="it is installed from an address, not from an index" if parsed.url else None,
        elsewhere=not _applies(parsed),
    )


def pinned(parsed: Requirement) -> str | None:
    """The one version that a requirement allows; None if it allows several."""
    for part in parsed.specifier:
        if part.operator in ("==", "===") and not part.version.endswith(".*"):
            return part.version
    return None


def _applies(parsed: Requirement) -> bool:
    from packaging.markers import UndefinedEnvironmentName

    try:
        return parsed.marker is None or parsed.marker.evaluate({"extra": ""})
    except UndefinedEnvironmentName:
        return True
