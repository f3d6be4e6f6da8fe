"""Matches dependencies against OSV records (ossf.github.io/osv-schema) in a folder or zip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from mlgate import __version__
from mlgate.core.errors import GateError
from mlgate.core.gate import Environment, Tool
from mlgate.core.text import counted, plain
from mlgate.tools._advisories import SEVERITIES, Advisory, Audit, Pin, merged
from mlgate.tools._advisories import describe as describe
from mlgate.tools._find import normal
from mlgate.tools._osv_files import contents, digest

if TYPE_CHECKING:
    from datetime import datetime

    from packaging.version import Version

_HINT = "fetch https://storage.googleapis.com/osv-vulnerabilities/PyPI/all.zip and name it"


class Event(Struct, frozen=True):
    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class Range(Struct, frozen=True):
    type: str
    events: tuple[Event, ...] = ()


class Package(Struct, frozen=True):
    name: str = ""
    ecosystem: str = ""


class Affected(Struct, frozen=True):
    package: Package | None = None
    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()


class Record(Struct, frozen=True):
    id: str
    modified: str
    schema_version: str = "1.0.0"
    withdrawn: str | None = None
    aliases: tuple[str, ...] = ()
    summary: str = ""
    details: str = ""
    affected: tuple[Affected, ...] = ()
    database_specific: dict[str, Any] | None = None


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """Our own matcher: always there, in our own version."""
    del environments, environ
    return Tool(name="osv", version=__version__, argv=(), identity=__version__.encode())


def audit(database: str, pins: Iterable[Pin], now: datetime, max_age: float) -> Audit:
    """Match `pins` against every record of PyPI in `database`.

    `max_age` (seconds) is how long before `now` the newest record may have been modified. Raises
    `GateError` for a database that is missing, broken, empty, stale or from the future.
    """
    wanted: dict[str, list[Pin]] = {}
    for pin in pins:
        wanted.setdefault(pin.name, []).append(pin)
    found: list[Advisory] = []
    count, newest = 0, ""
    for name, content in contents(database):
        record = _record(name, content)
        ours = [a for a in record.affected if _of_pypi(a)]
        if not ours:
            continue
        count += 1
        newest = max(newest, _moment(name, record).isoformat())
        if record.withdrawn is None:
            found.extend(_matches(record, ours, wanted))
    against = f"the OSV database {plain(database)}"
    _require_fresh(against, count, newest, now, max_age)
    described = (
        f"{counted(count, 'OSV record')} of {newest[:10]} (sha256 {digest(database).hex()[:12]})"
    )
    checked = frozenset(pin for group in wanted.values() for pin in group)
    return Audit(audited=checked, advisories=merged(found), against=described)


def _record(name: str, content: bytes) -> Record:
    try:
        record = msgspec.json.decode(content, type=Record)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise GateError(f"{plain(name)} is no OSV record: {plain(str(error))}", _HINT) from None
    if record.schema_version.partition(".")[0] != "1":
        raise GateError(
            f"{plain(name)} has OSV schema {plain(record.schema_version)}, which is not known",
            "upgrade mlgate",
        )
    return record


def _of_pypi(affected: Affected) -> bool:
    return affected.package is not None and affected.package.ecosystem.split(":")[0] == "PyPI"


def _moment(name: str, record: Record) -> datetime:
    """When a record was last modified, in UTC."""
    from datetime import UTC, datetime

    try:
        return datetime.fromisoformat(record.modified).astimezone(UTC)
    except ValueError:
        raise GateError(f"{plain(name)}: `modified` is no date", _HINT) from None


def _require_fresh(against: str, count: int, newest: str, now: datetime, max_age: float) -> None:
    """By what the records say of themselves, never by the time stamps of files."""
    from datetime import datetime

    if not count:
        raise GateError(f"{against} holds no record for PyPI", _HINT)
    age = (now - datetime.fromisoformat(newest)).total_seconds()
    if age < -86400:
        raise GateError(f"{against} holds a record of the future ({newest[:10]})", _HINT)
    if age > max_age:
        raise GateError(
            f"{against} is stale: its newest record is of {newest[:10]}, {age / 86400:.0f} days "
            f"ago, and `max_age` allows {max_age / 86400:g}",
            "fetch it anew, or raise `max_age`",
        )


def _matches(
    record: Record, affected: list[Affected], wanted: dict[str, list[Pin]]
) -> Iterator[Advisory]:
    by_name: dict[str, list[Affected]] = {}
    for entry in affected:
        if entry.package is not None and normal(entry.package.name) in wanted:
            by_name.setdefault(normal(entry.package.name), []).append(entry)
    for name, entries in by_name.items():
        for pin in wanted[name]:
            verdicts = [_affects(entry, pin) for entry in entries]
            if any(verdict is not False for verdict in verdicts):
                yield _advisory(record, pin, entries, certain=True in verdicts)


def _affects(affected: Affected, pin: Pin) -> bool | None:
    """Whether a pin is affected; None if the entry does not let that be decided."""
    from packaging.version import InvalidVersion, Version

    version = Version(Version(pin.version).public)
    if pin.version in affected.versions or any(_same(v, version) for v in affected.versions):
        return True
    ranges = [r for r in affected.ranges if r.type == "ECOSYSTEM"]
    if not ranges:
        return False if affected.versions else None
    try:
        return any(_inside(r, version) for r in ranges)
    except InvalidVersion:
        return None


def _same(text: str, version: Version) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text) == version
    except InvalidVersion:
        return False


def _inside(span: Range, version: Version) -> bool:
    """The schema's own evaluation: walk the events in order of their versions."""
    from packaging.version import Version

    lowest = Version("0.dev0")
    events: list[tuple[Version, int, bool]] = []
    for event in span.events:
        if event.introduced is not None:
            start = lowest if event.introduced == "0" else Version(event.introduced)
            events.append((start, 1, True))
        if event.fixed is not None:
            events.append((Version(event.fixed), 0, False))
        if event.last_affected is not None:
            events.append((Version(event.last_affected), 2, False))
    inside = False
    for at, order, starts in sorted(events):
        reached = version > at if order == 2 else version >= at
        if reached:
            inside = starts
    return inside


def _advisory(record: Record, pin: Pin, entries: list[Affected], *, certain: bool) -> Advisory:
    return Advisory(
        id=record.id,
        pin=pin,
        aliases=record.aliases,
        fixed=_fixed(entries, pin),
        summary=record.summary or record.details.partition("\n")[0],
        severity=_severity(record),
        certain=certain,
    )


def _fixed(entries: list[Affected], pin: Pin) -> tuple[str, ...]:
    """The versions above the pin's in which it is mended, lowest first."""
    from packaging.version import InvalidVersion, Version

    found: set[Version] = set()
    for event in (e for entry in entries for r in entry.ranges for e in r.events):
        try:
            if event.fixed is not None and Version(event.fixed) > Version(pin.version):
                found.add(Version(event.fixed))
        except InvalidVersion:  # a git commit
            continue
    return tuple(str(version) for version in sorted(found))


def _severity(record: Record) -> str | None:
    said = str((record.database_specific or {}).get("severity", "")).lower()
    said = "moderate" if said == "medium" else said
    return said if said in SEVERITIES else None
