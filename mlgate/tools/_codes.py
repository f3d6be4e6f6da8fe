"""What a tool's own code means, by the words of the tool that is installed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.gate import Completed, Tool

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_codes_script.py")


class Code(Struct, frozen=True, kw_only=True):
    """A code of a tool, explained."""

    means: str
    read: str
    """Where its documentation is."""
    level: str
    """Of findings of it."""
    mend: str = ""
    mute: str = ""
    """The comment that silences it on a line, with room for the reason; empty if there is none."""


class Asking(Protocol):
    """What reaches a tool: the part of a run's workshop that is needed here."""

    @property
    def run(self) -> Callable[..., Completed]:
        """Run a tool."""

    @property
    def worker(self) -> Callable[..., Iterator[Any]]:
        """Run a script of ours in an interpreter."""


def asked(asking: Asking, tool: Tool, code: str) -> dict[str, str]:
    """What the packages in the tool's own interpreter say of `code`; empty where they say nothing
    or cannot be asked."""
    if tool.environment is None:
        return {}
    request = {"tool": tool.name, "code": code}
    try:
        (answer,) = asking.worker(_SCRIPT, request, python=tool.environment.python, timeout=60)
    except GateError:
        return {}
    return {str(name): str(value) for name, value in answer.items()}


def printed(asking: Asking, tool: Tool, *args: str) -> str:
    """What the tool prints of a code; empty where it does not know it or cannot be asked."""
    try:
        done = asking.run(tool, *args, cwd=os.sep, timeout=60)
    except GateError:
        return ""
    return done.text if done.returncode == 0 else ""
