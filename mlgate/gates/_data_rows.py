"""The checks of the table as a whole: its rows, keys, conditions, age, volume and balance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from mlgate.core.finding import Measurement
from mlgate.core.text import counted, shown
from mlgate.gates._data_check import Check, Ruling, bounds, figure, within
from mlgate.gates._data_columns import mostly, unique
from mlgate.gates._data_options import Condition, Fresh, RowCount, Volume
from mlgate.tables import aggregates as ask
from mlgate.tables.aggregates import Value

if TYPE_CHECKING:
    from mlgate.gates.data import Options

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def checks(options: Options, now: datetime) -> Iterator[Check]:
    """What must hold for the rows, without the base."""
    yield Check(rule="rows", about="rows", asks=(ask.Rows(),), judge=partial(_rows, options.rows))
    for key in options.unique:
        yield unique((key,) if isinstance(key, str) else key)
    for condition in options.conditions:
        yield _condition(condition)
    if options.fresh is not None:
        asks = (ask.Maximum(column=options.fresh.column),)
        judge = partial(_fresh, options.fresh, now)
        column = options.fresh.column
        yield Check(rule="fresh", about=shown(column), asks=asks, judge=judge, time=column)
    if options.volume is not None:
        per_day = ask.PerDay(column=options.volume.column)
        judge_volume = partial(_volume, options.volume)
        about = shown(options.volume.column)
        yield Check(rule="volume", about=about, asks=(per_day,), judge=judge_volume)


def _rows(given: RowCount, count: int) -> Ruling:
    low, high = 1 if given.min is None else given.min, given.max
    measurement = Measurement(name="rows", value=count, at_least=low, at_most=high, method="exact")
    said = f"{counted(count, 'row')}, must be {bounds(low, high, figure)}"
    return Ruling(within(count, low, high), said, measurement)


def changed(given: RowCount, count: int, before: int) -> Ruling:
    """The row count against the base's."""
    most = given.max_change or 0.0
    change = (count - before) / before if before else float(count > 0)
    measurement = Measurement(
        name="change of rows", value=change, at_least=-most, at_most=most, baseline=before
    )
    said = f"{counted(count, 'row')}, {change:+.1%} against the base's {before:,}"
    return Ruling(abs(change) <= most, f"{said}; at most {most:.1%} may change", measurement)


def _condition(given: Condition) -> Check:
    about = shown(given.name or given.expression)
    about += f" where {shown(given.filter)}" if given.filter else ""
    truth = ask.Truth(condition=given.expression, where=given.filter)

    def judge(answer: Value) -> Ruling:
        true, false, unknown = answer
        left = f"; unknown for {unknown:,}" if unknown else ""
        return mostly(
            f"{about}: ", "condition", false, true + false, given.mostly, f"break it{left}"
        )

    return Check(rule="condition", about=about, asks=(truth,), judge=judge, kept=truth)


def _fresh(given: Fresh, now: datetime, newest: Value) -> Ruling:
    about, (most, ahead) = shown(given.column), given.limits
    if newest is None:
        none = Measurement(name="age", value=None, at_most=most, unit="s")
        return Ruling(False, f"{about}: holds no time, so the age is unknown", none)
    try:
        moment = _EPOCH + timedelta(microseconds=newest)
    except (OverflowError, TypeError):
        none = Measurement(name="age", value=None, at_most=most, unit="s")
        return Ruling(False, f"{about}: holds no time that a calendar knows", none)
    age = (now - moment).total_seconds()
    measurement = Measurement(name="age", value=age, at_least=-ahead, at_most=most, unit="s")
    said = f"{about}: the newest row is of {moment:%Y-%m-%d %H:%M} UTC"
    if age < -ahead:
        return Ruling(False, f"{said}, {_span(-age)} in the future", measurement)
    told = f"{said}, {_span(max(age, 0.0))} old; at most {given.max_age} is allowed"
    return Ruling(age <= most, told, measurement)


def _span(seconds: float) -> str:
    if seconds >= 86400:
        return f"{seconds / 86400:,.1f} days"
    return f"{seconds / 3600:,.1f} hours" if seconds >= 3600 else f"{seconds / 60:,.0f} minutes"


def _volume(given: Volume, answer: Value) -> Ruling:
    """Every day from the first to the last counts; one without rows has none."""
    found = dict(answer)
    days = range(min(found), max(found) + 1) if found else range(0)
    if given.partial:
        days = days[1:-1]
    low, high = given.min, given.max
    counts = {day: found.get(day, 0) for day in days}
    bad = [day for day, rows in counts.items() if not within(rows, low, high)]
    worst = max(bad, key=lambda day: abs(counts[day] - (low or 0)), default=None)
    value = None if worst is None else counts[worst]
    measurement = Measurement(name="rows a day", value=value, at_least=low, at_most=high,
                              n=len(days))  # fmt: skip
    about, wanted = shown(given.column), bounds(low, high, figure)
    if not days:
        return Ruling(False, f"{about}: not one whole day to judge", measurement, open=True)
    if worst is None:
        return Ruling(True, f"{about}: each of {len(days)} days has {wanted} rows", measurement)
    said = f"{counted(len(bad), 'day')} of {len(days)} without {wanted} rows"
    first = date(1970, 1, 1) + timedelta(days=worst)
    return Ruling(False, f"{about}: {said}; worst is {first} with {value:,}", measurement)
