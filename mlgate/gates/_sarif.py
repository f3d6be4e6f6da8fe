"""Reads SARIF 2.1.0 (OASIS standard) into findings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal
from urllib.parse import unquote, urlsplit

from msgspec import UNSET, Struct, UnsetType

from mlgate.core.finding import Finding, Location
from mlgate.core.text import plain
from mlgate.core.words import Level, Result

_DEEPEST = 20


class Malformed(Exception):
    """The log is SARIF in form, but not in sense."""


class Message(Struct, frozen=True):
    text: str = ""
    id: str = ""
    arguments: tuple[str, ...] = ()


class Configuration(Struct, frozen=True):
    level: str = "warning"


class ReportingRule(Struct, frozen=True, rename="camel"):
    id: str
    default_configuration: Configuration = Configuration()
    message_strings: dict[str, Message] = {}
    help: Message = Message()


class Component(Struct, frozen=True):
    name: str
    rules: tuple[ReportingRule, ...] = ()


class Tool(Struct, frozen=True):
    driver: Component
    extensions: tuple[Component, ...] = ()


class Artifact(Struct, frozen=True, rename="camel"):
    uri: str = ""
    uri_base_id: str = ""
    index: int = -1


class ArtifactEntry(Struct, frozen=True):
    location: Artifact = Artifact()


class Region(Struct, frozen=True, rename="camel"):
    start_line: int | None = None
    start_column: int | None = None
    end_line: int | None = None


class Physical(Struct, frozen=True, rename="camel"):
    artifact_location: Artifact = Artifact()
    region: Region = Region()


class Place(Struct, frozen=True, rename="camel"):
    physical_location: Physical = Physical()


class Suppression(Struct, frozen=True):
    kind: str = ""
    status: str = "accepted"


class RuleReference(Struct, frozen=True):
    id: str = ""
    index: int = -1


class SarifResult(Struct, frozen=True, rename="camel"):
    message: Message
    rule_id: str = ""
    rule_index: int = -1
    rule: RuleReference = RuleReference()
    level: str | UnsetType = UNSET
    kind: Literal["fail", "open", "review", "pass", "notApplicable", "informational"] = "fail"
    locations: tuple[Place, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    baseline_state: str = "new"


class Invocation(Struct, frozen=True, rename="camel"):
    execution_successful: bool = True


class Run(Struct, frozen=True, rename="camel"):
    tool: Tool
    results: tuple[SarifResult, ...] | None = None
    artifacts: tuple[ArtifactEntry, ...] = ()
    original_uri_base_ids: dict[str, Artifact] = {}
    invocations: tuple[Invocation, ...] = ()


class Log(Struct, frozen=True):
    version: Literal["2.1.0"]
    runs: tuple[Run, ...]


def findings(log: Log, root: str) -> tuple[list[Finding], int]:
    """The findings of a log, and how many of its results are suppressed.

    `root` is the folder against which locations are resolved. Raises `Malformed` for a log that
    says nothing, or that says of itself that the tool failed.
    """
    if not log.runs:
        raise Malformed("it holds no run")
    found: list[Finding] = []
    suppressed = 0
    for run in log.runs:
        if run.results is None:
            raise Malformed(f"the run of {run.tool.driver.name} has no results")
        if not all(invocation.execution_successful for invocation in run.invocations):
            raise Malformed(f"{run.tool.driver.name} says that its execution was not successful")
        for result in run.results:
            if _suppressed(result):
                suppressed += 1
            elif result.baseline_state != "absent" and result.kind in _RESULTS:
                found.append(_finding(run, result, root))
    return found, suppressed


_RESULTS = {
    "fail": Result.FAIL,
    "open": Result.OPEN,
    "review": Result.OPEN,
    "pass": Result.PASS,
}
_LEVELS = {
    "none": Level.NOTE,
    "note": Level.NOTE,
    "warning": Level.WARNING,
    "error": Level.ERROR,
}


def _suppressed(result: SarifResult) -> bool:
    """Section 3.27.23: suppressed if there are suppressions, and all of them are accepted."""
    return bool(result.suppressions) and all(s.status == "accepted" for s in result.suppressions)


def _finding(run: Run, result: SarifResult, root: str) -> Finding:
    rule = _rule(run, result)
    name = result.rule_id or result.rule.id or (rule.id if rule else "") or "result"
    return Finding(
        rule=f"command/{plain(name)[:120]}",
        message=plain(_text(result.message, rule))[:2000] or plain(name)[:120],
        result=_RESULTS[result.kind],
        level=_level(result, rule),
        location=next(_locations(run, result, root), None),
        help=_help(rule),
    )


def _help(rule: ReportingRule | None) -> str | None:
    """A rule's help, unless it is a template that its program left unfilled."""
    text = rule.help.text if rule else ""
    return plain(text)[:500] if text and "{" not in text else None


def _rule(run: Run, result: SarifResult) -> ReportingRule | None:
    """By index, else by id; `CA1000/1` is a sub-rule of `CA1000` (section 3.52.4)."""
    index = result.rule_index if result.rule_index >= 0 else result.rule.index
    rules = run.tool.driver.rules
    if 0 <= index < len(rules):
        return rules[index]
    known = {
        rule.id: rule for part in (run.tool.driver, *run.tool.extensions) for rule in part.rules
    }
    name = result.rule_id or result.rule.id
    return known.get(name) or known.get(name.rpartition("/")[0])


def _level(result: SarifResult, rule: ReportingRule | None) -> Level:
    """The result's own level, else its rule's, else `warning`; unknown words weigh most."""
    if result.kind == "pass":
        return Level.NOTE
    said = result.level
    if result.kind != "fail" and said in ("none", UNSET):
        return Level.WARNING
    if isinstance(said, UnsetType):
        said = rule.default_configuration.level if rule else "warning"
    return _LEVELS.get(said, Level.ERROR)


def _text(message: Message, rule: ReportingRule | None) -> str:
    text = message.text
    if not text and rule and message.id in rule.message_strings:
        text = rule.message_strings[message.id].text
    for number, argument in enumerate(message.arguments):
        text = text.replace(f"{{{number}}}", argument)
    return text


def _locations(run: Run, result: SarifResult, root: str) -> Iterator[Location]:
    for place in result.locations:
        path = _path(run, place.physical_location.artifact_location, root)
        region = place.physical_location.region
        if path is not None:
            yield Location(
                path=path,
                line=_counted(region.start_line),
                column=_counted(region.start_column),
                end_line=_counted(region.end_line),
            )


def _counted(number: int | None) -> int | None:
    return number if number is not None and number > 0 else None


def _path(run: Run, artifact: Artifact, root: str) -> str | None:
    """The path relative to `root`; None for what lies outside, or is no file."""
    if not artifact.uri and 0 <= artifact.index < len(run.artifacts):
        artifact = run.artifacts[artifact.index].location
    uri, base = artifact.uri, artifact.uri_base_id
    for _ in range(_DEEPEST):
        if base not in run.original_uri_base_ids or urlsplit(uri).scheme:
            break
        parent = run.original_uri_base_ids[base]
        uri, base = f"{parent.uri.rstrip('/')}/{uri}" if parent.uri else uri, parent.uri_base_id
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file"):
        return None
    path = unquote(parts.path, errors="surrogateescape")
    if parts.scheme == "file" or path.startswith("/"):
        path = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    path = os.path.normpath(path).replace(os.sep, "/")
    return path if inside(path) else None


def inside(path: str) -> bool:
    """True for a relative path that names something below the root."""
    parts = path.split("/")
    return bool(path) and path != "." and not path.startswith("/") and ".." not in parts
