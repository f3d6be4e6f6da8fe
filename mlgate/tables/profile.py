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
_COUNTED = 100_000
"""In a table of more rows, different values are estimated ..."""
_FEW = 1000
"""... where there are more than about so many of them."""


class ColumnProfile(Struct, frozen=True, kw_only=True):
    """What is known of a column."""

    name: str
    type: str
    native: str
    rows: int
    nulls: int
    not_finite: int = 0
    distinct: int | None = None
    """How many different values."""
    estimated: bool = False
    """Whether `distinct` is a sketch's estimate, with a standard error of about 4 percent."""
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
    there = asked(ctx, table, [ask.Rows()])
    columns, few = there.columns, there.of(ask.Rows()) <= _COUNTED
    first = [a for column in columns for a in _about(column, few)]
    answers = asked(ctx, table, [ask.Rows(), *first])
    histograms = {c.name: a for c in columns if (a := _histogram(c, answers, bins))}
    spread = asked(ctx, table, [*histograms.values(), *_counted(columns, answers)])
    profiles = tuple(_column(c, answers, spread, histograms.get(c.name), bins) for c in columns)
    return Profile(path=table.path, rows=answers.of(ask.Rows()), columns=profiles)


def _about(column: Column, few: bool) -> Sequence[ask.Aggregate]:
    name = column.name
    always: list[ask.Aggregate] = [ask.Nulls(column=name), ask.NotFinite(column=name)]
    if column.type in _NUMBERS + _TIMES:
        always += [ask.Extent(column=name)]
    if column.type in _NUMBERS:
        always += [ask.Moments(column=name)]
    if column.type in ("string", "boolean"):
        always += [ask.Categories(column=name), ask.Lengths(column=name)]
    if column.type != "nested":
        always += [ask.Distinct(column=name) if few else ask.RoughlyDistinct(column=name)]
    return always


def _counted(columns: Sequence[Column], answers: Answers) -> Sequence[ask.Aggregate]:
    """Few different values are counted: a sketch's answer of 1 may be 2."""
    sketches = {c.name: answers.values.get(ask.RoughlyDistinct(column=c.name)) for c in columns}
    return [ask.Distinct(column=name) for name, n in sketches.items() if n and n <= _FEW]


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
        told = spread if aggregate in spread.values else answers
        there = aggregate in told.values and told.unfit(aggregate) is None
        return told.values[aggregate] if there else None

    extent = known(ask.Extent(column=name)) or (None, None)
    _, mean, square = known(ask.Moments(column=name)) or (0, None, None)
    rows, nulls = answers.of(ask.Rows()), answers.of(ask.Nulls(column=name))
    odd = sum(known(ask.NotFinite(column=name)) or ())
    present = max(rows - nulls - odd, 1)
    shares = [0.0] * bins if histogram else []
    for number, count in spread.of(histogram) if histogram else ():
        shares[min(max(number, 0), bins - 1)] += count / present
    categories = known(ask.Categories(column=name))
    common = sorted(categories or (), key=lambda pair: (-pair[1], pair[0]))
    counted = known(ask.Distinct(column=name)) if categories is None else len(categories)
    estimate = known(ask.RoughlyDistinct(column=name))
    return ColumnProfile(
        name=name,
        type=column.type,
        native=column.native,
        rows=rows,
        nulls=nulls,
        not_finite=odd,
        distinct=(
            counted if counted is not None or estimate is None else min(estimate, rows - nulls)
        ),
        estimated=counted is None and bool(estimate),
        low=extent[0],
        high=extent[1],
        mean=mean,
        stdev=math.sqrt(square / (present - 1)) if square is not None and present > 1 else None,
        shares=tuple(shares),
        top=tuple((value, count / present) for value, count in common[:_TOP]),
    )
