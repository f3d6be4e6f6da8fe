"""Finds and reads the findings that a command wrote: SARIF, or the JSON of mlgate itself."""

from __future__ import annotations

import os
import stat
from typing import Any

import msgspec
from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Location, Measurement
from mlgate.core.text import plain
from mlgate.core.words import Level, Result
from mlgate.gates import _sarif

_LARGEST = 64 << 20
_MOST = 20_000


class Read(Struct, frozen=True, kw_only=True):
    """What a report holds."""

    findings: tuple[Finding, ...]
    suppressed: int = 0
    program: str = "the report"


class Place:
    """Where a command writes its findings, and what lay there before it ran."""

    def __init__(self, findings: str | None, root: str, project: str, out: str) -> None:
        form, _, name = (findings or "").partition(":")
        self.form = form or None
        self.root = root
        self.name = name
        self.private = name == "{out}"
        self.path = out if self.private else os.path.join(root, project, name)
        self.before = self._stamp()

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = os.lstat(self.path)
        except OSError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    def content(self, stdout: bytes) -> bytes:
        """The bytes that this run wrote. Raises `GateError` where there are none to trust."""
        if self.name == "-":
            content = stdout
        else:
            if self._stamp() is None:
                raise self._refused("was not written", "see that the command writes it, or `{out}`")
            if self._stamp() == self.before:
                raise self._refused(
                    "lay there before and was not written anew", "delete it; write to `{out}`"
                )
            content = self._bytes()
        if len(content) > _LARGEST:
            raise self._refused(f"is larger than {_LARGEST >> 20} MiB", "report less")
        if not content.strip():
            raise self._refused("is empty", "see what the command prints")
        return content

    def _bytes(self) -> bytes:
        inside = os.path.realpath(self.root) + os.sep
        if not self.private and not os.path.realpath(self.path).startswith(inside):
            raise self._refused("lies outside the repository", "write to `{out}`")
        try:
            number = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise self._refused(f"cannot be read: {error.strerror}", "write a file") from None
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise self._refused("is no file", "write a file")
        with os.fdopen(number, "rb") as file:
            return file.read(_LARGEST + 1)

    def _refused(self, why: str, hint: str) -> GateError:
        what = "standard output" if self.name == "-" else plain(self.name)
        return GateError(f"the findings of the command ({what}): {why}", hint)


def read(place: Place, stdout: bytes) -> Read:
    """The findings at `place`. Raises `GateError` where they are missing or broken."""
    content = place.content(stdout)
    try:
        document = msgspec.json.decode(content)
        found = _FORMS[str(place.form)](document, place.root)
    except (msgspec.MsgspecError, RecursionError, _sarif.Malformed) as error:
        raise GateError(
            f"the command's {place.form} findings cannot be read: {plain(str(error))[:300]}",
            "run the command by hand and look at what it writes",
        ) from None
    if len(found.findings) > _MOST:
        raise GateError(f"the command reports more than {_MOST:,} findings", "report less")
    return found


def _read_sarif(document: Any, root: str) -> Read:
    log = msgspec.convert(document, _sarif.Log)
    findings, suppressed = _sarif.findings(log, root)
    names = ", ".join(plain(run.tool.driver.name)[:60] for run in log.runs)
    return Read(findings=tuple(findings), suppressed=suppressed, program=names)


class _Told(Struct, frozen=True, kw_only=True):
    """A finding as a program may state it; state, policy and fingerprint are not its to say."""

    rule: str
    message: str
    result: Result = Result.FAIL
    level: Level = Level.WARNING
    location: Location | None = None
    measurement: Measurement | None = None
    help: str | None = None


class _ToldVerdict(Struct, frozen=True, kw_only=True):
    findings: tuple[_Told, ...]


class _ToldReport(Struct, frozen=True, kw_only=True):
    verdicts: tuple[_ToldVerdict, ...]


def _read_json(document: Any, _root: str) -> Read:
    """A list of findings, `{"findings": [...]}`, or a report of mlgate."""
    if isinstance(document, dict) and "verdicts" in document:
        report = msgspec.convert(document, _ToldReport)
        told = tuple(found for verdict in report.verdicts for found in verdict.findings)
    elif isinstance(document, dict):
        told = msgspec.convert(document, _ToldVerdict).findings
    else:
        told = msgspec.convert(document, tuple[_Told, ...])
    return Read(findings=tuple(_adopted(finding) for finding in told))


def _adopted(told: _Told) -> Finding:
    name = told.rule.removeprefix("command/")
    fields = msgspec.structs.asdict(told) | {"rule": f"command/{plain(name)[:120]}"}
    fields["message"] = plain(told.message)[:2000]
    fields["help"] = None if told.help is None else plain(told.help)[:500]
    if told.location is not None and not _sarif.inside(told.location.path):
        fields["location"] = None
    return Finding(**fields)


_FORMS = {"sarif": _read_sarif, "json": _read_json}
