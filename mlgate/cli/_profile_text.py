"""A profile in the terminal: one line for each column, with a small histogram."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mlgate.cli._table import table
from mlgate.core.text import counted, shown
from mlgate.reporters._style import clipped, columns

if TYPE_CHECKING:
    from mlgate.reporters._style import Style
    from mlgate.tables.profile import ColumnProfile, Profile

_HEAD = ("COLUMN", "TYPE", "MISSING", "DISTINCT", "SPREAD", "")
_LONG = 1e15
"""From here on whole numbers are written as powers of ten."""
_NARROW = 100
_BARS = "▁▂▃▄▅▆▇█"
_PLAIN = " .:-=+*#"


def lines(found: Profile, style: Style) -> Iterator[str]:
    """What there is to say of a table."""
    columns = counted(len(found.columns), "column")
    yield style.paint(f"{shown(found.path)}: {counted(found.rows, 'row')}, {columns}", "bold")
    yield ""
    yield from table([_row(column, style) for column in found.columns], style, _HEAD)
    if any(column.estimated for column in found.columns):
        yield ""
        yield style.paint("~ estimated, with a standard error of 4 %; all else is exact", "dim")


def _row(column: ColumnProfile, style: Style) -> tuple[str, ...]:
    return (
        named(column.name, style),
        column.type,
        _missing(column),
        _distinct(column),
        bars(column.shares, style),
        _spread(column),
    )


def _missing(column: ColumnProfile) -> str:
    gone = column.nulls + column.not_finite
    if not gone:
        return "-"
    share = gone / max(column.rows, 1)
    return f"{share:.2%}" if share >= 0.0001 else f"{gone:,}"


def _distinct(column: ColumnProfile) -> str:
    if column.distinct is None:
        return ""
    return f"~{column.distinct:,}" if column.estimated else f"{column.distinct:,}"


def _spread(column: ColumnProfile) -> str:
    if column.top:
        return ", ".join(f"{shown(value)[:24]} {_percent(share)}" for value, share in column.top)
    if column.low is None:
        return ""
    times = column.type in ("date", "timestamp")
    said = _moment if times else _figure
    zone = " UTC" if "ZONE" in column.native else ""
    if column.low == column.high:
        return f"always {said(column.low)}{zone}"
    if times:
        return f"{_moment(column.low)} to {_moment(column.high)}{zone}"
    mean = "" if column.mean is None else f", mean {_figure(column.mean)}"
    stdev = "" if column.stdev is None else f" ± {_figure(column.stdev)}"
    return f"{_figure(column.low)} to {_figure(column.high)}{mean}{stdev}"


def _percent(share: float) -> str:
    """Not of all, and not of none, where it is only nearly so."""
    if 0.9995 <= share < 1:
        return ">99.9%"
    return f"{share:.1%}" if share >= 0.0005 else "<0.1%"


def _figure(value: object) -> str:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return f"{value:,.0f}" if whole and abs(float(str(value))) < _LONG else f"{value:.4g}"


def named(name: str, style: Style) -> str:
    """A column's name; of a long one its beginning and its end."""
    text, room = shown(name), max(style.width // 4 - 6, 14)
    if columns(text) <= room:
        return text
    half = (room - len(style.more)) // 2
    end = clipped(text[::-1], half)[::-1]
    return f"{clipped(text, half)}{style.more}{end}"


def _moment(value: object) -> str:
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=float(str(value)))
    except OverflowError:
        return str(value)
    return f"{moment:%Y-%m-%d}" if moment.time() == moment.min.time() else f"{moment:%F %H:%M}"


def bars(shares: Sequence[float], style: Style) -> str:
    """A small histogram, one character for each bin, or for two where there is little room."""
    if style.width < _NARROW:
        shares = [sum(shares[at : at + 2]) for at in range(0, len(shares), 2)]
    if not shares or not max(shares):
        return ""
    marks = _BARS if style.unicode else _PLAIN
    top = max(shares)
    return "".join(
        marks[min(len(marks) - 1, max(0 if not share else 1, round(share / top * 7)))]
        if share else " "
        for share in shares
    )  # fmt: skip
