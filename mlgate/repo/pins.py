"""The versions of tools that a repository's requirements name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mlgate.core.errors import GateError
from mlgate.core.patterns import later
from mlgate.core.text import shown
from mlgate.repo._commands import TOOLS

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot

_SIZE = 1 << 20
_FILE = later(r"(?:[\w.-]*requirements[\w.-]*|requirements/[\w.-]+)\.(?:txt|in)")
_LINE = later(
    r"\s*([A-Za-z][\w.-]*)\s*(?:\[[^\]]*\])?\s*"
    r"(?:==\s*([\w.!+-]+)(?![\w.!+*,-]|\s*,))?\s*(?:[<>=!~;,#\\ ].*)?"
)


class Pin(NamedTuple):
    """A requirement that names a tool."""

    where: str
    version: str | None
    """None where it names none, or a range."""


def pins(snapshot: Snapshot) -> Mapping[str, Pin]:
    """Tool to the first requirement that pins it, else to the first that names it."""
    found: dict[str, Pin] = {}
    for path in sorted(snapshot.files):
        if not snapshot.files[path].is_file or not (
            path == "pyproject.toml" or _FILE.fullmatch(path)
        ):
            continue
        try:
            raw = snapshot.read(path)
        except GateError:  # whoever judges this file says so
            continue
        text = raw[:_SIZE].decode("utf-8", "replace")
        lines = _of_project(text) if path == "pyproject.toml" else text.splitlines()
        for name, version in _named(lines):
            if name not in found or (version and not found[name].version):
                found[name] = Pin(shown(path), version)
    return found


def _named(lines: Iterator[str] | list[str]) -> Iterator[tuple[str, str | None]]:
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is not None:
            name = match[1].lower().replace("_", "-")
            if name in TOOLS:
                yield name, match[2]


def _of_project(text: str) -> Iterator[str]:
    """The requirements in `pyproject.toml`, Poetry's in the form of the others."""
    import tomllib

    try:
        document: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    project, poetry = _table(document, "project"), _table(document, "tool", "poetry")
    groups = [
        project.get("dependencies"),
        *_table(project, "optional-dependencies").values(),
        *_table(document, "dependency-groups").values(),
    ]
    for group in groups:
        yield from (line for line in group or () if isinstance(line, str))
    tables = [_table(poetry, "dependencies"), _table(poetry, "dev-dependencies")]
    tables += [_table(group, "dependencies") for group in _table(poetry, "group").values()]
    for table in tables:
        for name, version in table.items():
            exact = isinstance(version, str) and version[:1].isdigit()
            yield f"{name}=={version}" if exact else name


def _table(document: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}
