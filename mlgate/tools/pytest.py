"""pytest: found in the project's environment, run under a recorder, its sealed report read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.tools import _find

if TYPE_CHECKING:
    from mlgate.core.gate import Environment, Tool

LAUNCHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_launch", "pytest_recorded.py")
_LARGEST = 256 << 20
_RUN_BADLY = "pytest ended without the report that it should have left"


class Case(Struct, frozen=True, kw_only=True):
    """One test, or one file that could not be collected."""

    id: str
    outcome: str
    """`passed`, `failed`, `error`, `skipped`, `xfailed` or `xpassed`."""
    file: str
    line: int | None
    message: str
    time: float
    """Seconds."""


class Session(Struct, frozen=True, kw_only=True):
    """What a run of pytest came to, as the recorder saw it."""

    exit: int
    cases: tuple[Case, ...]
    collected: int = 0
    deselected: int = 0
    version: str | None = None
    coverage: float | None = None
    """Percent."""
    elsewhere: str | None = None
    """A module that was imported from the work tree, where another tree is judged."""
    unusable: str | None = None
    """`missing` where pytest could not be imported, `shadowed` where the tree brings its own."""


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """pytest in the first of `environments` that has it."""
    return _find.find(
        "pytest",
        distribution="pytest",
        environments=environments,
        environ=environ,
        minimum=(6, 2),
        shared=False,
    )


def read_report(path: str, key: bytes) -> Session:
    """The report at `path`, if the recorder sealed it with `key`. Raises `GateError`."""
    import hashlib
    import hmac

    hint = "a test, a plug-in or conftest.py ends the process (os._exit), or replaced the report"
    try:
        with open(path, "rb") as file:
            mac = file.readline(80).strip()
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise GateError(_RUN_BADLY, hint) from None
    wanted = hmac.new(key, content, hashlib.sha256).hexdigest().encode()
    if len(content) > _LARGEST or not hmac.compare_digest(mac, wanted):
        raise GateError("the report on the tests is not the one that was sealed", hint)
    return _session(content)


def _session(content: bytes) -> Session:
    from defusedxml import ElementTree

    try:
        top = ElementTree.fromstring(content, forbid_dtd=True)
    except ElementTree.ParseError as error:
        raise GateError(f"the report on the tests cannot be read: {error}") from None
    facts = {p.attrib["name"]: p.attrib["value"] for p in top.iter("property")}
    covered = facts.get("coverage")
    return Session(
        exit=int(facts["exit"]),
        cases=tuple(_case(element) for element in top.iter("testcase")),
        collected=int(facts.get("collected", 0)),
        deselected=int(facts.get("deselected", 0)),
        version=facts.get("version"),
        coverage=None if covered is None else float(covered),
        elsewhere=facts.get("elsewhere"),
        unusable=facts.get("unusable"),
    )


def _case(element: Any) -> Case:
    outcome, message = "passed", ""
    for child in element:
        outcome = child.get("type") or child.text or "error"
        message = child.get("message") or ""
    line = element.get("line")
    return Case(
        id=element.get("name"),
        outcome=outcome,
        file=element.get("file"),
        line=int(line) if line else None,
        message=message,
        time=float(element.get("time")),
    )
