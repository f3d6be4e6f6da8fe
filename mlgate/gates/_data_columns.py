"""The checks of one column: which aggregates each asks, and what it makes of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from mlgate.core.finding import Measurement
from mlgate.core.text import counted, shown
from mlgate.gates._data_check import Check, Ruling, Share, bounds, figure, percent, within
from mlgate.gates._data_options import Column, Range, ends
from mlgate.tables import aggregates as ask
from mlgate.tables.aggregates import Aggregate, Value


def checks(name: str, rule: Column, kind: str) -> Iterator[Check]:
    """All that must hold for the column `name`, which is of the type `kind`."""
    yield from _missing(name, rule, kind)
    yield from _each_value(name, rule)
    yield from _numbers(name, rule)
    yield from _values_together(name, rule)


def _about(name: str, rule: Column) -> str:
    return f"{shown(name)} where {shown(rule.filter)}" if rule.filter else shown(name)


def _missing(name: str, rule: Column, kind: str) -> Iterator[Check]:
    about, rows = _about(name, rule), ask.Rows(where=rule.filter)
    if rule.nulls is not None:
        low, high = ends(rule.nulls)
        nulls = ask.Nulls(column=name, where=rule.filter)

        def judge(total: int, gone: int) -> Ruling:
            return _share(f"{about}: {{}} null", "nulls", gone, total, low, high)

        broken = nulls if high is not None else None
        yield Check(rule="nulls", about=about, asks=(rows, nulls), judge=judge, kept=broken)
    if kind == "float":
        least, most = ends(rule.not_finite)
        odd = ask.NotFinite(column=name, where=rule.filter)

        def judge_odd(total: int, counts: list[int]) -> Ruling:
            label = f"{about}: {{}} NaN or infinite"
            return _share(label, "not_finite", sum(counts), total, least, most)

        broken_odd = odd if most is not None else None
        yield Check(
            rule="not-finite", about=about, asks=(rows, odd), judge=judge_odd, kept=broken_odd
        )


def _share(
    label: str, name: str, count: int, of: int, low: float | None, high: float | None
) -> Ruling:
    """A share against its bounds; `label` has a place for it."""
    share = Share(name, count, of, low, high)
    said = label.format(percent(share.value))
    wanted = bounds(low, high, percent)
    return Ruling(share.met, f"{said}, must be {wanted} ({count:,} of {of:,})", share.measurement)


def _each_value(name: str, rule: Column) -> Iterator[Check]:
    """What must hold for each value, but for those that `mostly` allows."""
    where = rule.filter
    if rule.between is not None:
        low, high = rule.between
        span = f"{_bound(low)} to {_bound(high)}"
        kept = ask.Between(column=name, low=low, high=high, where=where)
        yield _kept("between", name, rule, kept, f"outside {span}")
    if rule.values is not None:
        inside = ask.InSet(column=name, values=rule.values, where=where)
        number = counted(len(rule.values), "allowed value")
        yield _kept("values", name, rule, inside, f"not among the {number}")
    if rule.regex is not None:
        match = ask.Matching(column=name, regex=rule.regex, where=where)
        yield _kept("regex", name, rule, match, f"without {shown(rule.regex)}")
    if rule.length is not None:
        least, most = rule.length
        fits = ask.LengthBetween(column=name, low=least, high=most, where=where)
        yield _kept("length", name, rule, fits, f"not of {least:,} to {most:,} characters")


def _bound(value: int | float | str) -> str:
    return shown(value) if isinstance(value, str) else figure(value)


def _kept(code: str, name: str, rule: Column, kept: Aggregate, wrong: str) -> Check:
    about = _about(name, rule)

    def judge(total: int, nulls: int, odd: Value, count: int) -> Ruling:
        present = total - nulls - (odd[0] if isinstance(odd, list) else 0)
        return mostly(f"{about}: ", code, present - count, present, rule.mostly, wrong)

    asks = (
        ask.Rows(where=rule.filter),
        ask.Nulls(column=name, where=rule.filter),
        ask.NotFinite(column=name, where=rule.filter),
        kept,
    )
    return Check(rule=code, about=about, asks=asks, judge=judge, kept=kept)


def mostly(lead: str, code: str, bad: int, of: int, least: float, wrong: str) -> Ruling:
    """A number of values that may break a rule: none, or those that `least` leaves."""
    share = Share(code, of - bad, of, at_least=least)
    measurement = share.measurement
    met = bad == 0 or (least < 1 and share.met)
    if not bad:
        return Ruling(met, f"{lead}none of {of:,} {wrong}", measurement)
    allowed = f", {percent(1 - least)} may be" if least < 1 else ""
    said = f"{lead}{bad:,} of {of:,} ({percent(bad / of)}) {wrong}{allowed}"
    return Ruling(met, said, measurement)


def _numbers(name: str, rule: Column) -> Iterator[Check]:
    about, where = _about(name, rule), rule.filter
    if rule.mean is not None:
        judge = partial(_mean, about, rule.mean)
        yield Check(rule="mean", about=about, asks=(ask.Mean(column=name, where=where),),
                    judge=judge)  # fmt: skip
    if rule.stdev is not None:
        judge = partial(_stdev, about, rule.stdev)
        yield Check(rule="stdev", about=about, asks=(ask.Moments(column=name, where=where),),
                    judge=judge)  # fmt: skip
    for share, given in rule.quantiles.items():
        yield _quantile(name, rule, share, given)


def _value(name: str, about: str, value: float | None, n: int, given: Range) -> Ruling:
    low, high = ends(given)
    measurement = Measurement(name=name, value=value, at_least=low, at_most=high, n=n,
                              method="exact")  # fmt: skip
    if value is None:
        return Ruling(False, f"{about}: has no {name}: no numbers, or too great ones", measurement)
    said = f"{about}: {name} {figure(value)}, must be {bounds(low, high, figure)}"
    return Ruling(within(value, low, high), said, measurement)


def _mean(about: str, given: Range, answer: Value) -> Ruling:
    n, mean = answer
    return _value("mean", about, mean, n, given)


def _stdev(about: str, given: Range, answer: Value) -> Ruling:
    n, _, spread = answer
    stdev = math.sqrt(max(spread, 0.0) / (n - 1)) if n > 1 and spread is not None else None
    return _value("standard deviation", about, stdev, n, given)


def _quantile(name: str, rule: Column, share: str, given: Range) -> Check:
    """Decided by counting, so exactly: the quantile is the value whose rank is q*n, rounded up."""
    low, high = ends(given)
    about, q = _about(name, rule), float(share)
    sides = [
        ask.Below(column=name, bound=bound, inclusive=inclusive, where=rule.filter)
        for bound, inclusive in ((low, False), (high, True))
        if bound is not None
    ]

    def judge(total: int, nulls: int, odd: list[int], *counts: int) -> Ruling:
        n = total - nulls - odd[0]
        rank = max(1, math.ceil(q * n - 1e-9))
        side = iter(counts)
        under = low is not None and next(side) >= rank
        over = high is not None and next(side) < rank
        measurement = Measurement(name=f"quantile {share}", value=None, at_least=low, at_most=high,
                                  n=n, method="exact, by counting")  # fmt: skip
        wanted = bounds(low, high, figure)
        if not n:
            return Ruling(False, f"{about}: has no quantile, for there are no numbers", measurement)
        found = "less" if under else "more" if over else "within"
        said = f"{about}: quantile {share} must be {wanted}" + (
            f", and is {found}" if under or over else ", and is"
        )
        return Ruling(not under and not over, said, measurement)

    asks = (
        ask.Rows(where=rule.filter),
        ask.Nulls(column=name, where=rule.filter),
        ask.NotFinite(column=name, where=rule.filter),
        *sides,
    )
    return Check(rule="quantile", about=about, asks=asks, judge=judge)


def _values_together(name: str, rule: Column) -> Iterator[Check]:
    about, where = _about(name, rule), rule.filter
    rows = ask.Rows(where=where)
    if rule.unique:
        yield unique((name,), where)
    if rule.monotonic is not None:
        falls = rule.monotonic.endswith("decreasing")
        strict = rule.monotonic.startswith("strictly")
        order = ask.Disorder(column=name, descending=falls, strict=strict, where=where)
        wrong = f"break the order ({rule.monotonic})"
        judge = partial(_ordered, about, wrong)
        yield Check(rule="monotonic", about=about, asks=(rows, order), judge=judge, kept=order)
    if rule.distinct is not None:
        judge = partial(_distinct, about, rule.distinct)
        yield Check(rule="distinct", about=about, asks=(ask.Distinct(column=name, where=where),),
                    judge=judge)  # fmt: skip
    if rule.most_common is not None:
        low, high = ends(rule.most_common)
        top = ask.MostCommon(column=name, where=where)
        judge = partial(_most_common, about, low, high)
        asks = (rows, ask.Nulls(column=name, where=where), top)
        yield Check(rule="most-common", about=about, asks=asks, judge=judge)


def _ordered(about: str, wrong: str, total: int, broken: int) -> Ruling:
    return mostly(f"{about}: ", "monotonic", broken, total, 1.0, wrong)


def _distinct(about: str, given: Range, count: int) -> Ruling:
    low, high = ends(given)
    said = f"{about}: {count:,} different values, must be {bounds(low, high, figure)}"
    measurement = Measurement(name="distinct", value=count, at_least=low, at_most=high,
                              method="exact")  # fmt: skip
    return Ruling(within(count, low, high), said, measurement)


def _most_common(
    about: str, low: float | None, high: float | None, total: int, nulls: int, top: int
) -> Ruling:
    label = f"{about}: {{}} hold the most common value"
    return _share(label, "most_common", top, total - nulls, low, high)


def unique(columns: tuple[str, ...], where: str | None = None) -> Check:
    """A key of which no value may come twice."""
    about = " + ".join(shown(column) for column in columns)
    again = ask.Duplicates(columns=columns, where=where)
    asks = (ask.Rows(where=where), again)
    return Check(rule="unique", about=about, asks=asks, judge=partial(_unique, about), kept=again)


def _unique(about: str, total: int, answer: Value) -> Ruling:
    repeated, skipped = answer
    compared = total - skipped
    left = f"; {counted(skipped, 'row')} with a null in it not compared" if skipped else ""
    measurement = Measurement(name="repeated keys", value=repeated, at_most=0, n=compared,
                              method="exact")  # fmt: skip
    if not repeated:
        return Ruling(True, f"{about}: no key of {compared:,} rows comes twice{left}", measurement)
    said = f"{about}: {counted(repeated, 'row')} of {compared:,} repeat an earlier key{left}"
    return Ruling(False, said, measurement)
