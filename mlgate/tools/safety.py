"""Safety: `safety check` on exact pins, its banners stripped, its exit codes believed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import plain
from mlgate.tools import _find
from mlgate.tools._advisories import Advisory, Audit, Pin, merged, refused, rounds
from mlgate.tools._advisories import describe as describe

if TYPE_CHECKING:
    from datetime import datetime

    from mlgate.core.gate import Completed, Environment, Run, Tool

_LARGEST = 512 << 20
_CLEAN, _VULNERABLE = 0, 64
_ACCOUNT = 'Safety needs an account: [environment] pass_env = ["SAFETY_API_KEY"], and set it'
# safety/constants.py of 3.8.1
_CODES = {
    1: ("failed", f"see whether the network lets it reach its servers. {_ACCOUNT}"),
    65: ("was refused: its key is invalid", _ACCOUNT),
    66: ("was refused: too many requests", 'wait, or audit with `tool = "osv"`'),
    67: ("cannot load its local database", "correct `database`"),
    68: ("cannot fetch its database", f"see its message. {_ACCOUNT}"),
    69: ("has a malformed database", "correct `database`: schema 2.0.0 is needed"),
}


class _Meta(Struct, frozen=True):
    timestamp: float


class _Database(Struct, frozen=True):
    meta: _Meta


class _Package(Struct, frozen=True):
    name: str
    version: str | None = None


class _Vulnerability(Struct, frozen=True):
    vulnerability_id: str
    package_name: str
    analyzed_version: str
    CVE: str | None = None
    advisory: str = ""
    fixed_versions: tuple[str, ...] = ()


class _Report(Struct, frozen=True):
    scanned_packages: dict[str, _Package]
    vulnerabilities: tuple[_Vulnerability, ...]
    ignored_vulnerabilities: tuple[Any, ...] = ()


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """Safety, beside the project or beside mlgate."""
    return _find.find(
        "safety",
        distribution="safety",
        environments=environments,
        environ=environ,
        minimum=(3, 2),
        shared=False,
        install="pip install 'mlgate[safety]'",
    )


def audit(tool: Tool, pins: Iterable[Pin], *, run: Run, folder: str, database: str | None) -> Audit:
    """Ask about `pins`, in `folder` (private, empty). Raises `GateError` unless all is clear."""
    audited: set[Pin] = set()
    advisories: list[Advisory] = []
    for number, group in enumerate(rounds(pins)):
        place = os.path.join(folder, str(number))
        os.mkdir(place)
        report = _ask(tool, group, run, place, database)
        for package in report.scanned_packages.values():
            if package.version:
                audited.add(Pin(_find.normal(package.name), package.version))
        advisories.extend(_advisory(found) for found in report.vulnerabilities)
    against = f"safety {tool.version}" + (f" ({database})" if database else "")
    return Audit(audited=frozenset(audited), advisories=merged(advisories), against=against)


def require_fresh(database: str, now: datetime, max_age: float) -> None:
    """See that a local database is young enough by its own date; Safety itself never asks.

    `max_age` in seconds. Raises `GateError`.
    """
    path = os.path.join(database, "insecure.json")
    hint = "fetch it anew, or raise `max_age`"
    try:
        with open(path, "rb") as file:
            stamp = msgspec.json.decode(file.read(_LARGEST), type=_Database).meta.timestamp
    except OSError as error:
        raise GateError(f"{plain(path)} cannot be read: {error.strerror}", hint) from None
    except (msgspec.MsgspecError, RecursionError) as error:
        why = plain(str(error))
        raise GateError(f"{plain(path)} does not say how old it is: {why}", hint) from None
    age = now.timestamp() - stamp
    if not -86400 <= age <= max_age:
        days = f"{age / 86400:.0f} days old, and `max_age` allows {max_age / 86400:g}"
        raise GateError(f"the database {plain(database)} is {days}", hint)


def _ask(tool: Tool, pins: list[Pin], run: Run, place: str, database: str | None) -> _Report:
    listed = os.path.join(place, "requirements.txt")
    with open(listed, "w", encoding="utf-8") as file:
        file.writelines(f"{pin}\n" for pin in pins)
    local = ("--db", database) if database else ()
    return _report(run(tool, "check", "-r", listed, "--output", "json", *local, cwd=place))


def _report(ended: Completed) -> _Report:
    if ended.returncode not in (_CLEAN, _VULNERABLE):
        other = (f"ended with exit code {ended.returncode}", _ACCOUNT)
        why, hint = _CODES.get(ended.returncode, other)
        raise refused("safety", why, ended.errors or ended.text, hint)
    objects = _objects(ended.text)
    if len(objects) != 1:
        why = f"printed {len(objects) or 'no'} reports where there must be one"
        raise refused("safety", why, ended.errors or ended.text, _ACCOUNT)
    try:
        report = msgspec.convert(objects[0], _Report)
    except msgspec.ValidationError as error:
        raise refused("safety", f"gave a report of another form: {error}", "", _ACCOUNT) from None
    if bool(report.vulnerabilities) != (ended.returncode == _VULNERABLE):
        why = f"ended with exit code {ended.returncode}, which its report contradicts"
        raise refused("safety", why, ended.errors, _ACCOUNT)
    if report.ignored_vulnerabilities:
        raise refused(
            "safety", "ignores vulnerabilities by a policy of its own", "", "use [[waivers]]"
        )
    return report


def _objects(text: str) -> list[dict[str, Any]]:
    """Every JSON object that stands in `text`, between banners."""
    import json

    decoder = json.JSONDecoder()
    found: list[dict[str, Any]] = []
    at = text.find("{")
    while at >= 0:
        try:
            value, at = decoder.raw_decode(text, at)
            found.append(value)
        except (ValueError, RecursionError):
            return []
        at = text.find("{", at)
    return found


def _advisory(found: _Vulnerability) -> Advisory:
    aliases = tuple(part.strip() for part in (found.CVE or "").split(",") if part.strip())
    name = next((a for a in aliases if a.startswith("CVE-")), found.vulnerability_id)
    return Advisory(
        id=name,
        pin=Pin(_find.normal(found.package_name), found.analyzed_version),
        aliases=tuple(sorted({found.vulnerability_id, *aliases} - {name})),
        fixed=found.fixed_versions,
        summary=found.advisory,
    )
