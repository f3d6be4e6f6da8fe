"""How many rows would decide what these leave open."""

from __future__ import annotations

from mlgate.gates._model_bounds import Evidence, Growing, Turned

_MOST = 1000
"""So many times the rows are as good as never."""


def more_rows(
    evidence: Evidence, needed: int | None, rows: int, least: float, most: float, alpha: float
) -> int | None:
    """`needed`, which large samples say; where so many are there already and leave it open, the
    rows of the same shares whose bounds do decide."""
    if needed is None or needed > rows or _decides(evidence, least, most, alpha):
        return needed
    grown = evidence.straight if isinstance(evidence, Turned) else evidence
    if not isinstance(grown, Growing):
        return rows + 1
    if evidence is not grown:
        least, most = -most, -least
    few, many = rows, 2 * rows
    while not _decides(grown.grown(many), least, most, alpha):
        if many > _MOST * rows:
            return None
        few, many = many, 2 * many
    while many - few > 1:
        half = (few + many) // 2
        decides = _decides(grown.grown(half), least, most, alpha)
        few, many = (few, half) if decides else (half, many)
    return many


def _decides(evidence: Evidence, least: float, most: float, alpha: float) -> bool:
    low, high = evidence.bounds(alpha)
    return (low >= least and high <= most) or high < least or low > most
