"""What can go wrong, each with its exit code and a hint.

MlgateError (3)
├── UsageError (2)          the command line asks for something that is not there
├── PolicyError (2)         the policy does not say what it must
├── RepositoryError (2)     not a git repository, or one git cannot read
├── BaseNotFound (3)        a base is named and cannot be found
└── GateError (3)           a gate could not do its work; becomes an errored verdict
    └── ToolMissing (3)     a tool is not there, or not in a version that can be used
"""

from __future__ import annotations

PASSED = 0
FAILED = 1
MISUSED = 2
ERRORED = 3
INTERRUPTED = 130


class MlgateError(Exception):
    """An error that a user can act on: a message, and a hint that says how."""

    exit_code = ERRORED

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MlgateError):
    """The command line asks for something that is not there."""

    exit_code = MISUSED


class PolicyError(MlgateError):
    """The policy does not say what it must; `problems` holds every one found."""

    exit_code = MISUSED

    def __init__(self, problems: list[str], hint: str | None = None) -> None:
        super().__init__("\n".join(problems), hint)
        self.problems = problems


class RepositoryError(MlgateError):
    """Not a git repository, or one that git cannot read."""

    exit_code = MISUSED


class BaseNotFound(MlgateError):
    """A base is named and cannot be found; the hint is the exact command that brings it."""


class GateError(MlgateError):
    """A gate could not do its work: its verdict is errored, never passed."""


class ToolMissing(GateError):
    """A tool is missing or of an unsupported version; the hint is the install line.

    A gate that was merely detected is then skipped, one that the policy names has errored.
    """
