"""For authors of gates: run one gate over a few files and get its findings."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from mlgate import process
from mlgate.core import parts
from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding
from mlgate.core.gate import Completed, Context, Environment, Tool
from mlgate.core.snapshot import Entry
from mlgate.core.words import Stage
from mlgate.tools import _find


class FolderSnapshot:
    """Every file below a folder, as if it were a commit."""

    label = "folder"
    commit = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: Mapping[str, Entry] = dict(self._entries())

    def _entries(self) -> Iterator[tuple[str, Entry]]:
        for path in sorted(p for p in self.folder.rglob("*") if ".git" not in p.parts):
            name = path.relative_to(self.folder).as_posix()
            if path.is_symlink():
                yield name, Entry("120000", _blob(os.fsencode(os.readlink(path))))
            elif path.is_file():
                mode = "100755" if os.access(path, os.X_OK) else "100644"
                yield name, Entry(mode, _blob(path.read_bytes()))

    def root(self, paths: Iterable[str]) -> str:
        return str(self.folder)

    def read(self, path: str) -> bytes:
        try:
            return (self.folder / path).read_bytes()
        except OSError as error:
            raise GateError(f"{path} cannot be read: {error.strerror}") from None


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def context(
    gate: Any,
    folder: Path,
    *,
    kind: str = "gate",
    stage: Stage = Stage.MERGE,
    options: Mapping[str, Any] | None = None,
    network: bool = False,
    named: bool = True,
    environ: Mapping[str, str] | None = None,
    **more: Any,
) -> Context:
    """A context over the files in `folder`; `more` replaces any other field."""
    environ = dict(os.environ if environ is None else environ)
    subject = FolderSnapshot(folder)

    def environment() -> Environment:
        return _find.project_environment(str(folder), environ)

    def tool(name: str) -> Tool:
        places = [_find.own_environment()]
        return parts.load("tools", name).find(places, environ)  # type: ignore[no-any-return]

    def run(
        program: Tool | tuple[str, ...] | list[str],
        *args: str,
        cwd: Path | str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        project: bool = False,
        timeout: float | None = None,
    ) -> Completed:
        argv = program.argv if isinstance(program, Tool) else program
        make = process.project_environment if project else process.bare_environment
        return process.run(
            [*argv, *args], cwd=cwd, env=make(environ, (), env), stdin=stdin, timeout=timeout
        )

    fields: dict[str, Any] = {
        "gate": kind,
        "kind": kind,
        "stage": stage,
        "options": msgspec.convert(dict(options or {}), gate.Options),
        "subject": subject,
        "base": None,
        "files": tuple(subject.files),
        "work": folder,
        "now": datetime.now(UTC),
        "network": network,
        "named": named,
        "tool": tool,
        "environment": environment,
        "run": run,
        "worker": _no_worker,
        "withheld": tuple(process.withheld_names(environ)),
        "store": None,
        "progress": lambda done, total: None,
    }
    return Context(**(fields | more))


def _no_worker(*_: Any, **__: Any) -> Iterator[Any]:
    raise GateError("no worker in this context")


def check(
    gate: Any, folder: Path, files: Mapping[str, str | bytes], **more: Any
) -> list[Finding | Figure]:
    """Write `files` into `folder`, ask the gate about them, and return what it states, in order."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    ctx = context(gate, folder, **more)
    inputs = gate.inputs(ctx)
    return [] if inputs is None else list(gate.check(ctx, inputs.paths))
