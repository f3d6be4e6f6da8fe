"""Whether one feature alone gives the label away."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Measurement
from mlgate.core.text import shown
from mlgate.core.words import Result
from mlgate.gates._stated import Teller
from mlgate.gates.leakage import rules
from mlgate.sources._tables import locate
from mlgate.tables import aggregates as ask
from mlgate.tables.aggregates import Value
from mlgate.tables.ask import ask as asked

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates.leakage import Options
    from mlgate.tables.table import Column

_NUMBERS = ("integer", "float", "decimal", "date", "timestamp")
_BINS = 256
_CLASSES = 100
_FEWEST = 5
"""Rows that a value must have on average before it may count as knowing anything."""


def findings(ctx: Context) -> Iterator[Finding]:
    """One finding for each feature that gives the label away, or one that none does."""
    options: Options = ctx.options
    path = next(iter(options.tables.values()))
    table, label = locate(ctx, path), options.label or ""
    classes = ask.Categories(column=label, most=_CLASSES)
    answers = asked(ctx, table, [ask.Rows(), classes])
    counts = answers.of(classes)
    if counts is None:
        raise GateError(f"{shown(label)} has more than {_CLASSES} values: it is no class label")
    total, most = sum(n for _, n in counts), max((n for _, n in counts), default=0)
    if total == most:
        raise GateError(f"{shown(label)} has one value only, so nothing can give it away")
    skipped = {label, options.time, *options.ignore}
    features = [c for c in answers.columns if c.name not in skipped]
    cells = _cells(ctx, features, label)
    found = asked(ctx, table, list(cells.values()))
    gains = {
        name: _gain(found.values[a], total, most)
        for name, a in cells.items()
        if found.unfit(a) is None
    }
    given = {name: gain for name, gain in gains.items() if gain >= options.giveaway}
    yield from (_away(path, label, name, gain, total, options) for name, gain in given.items())
    if not given and gains:
        best = max(gains, key=gains.__getitem__)
        said = f"none of {len(gains)} features alone gives {shown(label)} away; nearest is"
        yield _stated(path, f"{said} {shown(best)}, {gains[best]:.3f}", gains[best], total, options)


def _cells(ctx: Context, features: list[Column], label: str) -> dict[str, ask.Cells]:
    """What to ask of each feature: numbers in bins over their span, others by value."""
    path = next(iter(ctx.options.tables.values()))
    table = locate(ctx, path)
    numbers = [c.name for c in features if c.type in _NUMBERS]
    extents = {name: ask.Extent(column=name) for name in numbers}
    spans = asked(ctx, table, list(extents.values())) if extents else None
    wanted = {c.name: ask.Cells(column=c.name, label=label) for c in features
              if c.type in ("string", "boolean")}  # fmt: skip
    for name, extent in extents.items():
        low, high = spans.of(extent) if spans is not None else (None, None)
        if low is not None and high is not None and low < high:
            top = math.nextafter(high, math.inf)
            wanted[name] = ask.Cells(column=name, label=label, low=low, high=top, bins=_BINS)
    return wanted


def _gain(cells: Value, total: int, most: int) -> float:
    """The share of a constant guess's errors that knowing the feature avoids (Goodman and Kruskal's
    lambda, 1954); 0 where it has too many values to know anything."""
    if cells is None:
        return 0.0
    best: dict[object, int] = {}
    for value, _, rows in cells:
        best[value] = max(best.get(value, 0), rows)
    if total < _FEWEST * len(best):
        return 0.0
    return (sum(best.values()) - most) / (total - most)


def _away(path: str, label: str, name: str, gain: float, total: int, options: Options) -> Finding:
    said = f"{shown(name)} alone gives {shown(label)} away: it avoids {gain:.1%} of the errors"
    return _stated(path, said, gain, total, options)


def _stated(path: str, message: str, gain: float, total: int, options: Options) -> Finding:
    result = Result.FAIL if gain >= options.giveaway else Result.PASS
    number = Measurement(name="giveaway", value=gain, at_most=options.giveaway, n=total)
    return Teller("leakage", rules)("giveaway", path, message, result, number)
