"""How the answers of a table's files become the answer of the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mlgate.tables import aggregates as ask
from mlgate.tables.aggregates import Aggregate, Value


def merges(aggregate: Aggregate) -> bool:
    """True if the answers for the files decide the answer for all of them."""
    return type(aggregate) in _WAYS


def merged(aggregate: Aggregate, values: Sequence[Value]) -> Value:
    """The answer for all files together; at least one."""
    return _WAYS[type(aggregate)](aggregate, values)


def _sum(_: Aggregate, values: Sequence[Value]) -> Value:
    return sum(values)


def _sums(_: Aggregate, values: Sequence[Value]) -> Value:
    return [sum(column) for column in zip(*values, strict=True)]


def _least(_: Aggregate, values: Sequence[Value]) -> Value:
    return min((value for value in values if value is not None), default=None)


def _greatest(_: Aggregate, values: Sequence[Value]) -> Value:
    return max((value for value in values if value is not None), default=None)


def _extent(aggregate: Aggregate, values: Sequence[Value]) -> Value:
    low, high = zip(*values, strict=True)
    return [_least(aggregate, low), _greatest(aggregate, high)]


def _mean(_: Aggregate, values: Sequence[Value]) -> Value:
    n = sum(value[0] for value in values)
    if not n:
        return [0, None]
    return [n, sum(value[0] * (value[1] or 0.0) for value in values) / n]


def _moments(_: Aggregate, values: Sequence[Value]) -> Value:
    """Chan, Golub and LeVeque (1979): moments of a union from those of its parts."""
    n, mean, spread = 0, 0.0, 0.0
    if any(value[0] and None in value for value in values):  # they overflow
        return [sum(value[0] for value in values), None, None]
    for more, other, apart in values:
        if more:
            total = n + more
            step = other - mean
            spread += apart + step * step * n * more / total
            mean += step * more / total
            n = total
    return [n, mean, spread] if n else [0, None, None]


def _counts(aggregate: Any, values: Sequence[Value]) -> Value:
    """Rows of [key..., count]; null where one of them had too many."""
    if any(value is None for value in values):
        return None
    keys = 2 if isinstance(aggregate, ask.Cells) else 1
    total: dict[Any, int] = {}
    for value in values:
        for row in value:
            key = tuple(row[:keys])
            total[key] = total.get(key, 0) + row[-1]
    most = getattr(aggregate, "most", None)
    if most is not None and len(total) > most:
        return None
    return [[*key, count] for key, count in sorted(total.items(), key=_first)]


def _bins(_: Aggregate, values: Sequence[Value]) -> Value:
    """Rows of [bin, count], the first bin first."""
    if len(values) == 1:
        return values[0]
    total: dict[int, int] = {}
    for value in values:
        for number, count in value:
            total[number] = total.get(number, 0) + count
    return [[number, count] for number, count in sorted(total.items())]


def _groups(aggregate: Any, values: Sequence[Value]) -> Value:
    if any(value is None for value in values):
        return None
    total: dict[tuple[Any, ...], list[int]] = {}
    for value in values:
        for key, *counts in value:
            before = total.setdefault(tuple(key), [0, 0, 0])
            total[tuple(key)] = [a + b for a, b in zip(before, counts, strict=True)]
    if len(total) > aggregate.most:
        return None
    return [[list(key), *counts] for key, counts in sorted(total.items(), key=_first)]


def _personal(_: Aggregate, values: Sequence[Value]) -> Value:
    """Values add up; of different numbers no more are known than the file with the most has."""
    total: dict[str, list[int]] = {}
    for value in values:
        for form, certain, right, tried, held, exact in value:
            known = total.setdefault(form, [0, 0, 0, 0, 1])
            numbers = max([tried, held], known[2:4], key=lambda pair: pair[1])
            total[form] = [known[0] + certain, known[1] + right, *numbers, min(known[4], exact)]
    return [[form, *total[form]] for form in sorted(total)]


def _first(item: tuple[tuple[Any, ...], Any]) -> tuple[Any, ...]:
    """Nulls first, so that a key may be sorted."""
    return tuple((part is not None, part if part is not None else 0) for part in item[0])


def _digest(_: Aggregate, values: Sequence[Value]) -> Value:
    """Each half by itself: what one carries over is none of the other's."""
    halves = [(value[:16], value[16:]) for value in values]
    sums = (sum(int(half, 16) for half in each) for each in zip(*halves, strict=True))
    return "".join(f"{one % (1 << 64):016x}" for one in sums)


_WAYS: dict[type[Aggregate], Callable[[Any, Sequence[Value]], Value]] = {
    ask.Rows: _sum,
    ask.Nulls: _sum,
    ask.NotFinite: _sums,
    ask.Minimum: _least,
    ask.Maximum: _greatest,
    ask.Extent: _extent,
    ask.Mean: _mean,
    ask.Moments: _moments,
    ask.Sum: _sum,
    ask.Below: _sum,
    ask.Between: _sum,
    ask.InSet: _sum,
    ask.Matching: _sum,
    ask.LengthBetween: _sum,
    ask.Lengths: _extent,
    ask.Truth: _sums,
    ask.Categories: _counts,
    ask.Groups: _groups,
    ask.Histogram: _bins,
    ask.Cells: _counts,
    ask.PerDay: _counts,
    ask.Personal: _personal,
    ask.Digest: _digest,
}
