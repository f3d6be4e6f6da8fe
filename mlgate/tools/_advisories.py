"""What every audit of dependencies states, and the proof that it judged all it was asked about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.gate import Tool
from mlgate.core.text import counted, plain
from mlgate.tools._codes import Asking, Code
from mlgate.tools._find import normal


class Pin(Struct, frozen=True, order=True):
    """A distribution (normalised name) at one version."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


class Advisory(Struct, frozen=True, kw_only=True):
    """A known vulnerability of one pin."""

    id: str
    pin: Pin
    aliases: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    """Versions without it, lowest first."""
    summary: str = ""
    severity: str | None = None
    """`low`, `moderate`, `high` or `critical`, where the advisory says so."""
    certain: bool = True
    """False where the advisory does not say which versions it is about."""


class Audit(Struct, frozen=True, kw_only=True):
    """What an audit came to."""

    audited: frozenset[Pin]
    """Every pin that it names as judged, as it names it."""
    advisories: tuple[Advisory, ...]
    against: str
    """What knew the advisories, in words."""
    skipped: tuple[tuple[Pin, str], ...] = ()
    """Pins of which the source says that it does not know them, and its words."""


def require_complete(pins: Iterable[Pin], canary: Pin, audit: Audit) -> None:
    """See that every pin was judged or named as unknown, and that the canary, known to be bad,
    was found out.

    Raises `GateError`: an audit that left something out, or knows nothing, has not passed.
    """
    asked = {key(pin): pin for pin in pins}
    judged = {key(pin) for pin in audit.audited} | {key(pin) for pin, _ in audit.skipped}
    left = [pin for name, pin in asked.items() if name not in judged]
    if left:
        named = ", ".join(str(pin) for pin in left[:5])
        raise GateError(
            f"{counted(len(left), 'dependency', 'dependencies')} not audited by "
            f"{audit.against}: {plain(named)}",
            "see whether its source knows these packages, or audit with another `tool`",
        )
    strange = [a.pin for a in audit.advisories if key(a.pin) not in asked]
    if strange:
        raise GateError(
            f"{audit.against} speaks of {plain(str(strange[0]))}, about which it was not asked",
            "see whether it reads a configuration of its own",
        )
    if not any(key(found.pin) == key(canary) and found.certain for found in audit.advisories):
        raise GateError(
            f"{audit.against} does not report {canary}, which is known to be vulnerable: it is "
            "empty, or answers without knowing",
            "correct its source; where it only knows your own packages, name a known bad one as "
            '`canary = "name==version"`',
        )


def key(pin: Pin) -> tuple[str, str]:
    """What is equal for two spellings of one pin: `A_b 1.0` and `a-b 1.0.0+cpu`."""
    from packaging.utils import canonicalize_version

    return normal(pin.name), canonicalize_version(public(pin.version))


def public(version: str) -> str:
    """A version as PEP 440 compares it, without its local part; as it is, if it is none."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(version).public
    except InvalidVersion:
        return version


def rounds(pins: Iterable[Pin]) -> list[list[Pin]]:
    """The pins in lists that name every distribution once, since tools refuse to see one twice."""
    found: list[list[Pin]] = []
    seen: dict[str, int] = {}
    for pin in sorted(pins):
        number = seen.get(pin.name, 0)
        seen[pin.name] = number + 1
        if number == len(found):
            found.append([])
        found[number].append(pin)
    return found


def refused(tool: str, why: str, said: str, hint: str) -> GateError:
    """The error for a tool whose answer cannot be relied on, with the end of what it said, where
    that is more than warnings without them."""
    lines = [line.removeprefix("ERROR:") for line in plain(said).strip().splitlines()]
    lines = [line for line in lines if not line.startswith("WARNING:")] or lines
    end = "\n".join(lines[-6:])[-600:]
    return GateError(f"{tool} {why}\n{end}".strip(), hint)


def merged(advisories: Iterable[Advisory]) -> tuple[Advisory, ...]:
    """One advisory for all that are aliases of one another, at the same pin."""
    groups: list[list[Advisory]] = []
    for advisory in advisories:
        names = {advisory.id, *advisory.aliases}
        kin = [g for g in groups if g[0].pin == advisory.pin and _names(g) & names]
        groups = [g for g in groups if g not in kin]
        groups.append([entry for group in kin for entry in group] + [advisory])
    return tuple(sorted((_one(g) for g in groups), key=lambda a: (a.pin, a.id)))


def _names(group: Sequence[Advisory]) -> set[str]:
    return {name for advisory in group for name in (advisory.id, *advisory.aliases)}


def _one(group: Sequence[Advisory]) -> Advisory:
    """The group under one id: GitHub's before PyPI's before any other, for steady waivers."""
    first = min(group, key=lambda a: (_rank(a.id), a.id))
    severities = [a.severity for a in group if a.severity is not None]
    return Advisory(
        id=first.id,
        pin=first.pin,
        aliases=tuple(sorted(_names(group) - {first.id})),
        fixed=next((a.fixed for a in [first, *group] if a.fixed), ()),
        summary=first.summary or next((a.summary for a in group if a.summary), ""),
        severity=max(severities, key=SEVERITIES.index) if severities else None,
        certain=any(a.certain for a in group),
    )


SEVERITIES = ("low", "moderate", "high", "critical")


def _rank(name: str) -> int:
    return next((i for i, p in enumerate(("GHSA-", "PYSEC-")) if name.startswith(p)), 2)


def describe(_asking: Asking, _tool: Tool, code: str) -> Code | None:
    """Where an advisory is published, and what is done about one."""
    if not code.startswith(("CVE-", "GHSA-", "OSV-", "PYSEC-")):
        return None
    return Code(
        means="a published vulnerability of a version that is depended on",
        read=f"https://osv.dev/vulnerability/{code}",
        mend="depend on a version that is not affected; the finding names the first",
        level="as severe as the advisory says: low warning, else error",
    )
