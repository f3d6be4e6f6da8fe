"""A profile in the terminal: one line for each column, with a small histogram."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mlgate.cli._table import table
from mlgate.core.text import counted, shown

if TYPE_CHECKING:
    from mlgate.reporters._style import Style
    from mlgate.tables.profile import ColumnProfile, Profile

_HEAD = ("COLUMN", "TYPE", "MISSING", "DISTINCT", "SPREAD", "")
_BARS = "▁▂▃▄▅▆▇█"
_PLAIN = " .:-=+*#"


def lines(found: Profile, style: Style) -> Iterator[str]:
    """What there is to say of a table."""
    columns = counted(len(found.columns), "column")
    yield style.paint(f"{shown(found.path)}: {counted(found.rows, 'row')}, {columns}", "bold")
    yield ""
    yield from table([_row(column, style) for column in found.columns], style, _HEAD)
    yield ""
    yield style.paint("DISTINCT is sketched, to within a few percent; all else is exact", "dim")


def _row(column: ColumnProfile, style: Style) -> tuple[str, ...]:
    return (
        shown(column.name),
        column.type,
        _missing(column),
        "" if column.distinct is None else f"{column.distinct:,}",
        bars(column.shares, style.unicode),
        _spread(column),
    )


def _missing(column: ColumnProfile) -> str:
    gone = column.nulls + column.not_finite
    if not gone:
        return "-"
    share = gone / max(column.rows, 1)
    return f"{share:.2%}" if share >= 0.0001 else f"{gone:,}"


def _spread(column: ColumnProfile) -> str:
    if column.top:
        return ", ".join(f"{shown(value)[:24]} {share:.1%}" for value, share in column.top)
    if column.low is None:
        return ""
    if column.type in ("date", "timestamp"):
        return f"{_moment(column.low)} to {_moment(column.high)}"
    mean = "" if column.mean is None else f", mean {_figure(column.mean)}"
    stdev = "" if column.stdev is None else f" ± {_figure(column.stdev)}"
    return f"{_figure(column.low)} to {_figure(column.high)}{mean}{stdev}"


def _figure(value: object) -> str:
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return f"{int(value):,}"
    return f"{value:.4g}"


def _moment(value: object) -> str:
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=float(str(value)))
    except OverflowError:
        return str(value)
    return f"{moment:%Y-%m-%d}" if moment.time() == moment.min.time() else f"{moment:%F %H:%M}"


def bars(shares: Sequence[float], unicode: bool) -> str:
    """A small histogram, one character for each bin; none where there is nothing to draw."""
    if not shares or not max(shares):
        return ""
    marks = _BARS if unicode else _PLAIN
    top = max(shares)
    return "".join(
        marks[min(len(marks) - 1, max(0 if not share else 1, round(share / top * 7)))]
        if share else " "
        for share in shares
    )  # fmt: skip
