"""What a gate asks of a tool, and how a tool's failure to answer is told."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.gate import Completed, Tool
from mlgate.core.text import plain

# Windows allows 32 KiB, the fallback to a process of its own a little more elsewhere.
_ARGUMENT_BYTES = 24_000 if os.name == "nt" else 100_000


class Ask(Struct, frozen=True, kw_only=True):
    """One question: these files, lying in this folder, under this configuration."""

    folder: str
    """The working folder: where the configuration lies, else the project's."""
    names: tuple[str, ...]
    """The files, relative to `folder`, in printable characters."""
    config: str | None = None
    """The configuration file, absolute. None: the tool must use none, not even the user's."""
    args: tuple[str, ...] = ()
    """The policy's own arguments."""
    kind: str
    """The gate's kind: the first half of every rule."""
    python: str | None = None
    """The interpreter whose packages the project's code imports."""


def portions(names: Iterable[str]) -> Iterator[list[str]]:
    """`names` in parts that fit on a command line."""
    part: list[str] = []
    size = 0
    for name in names:
        if part and size + len(name) * 2 + 3 > _ARGUMENT_BYTES:
            yield part
            part, size = [], 0
        part.append(name)
        size += len(name) * 2 + 3
    if part:
        yield part


def refused(tool: Tool, done: Completed, what: str = "") -> GateError:
    """The error for a tool that ended in a way, or printed something, it should not."""
    told = plain(done.errors.strip() or done.text.strip())
    lines = [line for line in told.splitlines() if line.strip()]
    if "Traceback (most recent call last):" in told or told.startswith("usage:"):
        lines = lines[-1:]
    because = ": " + " / ".join(line.strip() for line in lines[:4])[:600] if lines else ""
    what = what or f"ended with exit code {done.returncode}"
    return GateError(
        f"{tool.name} {tool.version} {what}{because}",
        f"run {tool.name} by hand on these files; if it fails there too, repair its installation"
        " or its configuration",
    )
