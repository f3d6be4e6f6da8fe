"""The bounds of a rule of a `model` gate, and what the evidence says of each."""

from __future__ import annotations

import math

from msgspec import Struct

from mlgate.core.words import Result
from mlgate.gates._model_rule import Rule

BEYOND = "beyond the margin"
PROVEN = "loss proven"


class Need(Struct, frozen=True, kw_only=True):
    """One bound of a rule."""

    kind: str
    """`min`, `max`, `between`, `drop` (the margin; negative for a gain) or `drop-relative`."""
    least: float = -math.inf
    most: float = math.inf
    margin: float = 0.0

    @property
    def compares(self) -> bool:
        """True if it is about the baseline."""
        return self.kind.startswith("drop")


class Decision(Struct, frozen=True, kw_only=True):
    """What the evidence says of one need."""

    need: Need
    result: Result
    reason: str = ""
    """`beyond the margin` or `loss proven`; why it is open or not judged."""
    value: float | None = None
    """The value, or the gain over the baseline (a loss is negative)."""
    low: float | None = None
    high: float | None = None
    p: float = 1.0
    """The level at which a loss (or a broken floor) is proven."""
    needed: int | None = None
    smallest: float | None = None
    method: str | None = None
    judged: bool = True


def needs(rule: Rule) -> list[Need]:
    """The bounds of a rule, each judged by itself."""
    found = []
    if rule.min is not None:
        found.append(Need(kind="min", least=rule.min))
    if rule.max is not None:
        found.append(Need(kind="max", most=rule.max))
    if rule.between is not None:
        found.append(Need(kind="between", least=rule.between[0], most=rule.between[1]))
    if rule.max_drop is not None:
        found.append(Need(kind="drop", margin=rule.max_drop))
    if rule.min_gain is not None:
        found.append(Need(kind="drop", margin=-rule.min_gain))
    if rule.max_drop_relative is not None:
        found.append(Need(kind="drop-relative", margin=rule.max_drop_relative))
    return found
