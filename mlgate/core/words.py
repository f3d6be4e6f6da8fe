"""The closed vocabularies: stage, level, result, state, outcome."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """When a gate is asked."""

    COMMIT = "commit"
    PUSH = "push"
    MERGE = "merge"
    PROMOTE = "promote"
    MONITOR = "monitor"


class Level(StrEnum):
    """How much a finding weighs, in SARIF's words."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for note, 1 for warning, 2 for error."""
        return _RANKS[self]


_RANKS = {Level.NOTE: 0, Level.WARNING: 1, Level.ERROR: 2}


class Result(StrEnum):
    """What a finding says of its rule: broken, undecided by the evidence, or met."""

    FAIL = "fail"
    OPEN = "open"
    PASS = "pass"  # noqa: S105 - SARIF's word


class State(StrEnum):
    """Where a finding stands against base and waivers."""

    NEW = "new"
    OLD = "old"
    WAIVED = "waived"


class Outcome(StrEnum):
    """What a gate came to."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERRORED = "errored"
    SKIPPED = "skipped"
