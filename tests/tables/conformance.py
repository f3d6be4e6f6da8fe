"""What every engine must answer alike: each aggregate over columns that are hard, with an oracle.

An engine joins by a function that takes a table's rows and aggregates, and gives the answers; the
oracles are pandas, NumPy, SciPy and Python itself.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from mlgate.tables import aggregates as ask

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Rows = list[dict[str, Any]]


def present(rows: Rows, column: str) -> list[Any]:
    """Values that are neither null nor NaN."""
    values = [row[column] for row in rows]
    return [micro(v) for v in values if v is not None and not (isinstance(v, float) and v != v)]


def micro(value: Any) -> Any:
    """Times as microseconds in UTC."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return round((moment - EPOCH).total_seconds() * 1_000_000)
    return value


def finite(rows: Rows, column: str) -> list[float]:
    return [v for v in present(rows, column) if math.isfinite(v)]


def ordered(rows: Rows, column: str) -> list[Any]:
    return [v for v in present(rows, column) if isinstance(v, str) or math.isfinite(v)]


def moments(rows: Rows, column: str) -> list[Any]:
    values = np.array(finite(rows, column), dtype=float)
    if not len(values):
        return [0, None, None]
    return [len(values), values.mean(), values.var() * len(values)]


def quantile(rows: Rows, a: ask.Quantile) -> Any:
    values = sorted(finite(rows, a.column))
    return values[max(1, math.ceil(a.q * len(values) - 1e-9)) - 1] if values else None


def duplicates(rows: Rows, columns: tuple[str, ...]) -> list[int]:
    frame = pd.DataFrame([{c: repr(row[c]) for c in columns} for row in rows], columns=[*columns])
    whole = [all(row[c] is not None for c in columns) for row in rows]
    kept = frame[whole] if rows else frame
    return [int(kept.duplicated().sum()), len(rows) - sum(whole)]


def disorder(rows: Rows, a: ask.Disorder) -> int:
    broken, best = 0, None
    for value in ordered(rows, a.column):
        if best is not None:
            wrong = value > best if a.descending else value < best
            broken += wrong or (a.strict and value == best)
        best = value if best is None else (min if a.descending else max)(best, value)
    return broken


def histogram(rows: Rows, a: ask.Histogram) -> list[list[int]]:
    width = (a.high - a.low) / a.bins
    found: Counter[int] = Counter()
    for value in finite(rows, a.column):
        if not a.inside or a.low <= value < a.high:
            found[min(max(math.floor(value / width) - math.floor(a.low / width), -1), a.bins)] += 1
    return [[k, found[k]] for k in sorted(found)]


def counted(pairs: Counter[Any]) -> list[list[Any]]:
    return [[k, pairs[k]] for k in sorted(pairs)]


def text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def by_key(item: tuple[tuple[Any, ...], Any]) -> tuple[Any, ...]:
    """Nulls first."""
    return tuple((part is not None, part if part is not None else 0) for part in item[0])


def or_null(value: Any) -> str | None:
    return None if value is None else text(value)


def groups(rows: Rows, a: ask.Groups) -> list[list[Any]]:
    frame = pd.DataFrame(
        [[tuple(or_null(row[c]) for c in a.by), or_null(row[a.label])] for row in rows],
        columns=["key", "label"],
    )
    found = {
        key: [len(one), int(one.label.notna().sum()), int((one.label == a.positive).sum())]
        for key, one in frame.groupby("key")
    }
    return [[list(key), *counts] for key, counts in sorted(found.items(), key=by_key)]


def cells(rows: Rows, a: ask.Cells) -> list[list[Any]]:
    def cell(value: Any) -> Any:
        if not a.bins:
            return or_null(value)
        if value is None or not math.isfinite(value):
            return None
        width = (a.high - a.low) / a.bins
        return min(max(math.floor(value / width) - math.floor(a.low / width), -1), a.bins)

    labelled = [row for row in rows if row[a.label] is not None]
    found = Counter((cell(row[a.column]), text(row[a.label])) for row in labelled)
    return [[*key, count] for key, count in sorted(found.items(), key=by_key)]


CONDITIONS: dict[str, Callable[[dict[str, Any]], bool | None]] = {
    "s > 0": lambda row: None if row["s"] is None else row["s"] > 0,
    "b OR s > 0": lambda row: either(row["b"], None if row["s"] is None else row["s"] > 0),
    '"order by" IS NULL': lambda row: row["order by"] is None,
}
"""Expressions of SQL, and what each says of a row: true, false, or that it cannot tell."""


def either(one: bool | None, other: bool | None) -> bool | None:
    """SQL's `OR`."""
    return True if one or other else None if one is None or other is None else False


def truth(rows: Rows, a: ask.Truth) -> list[int]:
    found = Counter(CONDITIONS[a.condition](row) for row in rows)
    return [found[True], found[False], found[None]]


def answer(rows: Rows, a: ask.Aggregate) -> Any:
    """The oracle's, of the rows that the aggregate is narrowed to."""
    kept = rows if a.where is None else [row for row in rows if CONDITIONS[a.where](row)]
    return ORACLES[type(a)](kept, a)


ORACLES: dict[type[ask.Aggregate], Callable[[Rows, Any], Any]] = {
    ask.Rows: lambda rows, a: len(rows),
    ask.Nulls: lambda rows, a: sum(row[a.column] is None for row in rows),
    ask.NotFinite: lambda rows, a: [
        sum(isinstance(v, float) and test(v) for v in (row[a.column] for row in rows))
        for test in (math.isnan, lambda v: v == math.inf, lambda v: v == -math.inf)
    ],
    ask.Minimum: lambda rows, a: min(ordered(rows, a.column), default=None),
    ask.Maximum: lambda rows, a: max(ordered(rows, a.column), default=None),
    ask.Extent: lambda rows, a: [
        f((v for v in finite(rows, a.column)
           if (a.low is None or v >= a.low) and (a.high is None or v < a.high)), default=None)
        for f in (min, max)
    ],
    ask.Mean: lambda rows, a: moments(rows, a.column)[:2],
    ask.Moments: lambda rows, a: moments(rows, a.column),
    ask.Sum: lambda rows, a: math.fsum(finite(rows, a.column)),
    ask.Below: lambda rows, a: sum(
        v < a.bound or (a.inclusive and v == a.bound) for v in present(rows, a.column)
    ),
    ask.Between: lambda rows, a: sum(
        (a.low is None or v >= a.low) and (a.high is None or v <= a.high)
        for v in present(rows, a.column)
    ),
    ask.InSet: lambda rows, a: sum(v in a.values for v in present(rows, a.column)),
    ask.Matching: lambda rows, a: sum(
        re.search(a.regex, v) is not None for v in present(rows, a.column)
    ),
    ask.LengthBetween: lambda rows, a: sum(
        a.low <= len(v) <= (math.inf if a.high is None else a.high) for v in present(rows, a.column)
    ),
    ask.Lengths: lambda rows, a: [
        f(map(len, present(rows, a.column)), default=None) for f in (min, max)
    ],
    ask.Distinct: lambda rows, a: len({repr(row[a.column] + 0 if isinstance(row[a.column], float)
                                       else row[a.column]) for row in rows} - {"None"}),
    ask.Duplicates: lambda rows, a: duplicates(rows, a.columns),
    ask.Categories: lambda rows, a: counted(Counter(text(v) for v in present(rows, a.column))),
    ask.MostCommon: lambda rows, a: max(Counter(present(rows, a.column)).values(), default=0),
    ask.Histogram: histogram,
    ask.Quantile: quantile,
    ask.Truth: truth,
    ask.Groups: groups,
    ask.Cells: cells,
    ask.Disorder: disorder,
    ask.PerDay: lambda rows, a: counted(
        Counter(v // 86_400_000_000 for v in present(rows, a.column))
    ),
}  # fmt: skip
"""Those that no oracle here answers exactly have laws of their own, in `test_laws`."""


def close(found: Any, wanted: Any) -> bool:
    """Equal, but for the last digits of floats."""
    if isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(map(close, found, wanted))
    if isinstance(wanted, float) and found is not None:
        return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-6)
    return bool(found == wanted)
