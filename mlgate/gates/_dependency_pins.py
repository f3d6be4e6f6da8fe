"""Settles at which version each dependency is judged, and which cannot be judged at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.tools._advisories import Pin, key, public

if TYPE_CHECKING:
    from mlgate.gates._dependency_files import Found
    from mlgate.gates._requirements import Dependency


class Judged(Struct, frozen=True, kw_only=True):
    """Every dependency, by what can be done about it."""

    places: dict[Pin, tuple[Dependency, ...]]
    """What is audited, without local parts (`+cpu`), which no advisory knows; and where it is
    asked for."""
    unpinned: frozenset[Pin]
    """Those of them whose version is the installed one."""
    unauditable: tuple[tuple[Dependency, str], ...]
    """Dependency and why."""
    elsewhere: int
    """How many are neither pinned nor meant for this platform."""


def pins(found: Found, installed: Mapping[str, tuple[str, str]]) -> Judged:
    """Pinned versions as they are, others by constraints, else as installed.

    `installed` is name to (version, folder), as `_find.installed` gives it.
    """
    asked: dict[tuple[str, str], Pin] = {}
    places: dict[Pin, tuple[Dependency, ...]] = {}
    unpinned: set[Pin] = set()
    refused: list[tuple[Dependency, str]] = []
    elsewhere = 0
    for dependency in found.dependencies:
        version = dependency.version or found.constraints.get(dependency.name)
        if dependency.opaque is None and version is None and dependency.name in installed:
            version = installed[dependency.name][0]
            unpinned.add(Pin(dependency.name, version))
        why = dependency.opaque or _why_not(version)
        if why is None and version is not None:
            pin = Pin(dependency.name, public(version))
            pin = asked.setdefault(key(pin), pin)
            places[pin] = (*places.get(pin, ()), dependency)
        elif dependency.elsewhere and version is None and dependency.opaque is None:
            elsewhere += 1
        else:
            refused.append((dependency, str(why)))
    return Judged(
        places=places,
        unpinned=frozenset(unpinned),
        unauditable=tuple(refused),
        elsewhere=elsewhere,
    )


def _why_not(version: str | None) -> str | None:
    """Why a version cannot be judged; None if it can."""
    from packaging.version import InvalidVersion, Version

    if version is None:
        return "it is not pinned, and not installed in the project's environment"
    try:
        Version(version)
    except InvalidVersion:
        return f"{version} is no version as PEP 440 has them"
    return None
