"""pip-audit: asks PyPI or an OSV server about exact pins; nothing is resolved or built."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from mlgate.tools import _find
from mlgate.tools._advisories import Advisory, Audit, Pin, merged, refused, rounds
from mlgate.tools._advisories import describe as describe

if TYPE_CHECKING:
    from mlgate.core.gate import Completed, Environment, Run, Tool

_HINT = "see whether the network lets it reach its source, or name another `service` or `url`"
# What it says, exit code 0, where it leaves out an advisory that it does not understand.
_IGNORED = ("Unsupported OSV schema", "is missing 'affected'")


class _Vulnerability(Struct, frozen=True):
    id: str
    fix_versions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    description: str = ""


class _Dependency(Struct, frozen=True):
    name: str
    version: str | None = None
    vulns: tuple[_Vulnerability, ...] = ()
    skip_reason: str | None = None


class _Report(Struct, frozen=True):
    dependencies: tuple[_Dependency, ...]


def find(environments: Sequence[Environment], environ: Mapping[str, str]) -> Tool:
    """pip-audit, beside the project or beside mlgate."""
    return _find.find(
        "pip-audit",
        distribution="pip-audit",
        environments=environments,
        environ=environ,
        minimum=(2, 7),
        shared=False,
        install="pip install 'mlgate[audit]'",
    )


def audit(
    tool: Tool, pins: Iterable[Pin], *, run: Run, folder: str, service: str, url: str | None
) -> Audit:
    """Ask about `pins`, in `folder` (private, empty). Raises `GateError` unless all is clear."""
    audited: set[Pin] = set()
    advisories: list[Advisory] = []
    skipped: dict[Pin, str] = {}
    for number, group in enumerate(rounds(pins)):
        place = os.path.join(folder, str(number))
        os.mkdir(place)
        for dependency in _ask(tool, group, run, place, service, url).dependencies:
            if dependency.skip_reason is not None:
                skipped |= _skipped(dependency, group)
                continue
            if dependency.version is None:
                continue
            pin = Pin(_find.normal(dependency.name), dependency.version)
            audited.add(pin)
            advisories.extend(_advisory(pin, found) for found in dependency.vulns)
    source = f"{service} at {url}" if url else service
    against = f"pip-audit {tool.version} ({source})"
    return Audit(
        audited=frozenset(audited),
        advisories=merged(advisories),
        against=against,
        skipped=tuple(sorted(skipped.items())),
    )


def _skipped(dependency: _Dependency, asked: list[Pin]) -> dict[Pin, str]:
    """It names no version of what it skips; a round asks for one of each name."""
    name = _find.normal(dependency.name)
    return {pin: dependency.skip_reason or "" for pin in asked if pin.name == name}


def _ask(
    tool: Tool, pins: list[Pin], run: Run, place: str, service: str, url: str | None
) -> _Report:
    listed = os.path.join(place, "requirements.txt")
    with open(listed, "w", encoding="utf-8") as file:
        file.writelines(f"{pin}\n" for pin in pins)
    arguments = [*("-r", listed), "--no-deps", "--disable-pip", *("-f", "json")]
    arguments += ["--progress-spinner", "off", "--cache-dir", os.path.join(place, "cache")]
    arguments += ["-s", service, *(("--osv-url", url) if url else ())]
    return _report(run(tool, *arguments, cwd=place))


def _report(ended: Completed) -> _Report:
    if ended.returncode not in (0, 1):
        raise refused("pip-audit", f"ended with exit code {ended.returncode}", ended.errors, _HINT)
    try:
        report = msgspec.json.decode(ended.stdout, type=_Report)
    except (msgspec.MsgspecError, RecursionError):
        raise refused("pip-audit", "gave no report", ended.errors, _HINT) from None
    found = any(dependency.vulns for dependency in report.dependencies)
    if found != (ended.returncode == 1):
        why = f"ended with exit code {ended.returncode}, which its report contradicts"
        raise refused("pip-audit", why, ended.errors, _HINT)
    if any(words in ended.errors for words in _IGNORED):
        raise refused("pip-audit", "left out an advisory", ended.errors, "upgrade pip-audit")
    return report


def _advisory(pin: Pin, found: _Vulnerability) -> Advisory:
    return Advisory(
        id=found.id,
        pin=pin,
        aliases=found.aliases,
        fixed=found.fix_versions,
        summary=found.description,
    )
