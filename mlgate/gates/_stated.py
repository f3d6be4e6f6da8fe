"""A finding of a gate on tables: an error with the rule's mend where it fails, else a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.core.finding import Finding, Location, Measurement
from mlgate.core.words import Level, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlgate.core.gate import Rule


class Teller:
    """States findings of one kind, by its rules."""

    def __init__(self, kind: str, rules: Mapping[str, Rule]) -> None:
        self._kind = kind
        self._rules = rules

    def __call__(
        self,
        rule: str,
        path: str,
        message: str,
        result: Result,
        measurement: Measurement | None = None,
    ) -> Finding:
        failed = result is Result.FAIL
        return Finding(
            rule=f"{self._kind}/{rule}",
            message=message,
            result=result,
            level=Level.ERROR if failed else Level.NOTE,
            location=Location(path=path),
            measurement=measurement,
            help=self._rules[rule].mend if failed else None,
        )
