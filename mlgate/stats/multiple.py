"""Corrections for many comparisons."""

from __future__ import annotations

from collections.abc import Sequence


def holm(levels: Sequence[float]) -> list[float]:
    """Adjusted p values: rejecting those at most `alpha` keeps the chance of any false rejection
    at `alpha`, whatever hangs together (Holm 1979, Scand. J. Statist. 6, 65-70)."""
    order = sorted(range(len(levels)), key=levels.__getitem__)
    adjusted = [0.0] * len(levels)
    worst = 0.0
    for rank, at in enumerate(order):
        worst = max(worst, min(1.0, (len(levels) - rank) * levels[at]))
        adjusted[at] = worst
    return adjusted
