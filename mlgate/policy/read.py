"""From bytes to tables: finds the policy in a snapshot and reads it within limits."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

from mlgate.core.errors import PolicyError
from mlgate.core.patterns import later
from mlgate.core.snapshot import Snapshot
from mlgate.core.text import plain, shown
from mlgate.policy.model import PolicyFile

Read = Callable[[str], bytes | None]
"""Gives the bytes of a path relative to the repository's root, None where there is no such file."""

NAME = "mlgate.toml"
LIMIT = 1 << 20
DEPTH = 32

_PLACE = later(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = later(r"Cannot declare \((.*?),?\) twice")
# tomllib needs time quadratic in the number of a key's parts.
_LONG_KEY = later(rf"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){{{2 * DEPTH}}}")


def reader(snapshot: Snapshot) -> Read:
    """Reads from `snapshot`; what is not a regular file there is refused."""

    def read(path: str) -> bytes | None:
        entry = snapshot.files.get(path)
        if entry is None:
            return None
        if not entry.is_file:
            raise PolicyError(
                [f"{shown(path)}: a policy must be a regular file, not a link or a submodule"],
                "put the policy's text itself into the repository",
            )
        return snapshot.read(path)

    return read


def find(read: Read, directory: str = "") -> PolicyFile | None:
    """The policy of `directory`: `mlgate.toml`, or `[tool.mlgate]` in `pyproject.toml`."""
    folder = f"{directory}/" if directory else ""
    own, shared = folder + NAME, folder + "pyproject.toml"
    content, pyproject = read(own), read(shared)
    if content is None:
        return _in_pyproject(shared, pyproject)
    if pyproject is not None and _also_in(shared, pyproject):
        raise PolicyError(
            [f"{shown(shared)}: there is a policy in {shown(own)} and in [tool.mlgate] too"],
            "keep one of them",
        )
    return PolicyFile(shown(own), tables(shown(own), content), content)


def _in_pyproject(path: str, content: bytes | None) -> PolicyFile | None:
    if content is None or b"mlgate" not in content:
        return None
    tool = tables(shown(path), content).get("tool")
    policy = tool.get("mlgate") if isinstance(tool, dict) else None
    if policy is None:
        return None
    if not isinstance(policy, dict):
        raise PolicyError([f"{shown(path)}: [tool.mlgate] must be a table"])
    return PolicyFile(shown(path), policy, content, ("tool", "mlgate"))


def _also_in(path: str, pyproject: bytes) -> bool:
    """Whether `pyproject` holds a second policy; what cannot be read holds none that would bind."""
    try:
        return _in_pyproject(path, pyproject) is not None
    except PolicyError:
        return False


def tables(label: str, content: bytes) -> dict[str, Any]:
    """`content` as TOML. Raises `PolicyError` with line and column."""
    if len(content) > LIMIT:
        raise PolicyError([f"{label}: a policy may have 1 MiB, this has {len(content):,} bytes"])
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PolicyError([f"{label}:{line}: not UTF-8"], "save the file as UTF-8") from None
    too_deep = f"{label}: nested too deeply; {DEPTH} levels are allowed"
    if _LONG_KEY.search(text):
        raise PolicyError([too_deep])
    try:
        parsed = tomllib.loads(text)
    except RecursionError:
        raise PolicyError([too_deep]) from None
    except ValueError as error:
        raise PolicyError([_syntax(label, str(error))]) from None
    _limit(parsed, label, DEPTH)
    return parsed


def _syntax(label: str, message: str) -> str:
    place = _PLACE.search(message)
    text = plain(message[: place.start()] if place else message)
    text = _TWICE.sub(
        lambda m: f"[{m[1].replace(', ', '.').replace(chr(39), '')}] stands twice", text
    )
    if place is None or place[1] is None:
        return f"{label}: {text}" + (" at the end of the file" if place else "")
    return f"{label}:{place[1]}:{place[2]}: {text}"


def _limit(value: Any, label: str, depth: int) -> None:
    """Raises where `value` is nested too deeply or holds a number that TOML does not promise."""
    if depth < 0:
        raise PolicyError([f"{label}: nested too deeply; {DEPTH} levels are allowed"])
    if isinstance(value, dict):
        value = value.values()
    elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise PolicyError([f"{label}: a whole number must fit into 64 bits"])
    elif not isinstance(value, list):
        return
    for item in value:
        _limit(item, label, depth - 1)
