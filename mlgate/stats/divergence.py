"""How far two distributions lie apart in other words: Jensen-Shannon, Wasserstein, PSI."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlgate.stats.ks import Cell


def jensen_shannon(cells: Sequence[Cell]) -> float:
    """The Jensen-Shannon distance, from 0 to 1 (square root of the divergence to base 2)."""
    n, m = sum(c.before for c in cells), sum(c.after for c in cells)
    total = 0.0
    for cell in cells:
        p, q = cell.before / n, cell.after / m
        middle = (p + q) / 2
        total += (p * math.log2(p / middle) if p else 0.0) / 2
        total += (q * math.log2(q / middle) if q else 0.0) / 2
    return math.sqrt(max(0.0, total))


def wasserstein(cells: Sequence[Cell]) -> float:
    """The first Wasserstein distance, in the column's unit: area between the two distribution
    functions, taken as straight lines within each bin. Exact to within the width of a bin."""
    n, m = sum(c.before for c in cells), sum(c.after for c in cells)
    area = gap = 0.0
    for cell in cells:
        after = gap + cell.before / n - cell.after / m
        if gap * after >= 0:
            area += cell.width * (abs(gap) + abs(after)) / 2
        else:  # the lines cross
            area += cell.width * (gap * gap + after * after) / (2 * abs(after - gap))
        gap = after
    return area


def stability_index(cells: Sequence[Cell]) -> float:
    """The population stability index without what chance alone adds to it.

    Two samples of one law have, in k groups, an index of (k - 1)(1/n + 1/m) on average (Yurdakul,
    2018); that is taken off. Empty groups count as half a row.
    """
    n, m = sum(c.before for c in cells), sum(c.after for c in cells)
    total, groups = 0.0, 0
    for cell in cells:
        if cell.before or cell.after:
            p, q = max(cell.before, 0.5) / n, max(cell.after, 0.5) / m
            total += (p - q) * math.log(p / q)
            groups += 1
    return total - max(0, groups - 1) * (1 / n + 1 / m)


def grouped(cells: Sequence[Cell], groups: int) -> list[Cell]:
    """Neighbouring bins joined to about `groups` of equal weight in the first sample."""
    n = sum(cell.before for cell in cells)
    joined: list[Cell] = []
    before = after = seen = 0
    width = 0.0
    for cell in cells:
        before, after, width = before + cell.before, after + cell.after, width + cell.width
        if seen + before >= n * (len(joined) + 1) / groups and len(joined) < groups - 1:
            joined.append(Cell(before, after, False, width))
            seen += before
            before = after = 0
            width = 0.0
    if before or after:
        joined.append(Cell(before, after, False, width))
    return joined
