"""detect-secrets: found by its distribution, driven through a script in its own environment."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.gate import Completed, Environment, Tool
from mlgate.tools import _find

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_detect_secrets_scan.py")


class Text(Struct, frozen=True):
    """A text to be scanned."""

    path: str
    """The file it is from."""
    name: str
    """A file name that tells the detectors its language."""
    text: str
    entropy: bool = True
    """False where random-looking strings are no secrets."""


class Secret(Struct, frozen=True, array_like=True):
    """A secret that was found: the text's number, line, detector type, SHA-1 of the value."""

    text: int
    line: int
    type: str
    hash: str


class Answer(Struct, frozen=True):
    """What the script found."""

    found: list[Secret]
    failed: list[tuple[int, str]]
    unknown: list[str]


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """detect-secrets 1.5 or newer, started through our script."""
    tool = _find.find(
        "detect-secrets",
        distribution="detect-secrets",
        environments=environments,
        environ=environ,
        minimum=(1, 5),
    )
    if tool.environment is None:
        raise GateError("the environment of detect-secrets is unknown")
    with open(SCRIPT, "rb") as script:
        identity = digest_of(tool.identity + script.read()).digest()
    starts = (*tool.environment.run, tool.environment.python, "-I", "-B", SCRIPT)
    return Tool(
        name=tool.name,
        version=tool.version,
        argv=starts,
        entry=None if tool.environment.run else SCRIPT,
        environment=tool.environment,
        identity=identity,
    )


class Request(Struct, frozen=True, kw_only=True):
    """What the script is asked, on its standard input."""

    texts: list[Text]
    plugins: list[dict[str, Any]] | None = None
    """None: all that detect-secrets brings."""
    disabled: list[str] = []
    limits: dict[str, float] = {}
    """Entropy limit by plug-in."""
    filters: list[dict[str, Any]] | None = None
    """None: those that detect-secrets asks by default."""
    excluded: dict[str, list[str]] = {}
    """Patterns by the filter that they are added to."""


def answer(completed: Completed) -> Answer:
    """What the script wrote. Raises `GateError` for anything but a whole answer."""
    try:
        if completed.returncode == 0:
            return msgspec.json.decode(completed.stdout, type=Answer)
    except (msgspec.DecodeError, msgspec.ValidationError):
        pass
    last = completed.errors.strip().rpartition("\n")[2][:200]
    # The last line of a traceback names the error; detect-secrets puts no values there.
    raise GateError(
        f"detect-secrets ended with {completed.returncode} and no readable answer: {last}",
        "run detect-secrets scan by hand, or reinstall it: pip install -U detect-secrets",
    )
