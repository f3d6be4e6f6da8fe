"""Reads what a repository depends on from requirement files, lock files and pyproject.toml."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mlgate.core.text import plain
from mlgate.gates._requirements import Dependency, Reader, requirement
from mlgate.tools._find import normal

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot

_REQUIREMENTS = re.compile(
    r"(.*[-_./])?requirements?([-_.][^/]*)?\.txt|(.*/)?requirements?/[^/]+\.txt"
)
_LOCKS = ("poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock")
_LARGEST = 32 << 20
_EXACT = re.compile(r"={0,3}\s*(\d[\w.!+]*)")


class Found(Struct, frozen=True, kw_only=True):
    """All dependencies of some files."""

    dependencies: tuple[Dependency, ...]
    constraints: dict[str, str]
    read: tuple[str, ...]
    """Every file that was read, includes among them."""


def may_pin(path: str) -> bool:
    """True for a requirement file, a lock file or a pyproject.toml, by its name."""
    return path.rpartition("/")[2] in _READERS or _REQUIREMENTS.fullmatch(path) is not None


def select(paths: tuple[str, ...], subject: Snapshot) -> tuple[str, ...]:
    """Those of `paths` that say what is depended on; a lock file speaks for the pyproject.toml
    beside it."""
    found = []
    for path in paths:
        folder, _, name = path.rpartition("/")
        beside = f"{folder}/" if folder else ""
        if not subject.files[path].is_file:
            continue
        if name in _LOCKS or _REQUIREMENTS.fullmatch(path):
            found.append(path)
        elif name == "pyproject.toml":
            locked = any(beside + lock in subject.files for lock in _LOCKS)
            if not locked and _declares(subject.read(path)):
                found.append(path)
    return tuple(found)


def _declares(content: bytes) -> bool:
    """True if a pyproject.toml may hold dependencies; a cheap look before it is parsed."""
    return b"dependenc" in content


def read(paths: tuple[str, ...], subject: Snapshot) -> Found:
    """The dependencies of `paths`, in their order."""

    def content(path: str) -> bytes | None:
        entry = subject.files.get(path)
        return subject.read(path) if entry is not None and entry.is_file else None

    reader = Reader(content, _folders(subject.files))
    found: list[Dependency] = []
    for path in paths:
        if path.endswith(".txt"):
            found.extend(reader.requirements(path))
        else:
            reader.seen.add(path)
            found.extend(_structured(path, subject.read(path)))
    return Found(
        dependencies=tuple(found),
        constraints=reader.constraints,
        read=tuple(sorted(reader.seen & subject.files.keys())),
    )


def _folders(files: Mapping[str, object]) -> frozenset[str]:
    """The folders of this repository that can be installed."""
    marks = ("pyproject.toml", "setup.py", "setup.cfg")
    names = (path.rpartition("/") for path in files)
    return frozenset(folder or "." for folder, _, name in names if name in marks)


def _structured(path: str, content: bytes) -> Iterator[Dependency]:
    """A TOML or JSON file; one that cannot be read is one dependency that cannot be judged."""
    text = content.decode("utf-8-sig", "replace")
    try:
        if len(content) > _LARGEST:
            raise ValueError(f"larger than {_LARGEST >> 20} MiB")
        document = _parsed(path, text)
        name = posixpath.basename(path)
        yield from _READERS[name](path, text, document)
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError) as error:
        why = f"the file cannot be read: {plain(str(error))[:200]}"
        yield Dependency(name=path, path=path, line=None, opaque=why)


def _parsed(path: str, text: str) -> dict[str, Any]:
    if path.endswith("Pipfile.lock"):
        import json

        document = json.loads(text)
    else:
        import tomllib

        document = tomllib.loads(text)
    if not isinstance(document, dict):
        raise ValueError("no table")
    return document


def _packages(path: str, text: str, document: dict[str, Any]) -> Iterator[Dependency]:
    """`[[package]]` of poetry.lock, uv.lock and pdm.lock."""
    lines = _package_lines(text)
    for number, package in enumerate(document.get("package", [])):
        source = package.get("source", {})
        if source.keys() & {"virtual", "editable"} or source.get("directory") == ".":
            continue
        kind = _foreign(package, source)
        version = package.get("version")
        why = f"it is locked to a {kind}, not to an index" if kind else None
        yield Dependency(
            name=normal(package["name"]),
            path=path,
            line=lines[number] if number < len(lines) else None,
            version=version,
            opaque=why or (None if version else "the lock file gives it no version"),
        )


def _foreign(package: dict[str, Any], source: dict[str, Any]) -> str | None:
    """What other than an index a locked package comes from."""
    kinds = ("git", "url", "path", "directory", "file", "hg", "svn", "bzr")
    named = source.get("type")
    if named in kinds:
        return str(named)
    return next((kind for kind in kinds if kind in source or kind in package), None)


def _package_lines(text: str) -> list[int]:
    """The line of the name of every `[[package]]`, in order."""
    found: list[int] = []
    waiting = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() == "[[package]]":
            waiting = True
        elif waiting and line.startswith("name"):
            found.append(number)
            waiting = False
    return found


def _pipfile(path: str, text: str, document: dict[str, Any]) -> Iterator[Dependency]:
    for section in ("default", "develop"):
        for name, package in document.get(section, {}).items():
            version = str(package.get("version", "")).removeprefix("==") or None
            why = None if version else "it is locked to an address or a path, not to an index"
            line = _line(text, f'"{name}":')
            yield Dependency(name=normal(name), path=path, line=line, version=version, opaque=why)


def _pyproject(path: str, text: str, document: dict[str, Any]) -> Iterator[Dependency]:
    project = document.get("project", {})
    ours = normal(project.get("name", ""))
    groups = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values()]
    groups += document.get("dependency-groups", {}).values()
    for entry in (entry for group in groups for entry in group):
        if isinstance(entry, str):
            found = requirement(entry, path, _line(text, entry))
            if found.name != ours:
                yield found
    yield from _poetry(path, text, document.get("tool", {}).get("poetry", {}))


def _poetry(path: str, text: str, table: dict[str, Any]) -> Iterator[Dependency]:
    """Poetry's own tables: `name = "^1.2"`, `name = { version = ..., extras = ... }`."""
    groups = [table.get("dependencies", {}), table.get("dev-dependencies", {})]
    groups += [group.get("dependencies", {}) for group in table.get("group", {}).values()]
    for name, wanted in (entry for group in groups for entry in group.items()):
        if name == "python":
            continue
        for choice in wanted if isinstance(wanted, list) else [wanted]:
            version = choice if isinstance(choice, str) else choice.get("version")
            exact = _EXACT.fullmatch(version.strip()) if version else None
            yield Dependency(
                name=normal(name),
                path=path,
                line=_line(text, f"{name} ="),
                version=exact[1] if exact else None,
                opaque=None if version else "it is installed from an address or a path",
            )


def _line(text: str, words: str) -> int | None:
    at = text.find(words)
    return None if at < 0 else text.count("\n", 0, at) + 1


_READERS = {
    "poetry.lock": _packages,
    "uv.lock": _packages,
    "pdm.lock": _packages,
    "Pipfile.lock": _pipfile,
    "pyproject.toml": _pyproject,
}
