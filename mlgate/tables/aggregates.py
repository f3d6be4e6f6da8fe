"""The vocabulary of numbers that a table can be asked for; every engine answers all of them.

Times count as microseconds since 1970 in UTC, dates as their midnight. Null, NaN and the infinities
are apart: what compares or adds values looks at numbers only (the infinities are below or between
bounds as any number, but are no least or greatest, and do not add). `where` is one SQL expression
over the columns; only rows for which it is true then count.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

Number: TypeAlias = int | float
Bound: TypeAlias = int | float | str | None
Value: TypeAlias = Any
"""What JSON can say: a number, a text, null, or lists of them."""


class Aggregate(Struct, frozen=True, tag_field="kind", kw_only=True):
    """What is asked of a table."""

    where: str | None = None


class OfColumn(Aggregate, frozen=True):
    """What is asked of one column."""

    column: str


class Rows(Aggregate, frozen=True, tag="rows"):
    """How many rows."""


class Nulls(OfColumn, frozen=True, tag="nulls"):
    """How many nulls."""


class NotFinite(OfColumn, frozen=True, tag="not-finite"):
    """[NaN, positive infinities, negative infinities]; zeros where the type has none."""


class Minimum(OfColumn, frozen=True, tag="minimum"):
    """The least value, the infinities left out; null where there is none."""


class Maximum(OfColumn, frozen=True, tag="maximum"):
    """The greatest value, the infinities left out; null where there is none."""


class Extent(OfColumn, frozen=True, tag="extent"):
    """[least, greatest] of the finite values from `low` to below `high`; nulls where none are."""

    low: float | None = None
    high: float | None = None


class Mean(OfColumn, frozen=True, tag="mean"):
    """[finite values, their mean]."""


class Moments(OfColumn, frozen=True, tag="moments"):
    """[finite values, their mean, the sum of their squared distances from it]."""


class Sum(OfColumn, frozen=True, tag="sum"):
    """The sum of the finite values: exact for integers, as long as it is below 2**53."""


class Below(OfColumn, frozen=True, tag="below"):
    """How many values are less than `bound`, or equal to it where it is `inclusive`."""

    bound: int | float | str
    inclusive: bool = False


class Between(OfColumn, frozen=True, tag="between"):
    """How many values are at least `low` and at most `high`."""

    low: Bound = None
    high: Bound = None


class InSet(OfColumn, frozen=True, tag="in-set"):
    """How many values are among `values`."""

    values: tuple[int | float | str | bool, ...]


class Matching(OfColumn, frozen=True, tag="matching"):
    """How many values the regular expression (RE2) finds something in."""

    regex: str


class LengthBetween(OfColumn, frozen=True, tag="length-between"):
    """How many texts have at least `low` and at most `high` characters."""

    low: int = 0
    high: int | None = None


class Lengths(OfColumn, frozen=True, tag="lengths"):
    """[fewest, most] characters; nulls where there is no value."""


class Truth(Aggregate, frozen=True, tag="truth"):
    """[rows for which `condition` is true, false, unknown]."""

    condition: str


class Distinct(OfColumn, frozen=True, tag="distinct"):
    """How many different values, exactly."""


class RoughlyDistinct(OfColumn, frozen=True, tag="roughly-distinct"):
    """How many different values, sketched: with a standard error of about 4 percent."""


class Duplicates(Aggregate, frozen=True, tag="duplicates"):
    """[rows beyond the first of each key, rows whose key holds a null, which are not compared]."""

    columns: tuple[str, ...]


class Categories(OfColumn, frozen=True, tag="categories"):
    """[[value as text, rows], ...] by value, without nulls; null where more than `most` are."""

    most: int = 1000


class MostCommon(OfColumn, frozen=True, tag="most-common"):
    """Rows that hold the most common value."""


class Groups(Aggregate, frozen=True, tag="groups"):
    """[[values of `by` as texts or null, rows, rows with `label`, rows where that is `positive`],
    ...] by value; null where there are more than `most`."""

    by: tuple[str, ...]
    label: str
    positive: str
    most: int = 1000


class Histogram(OfColumn, frozen=True, tag="histogram"):
    """[[bin, values], ...]: finite values in bins of equal width from `low` to below `high`.

    What is less is in bin -1, what is not less than `high` in bin `bins`, unless only the `inside`
    is wanted; empty bins are left out. Edges are exact where the width is a power of two and `low`
    a multiple of it.
    """

    low: float
    high: float
    bins: int
    inside: bool = False


class Cells(OfColumn, frozen=True, tag="cells"):
    """[[bin or value, label as text, rows], ...]: a column, in bins where `bins` is more than 0,
    against a label; null where there are more than `most`."""

    label: str
    low: float = 0.0
    high: float = 0.0
    bins: int = 0
    most: int = 20_000


class Quantile(OfColumn, frozen=True, tag="quantile"):
    """The least finite value that a share `q` of them does not exceed."""

    q: float


class Disorder(OfColumn, frozen=True, tag="disorder"):
    """How many rows break the order of the rows before them, in the order of the file."""

    descending: bool = False
    strict: bool = False


class PerDay(OfColumn, frozen=True, tag="per-day"):
    """[[day since 1970 in UTC, rows], ...]."""


class Personal(OfColumn, frozen=True, tag="personal"):
    """[[form, certain, right, tried, held, exact], ...]: values with personal data of `kinds`.

    Of each form of those kinds that is seen: values that surely hold one; values whose number has
    the right check digits and looks like any other; how many different such numbers were tried, and
    how many of those held; and 1, or 0 where the values are projected from the first that look like
    it. Any type is read as text.
    """

    kinds: tuple[str, ...]


class Digest(Aggregate, frozen=True, tag="digest"):
    """A digest of the rows that does not depend on their order."""


Any_ = (
    Rows | Nulls | NotFinite | Minimum | Maximum | Extent | Mean | Moments | Sum | Below | Between
    | InSet | Matching | LengthBetween | Lengths | Truth | Distinct | RoughlyDistinct | Duplicates
    | Categories | MostCommon | Groups | Histogram | Cells | Quantile | Disorder | PerDay
    | Personal | Digest
)  # fmt: skip
"""Every aggregate there is, for decoding."""


def encoded(aggregate: Aggregate) -> bytes:
    """One form for equal aggregates: what a stored answer is addressed by."""
    return msgspec.json.encode(aggregate, order="deterministic")


def columns_of(aggregate: Aggregate) -> tuple[str, ...]:
    """The columns that it names outside of expressions."""
    match aggregate:
        case Duplicates(columns=columns):
            return columns
        case Groups(by=by, label=label):
            return (*by, label)
        case Cells(column=column, label=label):
            return (column, label)
        case OfColumn(column=column):
            return (column,)
    return ()
