"""When a difference is an alarm: it must be large enough to matter, and too large for chance."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from mlgate.stats import shares
from mlgate.stats.families import benjamini_hochberg, holm


class Effect(Struct, frozen=True, kw_only=True):
    """One difference between two samples."""

    column: str
    what: str
    """`ks`, `share`, `nulls`."""
    value: float
    """At least so great."""
    high: float
    """At most so great: more than `value` where bins hide something."""
    floor: float
    """From this size on it matters."""
    p: float
    n: int
    m: int
    level: str | None = None
    """The category, where it is one's share."""
    share: float = 0.5
    """About which share it is, for what could be detected."""
    tests: int = 1
    """How many categories were looked at."""
    rates: tuple[float, float] | None = None
    """Both rates, where it is that of nulls."""


class Judged(Struct, frozen=True, kw_only=True):
    """An effect with its standing among all others."""

    effect: Effect
    adjusted: float
    """p-value after Holm."""
    rank: float
    """p-value after Benjamini and Hochberg, which only ranks."""
    detectable: float
    """The smallest effect that these samples could tell from chance among as many tests."""
    needed: int
    """Rows on each side that could tell an effect of the size of the floor."""
    alarm: bool
    open: bool
    """True if it may be great enough, and the evidence does not decide."""


def judged(effects: Sequence[Effect], alpha: float) -> list[Judged]:
    """All effects, decided together: any false alarm at all has a chance of at most `alpha`."""
    values = [effect.p for effect in effects]
    strict, mild = holm(values), benjamini_hochberg(values)
    level = alpha / max(1, len(effects))
    return [_judged(effect, strict[i], mild[i], level, alpha) for i, effect in enumerate(effects)]


def _judged(effect: Effect, adjusted: float, rank: float, level: float, alpha: float) -> Judged:
    from mlgate.stats import ks

    level = level / effect.tests
    if effect.what == "ks":
        least = ks.detectable(effect.n, effect.m, level)
        needed = ks.rows_needed(effect.floor, level)
    else:
        least = shares.detectable(effect.share, effect.n, effect.m, level)
        needed = shares.rows_needed(effect.floor, effect.share, level)
    significant = adjusted <= alpha
    great, perhaps = effect.value >= effect.floor, effect.high >= effect.floor
    return Judged(
        effect=effect,
        adjusted=adjusted,
        rank=rank,
        detectable=least,
        needed=needed,
        alarm=great and significant,
        open=(great and not significant) or (perhaps and not great),
    )


def nulls(column: str, before: tuple[int, int], after: tuple[int, int], floor: float) -> Effect:
    """The difference of two null rates, each as (nulls, rows)."""
    (gone, n), (lost, m) = before, after
    value = abs(gone / n - lost / m)
    share = (gone + lost) / (n + m)
    p = shares.p_value(gone, n, lost, m)
    return Effect(column=column, what="nulls", value=value, high=value, floor=floor, p=p, n=n, m=m,
                  share=share, rates=(gone / n, lost / m))  # fmt: skip


def categories(column: str, before: dict[str, int], after: dict[str, int], floor: float) -> Effect:
    """The greatest difference of a category's share, its p-value corrected for all categories.

    Among the categories whose difference reaches the floor the least probable one speaks.
    """
    n, m = sum(before.values()), sum(after.values())
    names = sorted({*before, *after})
    found = []
    for name in names:
        count, other = before.get(name, 0), after.get(name, 0)
        p = min(1.0, shares.p_value(count, n, other, m) * len(names))
        found.append((abs(count / n - other / m), p, name))
    great = [one for one in found if one[0] >= floor]
    value, p, name = min(great, key=lambda one: one[1]) if great else max(found)
    share = (before.get(name, 0) + after.get(name, 0)) / (n + m)
    return Effect(column=column, what="share", value=value, high=value, floor=floor, p=p, n=n, m=m,
                  level=name, share=share, tests=len(names))  # fmt: skip
