"""Corrections for many tests at once: Holm decides, Benjamini and Hochberg rank."""

from __future__ import annotations

from collections.abc import Sequence


def holm(values: Sequence[float]) -> list[float]:
    """p values adjusted so that the chance of any false alarm stays at the level, whatever hangs
    together (Holm 1979, Scand. J. Statist. 6, 65-70)."""
    order = sorted(range(len(values)), key=values.__getitem__)
    adjusted = [1.0] * len(values)
    worst = 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, (len(values) - rank) * values[i]))
        adjusted[i] = worst
    return adjusted


def benjamini_hochberg(values: Sequence[float]) -> list[float]:
    """p-values adjusted so that the share of false alarms stays below the level (1995)."""
    order = sorted(range(len(values)), key=values.__getitem__, reverse=True)
    adjusted = [1.0] * len(values)
    least = 1.0
    for i, rank in zip(order, range(len(values), 0, -1), strict=True):
        least = min(least, values[i] * len(values) / rank)
        adjusted[i] = least
    return adjusted
