"""What is in a table: each column's type, missing values, spread, and a small picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.tables import aggregates as ask
from mlgate.tables.ask import Answers
from mlgate.tables.ask import ask as asked
from mlgate.tables.table import Column, Located

if TYPE_CHECKING:
    from mlgate.tables._asking import Desk

_NUMBERS = ("integer", "float", "decimal")
_TIMES = ("date", "timestamp")
_TOP = 3


class ColumnProfile(Struct, frozen=True, kw_only=True):
    """What is known of a column."""

    name: str
    type: str
    native: str
    rows: int
    nulls: int
    not_finite: int = 0
    distinct: int | None = None
    """About how many different values: a sketch."""
    low: float | str | None = None
    high: float | str | None = None
    mean: float | None = None
    stdev: float | None = None
    shares: tuple[float, ...] = ()
    """The shares of the values in bins of equal width, from `low` to `high`."""
    top: tuple[tuple[str, float], ...] = ()
    """The most common values with their shares."""


class Profile(Struct, frozen=True, kw_only=True):
    """What is known of a table."""

    path: str
    rows: int
    columns: tuple[ColumnProfile, ...]


def profile(ctx: Desk, table: Located, bins: int = 16) -> Profile:
    """Two passes: what the columns are, then how they spread. Raises `GateError`."""
    columns = asked(ctx, table, [ask.Rows()]).columns
    first = [a for column in columns for a in _about(column)]
    answers = asked(ctx, table, [ask.Rows(), *first])
    histograms = {c.name: a for c in columns if (a := _histogram(c, answers, bins))}
    spread = asked(ctx, table, list(histograms.values()))
    profiles = tuple(_column(c, answers, spread, histograms.get(c.name), bins) for c in columns)
    return Profile(path=table.path, rows=answers.of(ask.Rows()), columns=profiles)


def _about(column: Column) -> Sequence[ask.Aggregate]:
    name = column.name
    always: list[ask.Aggregate] = [ask.Nulls(column=name), ask.NotFinite(column=name)]
    if column.type in _NUMBERS + _TIMES:
        always += [ask.Extent(column=name)]
    if column.type in _NUMBERS:
        always += [ask.Moments(column=name)]
    if column.type in ("string", "boolean"):
        always += [ask.Categories(column=name), ask.Lengths(column=name)]
    if column.type != "nested":
        always += [ask.RoughlyDistinct(column=name)]
    return always


def _histogram(column: Column, answers: Answers, bins: int) -> ask.Histogram | None:
    if column.type not in _NUMBERS + _TIMES:
        return None
    low, high = answers.of(ask.Extent(column=column.name))
    if low is None or not low < high:
        return None
    top = math.nextafter(high, math.inf)
    width = (top - low) / bins
    if not math.isfinite(width) or not math.isfinite(low / width) or not math.isfinite(1 / width):
        return None  # a span beyond what doubles divide
    return ask.Histogram(column=column.name, low=low, high=top, bins=bins)


def _column(
    column: Column, answers: Answers, spread: Answers, histogram: ask.Histogram | None, bins: int
) -> ColumnProfile:
    name = column.name

    def known(aggregate: ask.Aggregate) -> ask.Value:
        there = aggregate in answers.values and answers.unfit(aggregate) is None
        return answers.values[aggregate] if there else None

    extent = known(ask.Extent(column=name)) or (None, None)
    _, mean, square = known(ask.Moments(column=name)) or (0, None, None)
    rows, nulls = answers.of(ask.Rows()), answers.of(ask.Nulls(column=name))
    odd = sum(known(ask.NotFinite(column=name)) or ())
    present = max(rows - nulls - odd, 1)
    shares = [0.0] * bins if histogram else []
    for number, count in spread.of(histogram) if histogram else ():
        shares[min(max(number, 0), bins - 1)] += count / present
    common = sorted(known(ask.Categories(column=name)) or (), key=lambda pair: (-pair[1], pair[0]))
    return ColumnProfile(
        name=name,
        type=column.type,
        native=column.native,
        rows=rows,
        nulls=nulls,
        not_finite=odd,
        distinct=known(ask.RoughlyDistinct(column=name)),
        low=extent[0],
        high=extent[1],
        mean=mean,
        stdev=math.sqrt(square / (present - 1)) if square is not None and present > 1 else None,
        shares=tuple(shares),
        top=tuple((value, count / present) for value, count in common[:_TOP]),
    )
