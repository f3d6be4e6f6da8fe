"""How far a metric may lie from what was seen where no row spoke against it: exact worst cases.

Of `units` independent rows (or clusters) none was discordant: at the level `alpha` their share is
then below 1 - alpha^(1/units) (the rule of three: Hanley and Lippman-Hand 1983, J. Am. Med. Assoc.
249). What such a share can do to a metric at most depends on the metric alone; docs/statistics.md
has the derivations. Where a metric rests on several shares, `alpha` is divided among them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from mlgate.stats.distributions import normal_tail, root

Form = Literal["share", "ratio", "f1", "average_precision"]
"""share: at most the share itself; ratio: of precision and jaccard, whose rows the model chooses;
f1: twice that."""


class Part(Struct, frozen=True, kw_only=True):
    """One share that stayed unseen, and what it does to the metric."""

    units: int
    """Rows or clusters of which none was discordant; 0 bounds nothing."""
    reach: float = 1.0
    """The weight of the heaviest unit, by the mean."""
    weight: float = 1.0
    """The most that the metric moves by this part."""
    form: Form = "share"
    others: int = 0
    """Of average precision: the negatives, `units` being the positives."""
    others_reach: float = 1.0
    """The same of the negatives; how many there are for one positive is in it."""


def farthest(parts: Sequence[Part], alpha: float) -> float:
    """The most that the metric differs from what was seen, at the level `alpha`."""
    each = alpha / sum(2 if part.others else 1 for part in parts)
    return sum(part.weight * min(_moved(part, each), 1.0) for part in parts)


def share_below(units: int, alpha: float) -> float:
    """The share of which none was seen among `units` is below this."""
    return 1 - math.exp(math.log(alpha) / units) if units else 1.0


def _moved(part: Part, alpha: float) -> float:
    share = min(part.reach * share_below(part.units, alpha), 1.0)
    if part.form == "share":
        return share
    if part.form == "average_precision":
        above = part.others_reach * share_below(part.others, alpha)
        return 2 * share + (above + share) * math.log1p(1 / above)
    return (2 if part.form == "f1" else 1) * share / (1 - share / 2)


def level(parts: Sequence[Part], distance: float) -> float:
    """The level at which the metric is shown to be less than `distance` away."""
    if distance <= 0:
        return 1.0
    return least_level(lambda alpha: farthest(parts, alpha) < distance)


def least_level(shown: Callable[[float], bool]) -> float:
    """The least level at which something is shown that is shown at all higher ones; 1 if never."""
    low, high = math.log(_LEAST), math.log(_HIGHEST)
    if not shown(_HIGHEST):
        return 1.0
    if shown(_LEAST):
        return 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if shown(math.exp(middle)) else (middle, high)
    return math.exp(high)


def smooth_level(spare: Callable[[float], float]) -> float:
    """The same where what there is to spare, below 0 where nothing is shown, rises smoothly with
    the level: in a fifth of the steps."""
    if spare(_HIGHEST) <= 0:
        return 1.0
    if spare(_LEAST) > 0:
        return 0.0
    return normal_tail(root(lambda z: -spare(normal_tail(z)), 0.0, _FARTHEST))


_FARTHEST = 37.2
"""Beyond so many standard deviations a normal tail is less than the least level."""
_LEAST, _HIGHEST = 1e-300, 0.5
"""Levels beyond which nothing is told apart; above one half the bounds of sums part again."""


def times_needed(parts: Sequence[Part], distance: float, alpha: float) -> float | None:
    """How many times the units bring the bound within `distance`; None where none would."""
    low, high = 0.0, 1.0
    while farthest(_times(parts, high), alpha) > distance:
        low, high = high, 2 * high
        if high > _MOST:
            return None
    for _ in range(40):
        middle = (low + high) / 2
        enough = farthest(_times(parts, middle), alpha) <= distance
        low, high = (low, middle) if enough else (middle, high)
    return high


_MOST = 1 << 20


def _times(parts: Sequence[Part], times: float) -> list[Part]:
    from msgspec.structs import replace

    return [
        replace(
            part,
            units=math.floor(part.units * times),
            others=math.ceil(part.others * times),
        )
        for part in parts
    ]
