"""Policy lines for a table: bounds that it keeps today, with room for tomorrow."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlgate.core.text import counted, plain
from mlgate.policy import toml
from mlgate.tables import aggregates as ask
from mlgate.tables.ask import ask as asked

if TYPE_CHECKING:
    from mlgate.tables._asking import Desk
    from mlgate.tables.ask import Answers
    from mlgate.tables.profile import ColumnProfile, Profile
    from mlgate.tables.table import Located

_TYPES = frozenset(
    {"integer", "float", "decimal", "string", "boolean", "date", "time", "timestamp", "binary",
     "nested"}
)  # fmt: skip
_NUMBERS = ("integer", "float", "decimal")
_TIMES = ("date", "timestamp")
_LISTED = 50
"""A column with more different values has no list of them."""
_EACH = 20
"""Rows that each of them has at least, for the list to be believed complete."""
_FEW = 1000
"""In fewer rows no null is no reason to forbid them."""


def lines(desk: Desk, table: Located, found: Profile, path: str) -> Iterator[str]:
    """The block `[gates.NAME]`; what is only worth a thought is commented out."""
    keys = [c for c in found.columns if _may_be_key(c)]
    values = [c for c in found.columns if c.type == "string" and c.top]
    duplicates = {c.name: ask.Duplicates(columns=(c.name,)) for c in keys}
    categories = {c.name: ask.Categories(column=c.name, most=_LISTED) for c in values}
    answers = asked(desk, table, [ask.Rows(), *duplicates.values(), *categories.values()])
    unique = [name for name, a in duplicates.items() if answers.of(a) == [0, 0]]
    yield f"# {plain(path)}: {counted(found.rows, 'row')} when this was suggested"
    gate = re.sub(r"[^a-z0-9]+", "-", path.rpartition("/")[2].partition(".")[0].lower()).strip("-")
    head = f"gates.{gate or 'table'}"
    yield f"[{head}]"
    yield 'kind = "data"'
    yield f"table = {toml.string(path)}"
    yield f"rows = {toml.inline({'min': max(min(found.rows, 1), int(_down(found.rows / 2)))})}"
    yield "# rows = { min = 1, max_change = 0.2 }   # instead: against the base"
    yield from _keys(unique)
    yield from _times(desk, found)
    for column in found.columns:
        yield ""
        yield from _column(head, column, found.rows, _listed(answers, categories.get(column.name)))


def _may_be_key(column: ColumnProfile) -> bool:
    several = column.rows > 1 and column.distinct is not None
    nearly = several and (column.distinct or 0) >= 0.8 * column.rows
    return nearly and not column.nulls and column.type in ("integer", "string", "other")


def _keys(unique: list[str]) -> Iterator[str]:
    if unique:
        yield f"unique = {toml.inline(unique[:1])}"
        yield f"key = {toml.string(unique[0])}   # names the rows that break a rule"
    if unique[1:]:
        yield f"# unique = {toml.inline(unique)}"


def _times(desk: Desk, found: Profile) -> Iterator[str]:
    """Freshness is for whoever knows how often the table is renewed."""
    for column in found.columns:
        if column.type in _TIMES and isinstance(column.high, int | float):
            age = desk.now.timestamp() - column.high / 1e6
            days = max(7, math.ceil(age / 86400 * 1.5))
            given = {"column": column.name, "max_age": f"{days}d"}
            yield f"# fresh = {toml.inline(given)}   # how old may the newest row be?"
            return


def _listed(answers: Answers, a: ask.Categories | None) -> list[str] | None:
    """All values of a column, where each has rows enough to believe that there is no other."""
    pairs = answers.of(a) if a is not None else None
    if not pairs or min(count for _, count in pairs) < _EACH:
        return None
    return [value for value, _ in pairs]


def _column(head: str, column: ColumnProfile, rows: int, listed: list[str] | None) -> Iterator[str]:
    yield f"[{head}.columns.{toml.key(column.name)}]"
    rules: dict[str, Any] = {}
    if column.type in _TYPES:
        rules["type"] = column.type
    nulls = _nulls(column, rows)
    if nulls is not None and nulls < 1:
        rules["nulls"] = {"max": nulls}
    if column.not_finite:
        rules["not_finite"] = {"max": _share(column.not_finite, rows)}
    numbers = column.type in _NUMBERS and isinstance(column.low, int | float)
    if numbers and not column.not_finite:
        rules["between"] = _room(column)
    if listed is not None:
        rules["values"] = listed
    for name, value in rules.items():
        yield from toml.pair(name, value)
    if numbers and column.not_finite:
        yield f"# between = {toml.inline(_room(column))}   # infinities lie outside"
    if not rules:
        yield "# nothing to suggest for this type"
    if column.mean is not None and column.stdev and math.isfinite(column.stdev):
        step = column.stdev / 4
        mean = [_figure(column.mean - step), _figure(column.mean + step)]
        yield f"# mean = {toml.inline(mean)}   # a quarter of the standard deviation to each side"


def _nulls(column: ColumnProfile, rows: int) -> float | int | None:
    if column.nulls == 0:
        return 0 if rows >= _FEW else None
    return _share(column.nulls, rows) if column.nulls < rows else None


def _share(count: int, rows: int) -> float:
    """Twice the share, or halfway to 1 where that is less; at least four standard errors more."""
    share = count / rows
    error = math.sqrt(share * (1 - share) / rows)
    most = min(1.0, max(min(share * 2, (1 + share) / 2), share + 4 * error))
    return _up(most) if most <= 0.5 else max(most, _figure(1 - _down(1 - most)))


def _room(column: ColumnProfile) -> list[float]:
    """The span of the values and a quarter of it on each side; what is never negative stays so,
    and of whole numbers 0 and 1 are all there are."""
    low, high = float(column.low or 0), float(column.high or 0)
    if column.type == "integer" and (low, high) == (0, 1):
        return [0, 1]
    step = (high - low) / 4 or abs(high) / 4 or 1.0
    least = 0.0 if low >= 0 and low - step < 0 else -_up(step - low)
    ends = [least, _up(high + step)]
    if column.type == "integer":
        ends = [math.floor(ends[0]), math.ceil(ends[1])]
    return [int(end) if abs(end) < 2**53 and end == int(end) else end for end in ends]


def _up(value: float) -> float:
    """The next number of two digits that is not less."""
    if not value or not math.isfinite(value):
        return value
    if value < 0:
        return -_down(-value)
    digit = 10.0 ** (math.floor(math.log10(value)) - 1)
    rounded = _figure(math.ceil(value / digit) * digit)
    return rounded if rounded >= value else value


def _down(value: float) -> float | int:
    """The next number of two digits that is not more."""
    if value <= 0:
        return 0
    digit = 10.0 ** (math.floor(math.log10(value)) - 1)
    rounded = _figure(math.floor(value / digit) * digit)
    rounded = rounded if rounded <= value else value
    return int(rounded) if value >= 10 else rounded


def _figure(value: float) -> float:
    return float(f"{value:.4g}")
