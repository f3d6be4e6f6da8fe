"""Bias in the data: how rows and a label's rate are spread over groups, against bounds or base."""

from __future__ import annotations

from collections.abc import Iterator

from mlgate.core.finding import Measurement
from mlgate.core.text import counted, shown
from mlgate.gates._data_check import Ruling, bounds, percent, within
from mlgate.gates._data_options import Balance, ends
from mlgate.tables.aggregates import Groups, Value


def aggregate(given: Balance) -> Groups:
    """What the table is asked."""
    positive = given.positive
    text = str(positive).lower() if isinstance(positive, bool) else str(positive)
    return Groups(by=(given.group,), label=given.label, positive=text)


def rulings(given: Balance, answer: Value, before: Value) -> Iterator[Ruling]:
    """What holds for each group; `before` is the base's answer, or None."""
    about = f"{shown(given.label)} by {shown(given.group)}"
    if answer is None:
        nothing = Measurement(name="groups", value=None)
        yield Ruling(False, f"{about}: there are too many groups to compare", nothing)
        return
    total = sum(rows for _, rows, _, _ in answer)
    rates: dict[str, float] = {}
    for (name,), rows, labelled, positive in answer:
        group = "null" if name is None else shown(name)
        if given.share is not None:
            yield _share(given, group, rows, total)
        if labelled < given.min_rows:
            if given.rate is not None or given.max_gap is not None:
                yield _too_small(given, group, labelled)
            continue
        rates[group] = positive / labelled
        if given.rate is not None:
            yield _rate(given, group, positive, labelled)
    if given.max_gap is not None and len(rates) > 1:
        yield largest_gap(given, about, rates)
    if given.max_change is not None:
        yield from _changes(given, about, answer, before)


def _share(given: Balance, group: str, rows: int, total: int) -> Ruling:
    low, high = ends(given.share)
    value = rows / total if total else 0.0
    measurement = Measurement(name="share", value=value, at_least=low, at_most=high, n=total,
                              slice=f"{given.group}={group}")  # fmt: skip
    said = f"{given.group} {group}: {percent(value)} of the rows, must be"
    return Ruling(within(value, low, high), f"{said} {bounds(low, high, percent)}", measurement)


def _too_small(given: Balance, group: str, rows: int) -> Ruling:
    measurement = Measurement(name="rate", value=None, n=rows, needed=given.min_rows,
                              slice=f"{given.group}={group}")  # fmt: skip
    said = f"{given.group} {group}: {counted(rows, 'labelled row')} are too few for a rate"
    return Ruling(False, said, measurement, open=True)


def _rate(given: Balance, group: str, positive: int, rows: int) -> Ruling:
    low, high = ends(given.rate)
    value = positive / rows
    measurement = Measurement(name="rate", value=value, at_least=low, at_most=high, n=rows,
                              slice=f"{given.group}={group}")  # fmt: skip
    said = f"{given.group} {group}: {given.label} is {given.positive} for {percent(value)}"
    wanted = bounds(low, high, percent)
    return Ruling(within(value, low, high), f"{said}, must be {wanted}", measurement)


def largest_gap(given: Balance, about: str, rates: dict[str, float]) -> Ruling:
    """What the highest and the lowest share of all groups come to; `rates` by group."""
    most = given.max_gap or 0.0
    low, high = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
    gap = rates[high] - rates[low]
    measurement = Measurement(name="gap", value=gap, at_most=most, n=len(rates))
    said = f"{about}: {percent(rates[low])} in {low}, {percent(rates[high])} in {high}"
    return Ruling(gap <= most, f"{said}; at most {percent(most)} may be between", measurement)


def _changes(given: Balance, about: str, answer: Value, before: Value) -> Iterator[Ruling]:
    most = given.max_change or 0.0
    if not before:
        missing = Measurement(name="change", value=None, at_most=most)
        said = f"{about}: the base holds nothing to compare with"
        yield Ruling(False, said, missing, open=True)
        return
    then, now = _rates(before, given.min_rows), _rates(answer, given.min_rows)
    for group in sorted({*then, *now}, key=str):
        for what, i in (("share", 0), ("rate", 1)):
            old, new = then.get(group, (0.0, None))[i], now.get(group, (0.0, None))[i]
            if old is None or new is None:
                continue
            name = "null" if group is None else shown(group)
            measurement = Measurement(name=what, value=new, baseline=old, at_most=old + most,
                                      at_least=old - most,
                                      slice=f"{given.group}={name}")  # fmt: skip
            said = f"{given.group} {name}: {what} {percent(new)}, in the base {percent(old)}"
            yield Ruling(abs(new - old) <= most, said, measurement)


def _rates(answer: Value, least: int) -> dict[str | None, tuple[float, float | None]]:
    """Share and rate of each group; no rate for the small ones."""
    total = sum(rows for _, rows, _, _ in answer) or 1
    return {
        name: (rows / total, positive / labelled if labelled >= least else None)
        for (name,), rows, labelled, positive in answer
    }
