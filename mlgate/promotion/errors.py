"""Why a promotion, or what stands at an alias, is refused: all of them exit 1."""

from __future__ import annotations

from mlgate.core.errors import FAILED, MlgateError


class Refused(MlgateError):
    """It must not be, or it is not what was proven."""

    exit_code = FAILED


class Broken(Refused):
    """The chain does not hold: nothing may rest on it."""


class Foreign(Refused):
    """An alias that somebody moved past mlgate."""
