"""What test files import from outside the repository as soon as they are collected."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot

_MOST_FILES = 2000
_LARGEST = 1 << 20
_ROOTS = ("", "src/")


def needed(subject: Snapshot, paths: Iterable[str], project: str = "") -> list[str]:
    """The top-level modules that `paths`, and what they import of the repository, import at once.

    Only what is imported without a condition counts, and nothing that has the name of a file or
    folder of the repository: such a module may come from there by ways that are not seen here.
    """
    own = {part for path in subject.files for part in path.removesuffix(".py").split("/")}
    waiting = sorted(paths)
    seen = set(waiting)
    names: set[str] = set()
    while waiting and len(seen) <= _MOST_FILES:
        path = waiting.pop()
        for module in _imports(_source(subject, path), path):
            files = [f for f in _files(subject, module, path, project) if f not in seen]
            seen.update(files)
            waiting += files
            names.add(module.partition(".")[0])
    return sorted(names - own - sys.stdlib_module_names - {"", "pytest"})


def _source(subject: Snapshot, path: str) -> bytes:
    content = subject.read(path) if subject.files[path].is_file else b""
    return content if len(content) <= _LARGEST else b""


def _imports(source: bytes, path: str) -> Iterator[str]:
    """Dotted names, relative ones as if the repository's root were where imports begin."""
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in statements:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            start = _start(statement, path)
            yield start
            yield from (f"{start}.{alias.name}" for alias in statement.names)
        elif _may_skip(statement):
            return


def _start(statement: ast.ImportFrom, path: str) -> str:
    if not statement.level:
        return statement.module or ""
    folders = path.split("/")[: -statement.level]
    return ".".join([*folders, *([statement.module] if statement.module else [])])


def _may_skip(statement: ast.stmt) -> bool:
    """True for `pytest.importorskip(...)` and `pytest.skip(..., allow_module_level=True)`."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False
    names = {getattr(n, "attr", getattr(n, "id", "")) for n in ast.walk(statement)}
    return not names.isdisjoint({"importorskip", "skip", "exit"})


def _files(subject: Snapshot, module: str, path: str, project: str) -> Iterator[str]:
    """The repository's files that importing a module runs."""
    parts = module.split(".")
    for root in {*_ROOTS, os.path.join(project, ""), f"{os.path.dirname(path)}/"}:
        for length in range(1, len(parts) + 1):
            stem = root + "/".join(parts[:length])
            for candidate in (f"{stem}.py", f"{stem}/__init__.py"):
                if candidate in subject.files:
                    yield candidate
