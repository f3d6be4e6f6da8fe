"""Kinds of values in a condition, and how those of several kinds are compared on both engines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from mlgate.tables._spark_otherwise import Otherwise, unless

NAN = "a condition compares NaN"
"""Not compared: bounds in a file's footer may leave NaN out, and filters go by them."""

_WHOLE = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
_PLAIN = {
    "float": "single", "double": "double",
    "string": "text", "boolean": "truth", "date": "date", "timestamp_ntz": "time",
    "timestamp": "instant",
}  # fmt: skip
_CAST = {"double": "double", "single": "float", "time": "timestamp_ntz"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d{1,6})?)?")
_KEPT = {"double": 15, "single": 7}
"""Digits that any way of making such a number keeps."""
_ROUNDED_ALIKE = frozenset({"integerdouble", "singledouble", "doublesingle"})
_WIDEST = 38


class Typed(NamedTuple):
    """An expression of Spark, in our quotes, with its kind; the value where it is a constant."""

    sql: str
    kind: str
    digits: tuple[int, int] = (0, 0)
    constant: str | None = None


def of_column(sql: str, native: str) -> Typed:
    """A column of that type of Spark's."""
    if native.startswith("decimal("):
        width, scale = native[8:-1].split(",")
        return Typed(sql, "decimal", (int(width), int(scale)))
    if native in _WHOLE:
        return Typed(sql, "integer", (_WHOLE[native], 0))
    return Typed(sql, _PLAIN.get(native, "other"))


def digits(one: Typed) -> tuple[int, int]:
    """The digits of a whole number or decimal, and how many of them stand behind the point."""
    return one.digits if one.digits[0] else (19, 0)


def decimal(sql: str, before: int, behind: int) -> Typed:
    """A decimal of so many digits. Raises `Otherwise` where Spark would round it."""
    if before + behind > _WIDEST:
        raise Otherwise(f"decimals of more than {_WIDEST} digits are rounded")
    return Typed(sql, "decimal", (before + behind, behind))


def together(given: Sequence[Typed]) -> tuple[list[Typed], str]:
    """They as one kind, and that kind. Raises `Otherwise` where the engines may choose others."""
    kinds = {one.kind for one in given} - {"null"}
    for kind in ("double", "single"):
        if kind in kinds and kinds <= {"integer", "decimal", "single", "double"}:
            return [as_float(one, kind) for one in given], kind
    if "decimal" in kinds and kinds <= {"integer", "decimal"}:
        widths = [digits(one) for one in given if one.kind != "null"]
        before = max(width - scale for width, scale in widths)
        decimal("", before, max(scale for _, scale in widths))
        return list(given), "decimal"
    if kinds == {"date", "text"}:
        return [_moment(one, "date", _DAY) for one in given], "date"
    if kinds in ({"time", "text"}, {"time", "date"}, {"time", "date", "text"}):
        return [_moment(one, "time", _MOMENT) for one in given], "time"
    if kinds == {"instant", "text"}:
        return [_moment(one, "instant", _MOMENT) for one in given], "instant"
    if len(kinds) > 1 or kinds & {"other", "days"}:
        raise Otherwise(f"{' and '.join(sorted(kinds))} are not compared alike")
    return list(given), next(iter(kinds), "null")


def as_float(one: Typed, kind: str) -> Typed:
    """The number as a float of that width."""
    if one.kind in (kind, "null"):
        return one
    if one.kind not in ("integer", "decimal", "single", "double"):
        raise Otherwise(f"Spark makes numbers of {one.kind} otherwise")
    width = digits(one)[0]
    if one.kind + kind not in _ROUNDED_ALIKE and width > _KEPT[kind]:
        raise Otherwise(f"{one.kind} of {width} digits may be rounded otherwise")
    return Typed(f"({one.sql})::{_CAST[kind]}", kind, constant=one.constant)


def _moment(one: Typed, kind: str, form: re.Pattern[str]) -> Typed:
    """A date or time, of which texts are constants in a form that both engines read."""
    cast = {"date": "date", "time": "timestamp_ntz", "instant": "timestamp_ltz"}[kind]
    if one.kind == "text" and (one.constant is None or not form.fullmatch(one.constant)):
        raise Otherwise("a date or time in another form than '2026-01-31' or '2026-01-31 12:00:00'")
    return one if one.kind in (kind, "null") else Typed(f"({one.sql})::{cast}", kind)


def compared(given: Sequence[Typed]) -> tuple[list[str], str]:
    """They as what compares with each other on both engines alike, and their kind."""
    same, kind = together(given)
    return [_no_nan(one) if kind in _KEPT else one.sql for one in same], kind


def _no_nan(one: Typed) -> str:
    if one.constant is not None or one.kind == "null":
        return one.sql
    return unless(f"isnan({one.sql})", one.sql, NAN)
