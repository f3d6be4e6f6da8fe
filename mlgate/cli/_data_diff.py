"""How two tables differ: columns, rows, and each column's distribution, with small histograms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mlgate.cli._profile_text import bars, named
from mlgate.cli._table import table as aligned
from mlgate.core.text import counted, shown
from mlgate.gates import drift
from mlgate.gates._drift_measure import Comparison, Measured
from mlgate.gates._drift_saved import Both
from mlgate.stats.drift import Effect
from mlgate.tables import aggregates as ask
from mlgate.tables.ask import ask_each

if TYPE_CHECKING:
    from mlgate.reporters._style import Style
    from mlgate.tables._asking import Desk
    from mlgate.tables.table import Located

_HEAD = ("COLUMN", "TYPE", "MISSING", "DISTANCE", "BEFORE", "AFTER")
_DRAWN = 16
_BINS = 1024


class ColumnDifference(Struct, frozen=True, kw_only=True):
    """How one column differs."""

    name: str
    before: str | None
    """Its type; None where the table has no such column."""
    after: str | None
    nulls: tuple[float, float] | None = None
    """The shares of what is missing: nulls, NaN and infinities."""
    distance: float | None = None
    """Kolmogorov and Smirnov's of numbers; of categories the greatest change of a share."""
    level: str | None = None
    """The category whose share has changed most."""
    shares: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    """Both samples in the same bins."""


class Difference(Struct, frozen=True, kw_only=True):
    """How two tables differ."""

    paths: tuple[str, str]
    rows: tuple[int, int]
    columns: tuple[ColumnDifference, ...]
    """Those of the first table, then those that only the second has."""


def difference(desk: Desk, before: Located, after: Located) -> Difference:
    """Compare all columns; times too. Raises `GateError`."""
    both = ask_each(desk, (before, after), [ask.Rows()])
    types = [{c.name: c.type for c in answers.columns} for answers in both]
    rows = (both[0].of(ask.Rows()), both[1].of(ask.Rows()))
    shared = tuple(name for name in types[0] if name in types[1])
    found = _measured(desk, before, after, shared) if shared and all(rows) else None
    names = [*types[0], *(name for name in types[1] if name not in types[0])]
    columns = tuple(_column(name, types[0].get(name), types[1].get(name), found) for name in names)
    return Difference(paths=(before.path, after.path), rows=rows, columns=columns)


def _measured(desk: Desk, before: Located, after: Located, shared: tuple[str, ...]) -> Measured:
    options = drift.Options(table=after.path, against=before.path, columns=shared, bins=_BINS)
    ctx: Any = SimpleNamespace(**vars(desk), options=options)
    return Comparison(options, Both(ctx, before, after)).measured()


def _column(
    name: str, before: str | None, after: str | None, found: Measured | None
) -> ColumnDifference:
    effects: dict[str, Effect] = (
        {one.what: one for one in found.effects if one.column == name} if found else {}
    )
    moved = effects.get("ks") or effects.get("share")
    return ColumnDifference(
        name=name,
        before=before,
        after=after,
        nulls=effects["nulls"].rates if "nulls" in effects else None,
        distance=moved.value if moved else None,
        level=moved.level if moved else None,
        shares=_shares(found, name) if found else ((), ()),
    )


def _shares(found: Measured, name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Both samples in a few bins of equal width over the span of both."""
    cells = found.bins.get(name)
    if not cells:
        return (), ()
    low, width = cells[0].low, (cells[-1].high - cells[0].low) / _DRAWN or 1.0
    sides = ([0.0] * _DRAWN, [0.0] * _DRAWN)
    for cell in cells:
        at = min(_DRAWN - 1, int((cell.low + (cell.high - cell.low) / 2 - low) / width))
        sides[0][at] += cell.before
        sides[1][at] += cell.after
    first, second = (tuple(n / (sum(side) or 1) for n in side) for side in sides)
    return first, second


def lines(found: Difference, style: Style) -> Iterator[str]:
    """What there is to say, in the terminal."""
    (one, two), (n, m) = found.paths, found.rows
    yield style.paint(f"{shown(one)} {_arrow(style)} {shown(two)}", "bold")
    yield _rows(n, m, style)
    yield ""
    yield from aligned([_row(column, style) for column in found.columns], style, _HEAD)
    yield ""
    told = "DISTANCE: Kolmogorov-Smirnov for numbers, the greatest change of a share for categories"
    yield from (style.paint(line, "dim") for line in style.wrapped(told, 0))


def _rows(before: int, after: int, style: Style) -> str:
    if before == after:
        return f"{counted(after, 'row')} in both"
    share = (after - before) / before if before else 0.0
    change = f" ({share:+.1%})" if abs(share) >= 0.0005 else f" ({after - before:+,})"
    return f"{before:,} {_arrow(style)} {counted(after, 'row')}{change}"


def _arrow(style: Style) -> str:
    return "→" if style.unicode else "->"


def _row(column: ColumnDifference, style: Style) -> Sequence[str]:
    shares = [bars(side, style) for side in column.shares]
    return (
        named(column.name, style),
        _type(column, style),
        _missing(column, style),
        _distance(column, max(style.width // 8, 10)),
        *shares,
    )


def _type(column: ColumnDifference, style: Style) -> str:
    if column.before is None:
        return f"+ {column.after}"
    if column.after is None:
        return f"- {column.before}"
    if column.before == column.after:
        return column.before
    return f"{column.before} {_arrow(style)} {column.after}"


def _missing(column: ColumnDifference, style: Style) -> str:
    if column.nulls is None or column.nulls == (0.0, 0.0):
        return "" if column.nulls is None else "-"
    before, after = (f"{share:.2%}" for share in column.nulls)
    return before if before == after else f"{before} {_arrow(style)} {after}"


def _distance(column: ColumnDifference, room: int) -> str:
    if column.distance is None:
        return ""
    if not column.distance:
        return "-"
    level = f" ({shown(column.level)[:room]})" if column.level is not None else ""
    return f"{column.distance:.4f}{level}"
