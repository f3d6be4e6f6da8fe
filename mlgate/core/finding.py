"""The finding: one fact that a gate states, the currency of every room."""

from __future__ import annotations

from msgspec import Struct

from mlgate.core.words import Level, Result, State


class Location(Struct, frozen=True, kw_only=True):
    """A place in the subject; lines and columns count from 1."""

    path: str
    """Relative to the repository's root, with forward slashes."""
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    cell: int | None = None
    """The notebook cell, counted from 1; `line` then counts inside the cell."""
    text: str | None = None
    """At most five source lines; never for secrets or personal data. None: the runner adds the
    line, an empty string: it must not."""


class Measurement(Struct, frozen=True, kw_only=True):
    """A number with its evidence."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    baseline: float | None = None
    n: int | None = None
    needed: int | None = None
    slice: str | None = None
    unit: str | None = None
    confidence: float | None = None
    method: str | None = None


class Figure(Struct, frozen=True, kw_only=True):
    """A picture as numbers: a curve, a histogram, a forest; at most 64 KiB a gate."""

    id: str
    title: str
    kind: str
    unit: str | None = None
    columns: dict[str, list[float | None]] = {}


class Finding(Struct, frozen=True, kw_only=True):
    """One fact: a rule broken, met, or left open by the evidence."""

    rule: str
    """`kind/rule`: kebab-case, or the tool's own code (`lint/F401`)."""
    message: str
    result: Result = Result.FAIL
    level: Level = Level.WARNING
    location: Location | None = None
    measurement: Measurement | None = None
    help: str | None = None
    """The command or the edit that mends it."""
    fingerprint: str | None = None
    """Set by the runner: rule and normalised source line with neighbours, never a line number. What
    a gate gives stands for the message where there is no source line to be read."""
    state: State = State.NEW
    undecided: str | None = None
    """Of an open finding: `warn`, `block` or `approve`, where its rule says so and not the stage;
    what has to be approved blocks until it is."""
    policy: str = "head"
    """Whose options found it: `head` or `base`."""
