"""The keys of a `data` gate: what must hold for a table, its columns, and its rows."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from mlgate.core.duration import PATTERN, seconds

Text = Annotated[str, Meta(min_length=1)]
Ratio = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]
TypeName = Literal[
    "integer", "float", "decimal", "number", "string", "boolean", "date", "time", "timestamp",
    "binary", "nested",
]  # fmt: skip


class Bounds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a number must be at least and at most."""

    min: float | None = None
    """At least this."""
    max: float | None = None
    """At most this."""

    def __post_init__(self) -> None:
        if self.min is None and self.max is None:
            raise ValueError("give `min`, `max` or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("`min` is more than `max`: nothing could pass")


class Shares(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a share of the rows must be at least and at most, from 0 to 1."""

    min: Ratio | None = None
    """At least this share."""
    max: Ratio | None = None
    """At most this share."""

    def __post_init__(self) -> None:
        if self.min is None and self.max is None:
            raise ValueError("give `min`, `max` or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("`min` is more than `max`: nothing could pass")


Range: TypeAlias = tuple[float, float] | Bounds


def ends(given: Range | Bounds | Shares | None) -> tuple[float | None, float | None]:
    """The least and the greatest that is allowed."""
    if given is None:
        return None, None
    return given if isinstance(given, tuple) else (given.min, given.max)


Scalar: TypeAlias = bool | int | float | str


class InTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table that must hold every value of a column."""

    table: Text
    """Its path."""
    column: Text
    """The column in it."""


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must hold for a column."""

    type: TypeName | None = None
    """Its type; `number` is any of integer, float and decimal."""
    optional: bool = False
    """Whether it may be missing."""
    nulls: Shares | None = None
    """The share of nulls."""
    not_finite: Shares = Shares(max=0)
    """The share of NaN and infinities, which are no nulls."""
    between: tuple[int | float | str, int | float | str] | None = None
    """The least and the greatest allowed value; times as `2026-01-31`."""
    values: tuple[Scalar, ...] | None = None
    """The only allowed values."""
    regex: Text | None = None
    """A regular expression (RE2) that must be found in each text; `^` and `$` bind it."""
    length: tuple[Count, Count] | None = None
    """The fewest and the most characters of a text."""
    unique: bool = False
    """Whether no value may come twice."""
    mean: Range | None = None
    """Bounds of the mean."""
    stdev: Range | None = None
    """Bounds of the standard deviation."""
    quantiles: dict[str, Range] = {}
    """Bounds of quantiles, such as `"0.95" = [0, 100]`; decided exactly."""
    monotonic: (
        Literal["increasing", "decreasing", "strictly-increasing", "strictly-decreasing"] | None
    ) = None
    """The order of the values in the file."""
    distinct: Bounds | None = None
    """How many different values there are."""
    most_common: Shares | None = None
    """The share of the most common value."""
    in_table: InTable | None = None
    """Another table whose column must hold every value."""
    filter: Text | None = None
    """One SQL expression over the columns: only rows for which it is true are looked at."""
    mostly: Ratio = 1.0
    """The share of values for which `between`, `values`, `regex`, `length` and `in_table` must
    hold."""

    def __post_init__(self) -> None:
        if self.between is not None:
            low, high = self.between
            if isinstance(low, str) is not isinstance(high, str) or low > high:  # type: ignore[operator]
                raise ValueError("`between` must hold the least and the greatest, of one type")
        for share in self.quantiles:
            try:
                fits = 0 < float(share) < 1
            except ValueError:
                fits = False
            if not fits:
                raise ValueError(f"`quantiles`: {share!r} is no share between 0 and 1")
        if self.in_table is not None and self.filter is not None:
            raise ValueError("`in_table` looks at all rows: leave `filter` out")


class ColumnRule(Column, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must hold for some rows of a column: a further rule beside that of `columns`."""

    column: Text
    """The column."""


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be true of each row."""

    expression: Text
    """One SQL expression over the columns; rows for which it is unknown, for a null, do not
    break it."""
    name: Text | None = None
    """What the report calls it."""
    filter: Text | None = None
    """One SQL expression: only rows for which it is true are looked at."""
    mostly: Ratio = 1.0
    """The share of rows for which it must be true."""


class RowCount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many rows there must be."""

    min: Count | None = None
    """At least this many; one unless given."""
    max: Count | None = None
    """At most this many."""
    max_change: Annotated[float, Meta(ge=0)] | None = None
    """The greatest change against the base: 0.2 allows 20 percent more or less."""


class Fresh(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How old the newest row may be."""

    column: Text
    """The column that holds the time."""
    max_age: Annotated[str, Meta(pattern=PATTERN)]
    """Such as `36h` or `7d`."""
    max_ahead: Annotated[str, Meta(pattern=PATTERN)] = "1d"
    """How far in the future a time may lie before it is wrong."""

    @property
    def limits(self) -> tuple[float, float]:
        """`max_age` and `max_ahead` in seconds."""
        return seconds(self.max_age), seconds(self.max_ahead)


class Volume(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many rows each day must bring, from the first day to the last."""

    column: Text
    """The column that holds the time."""
    min: Count | None = None
    """At least this many on each day."""
    max: Count | None = None
    """At most this many on each day."""
    partial: bool = True
    """Whether the first and the last day, which may not be whole, are left alone."""


class Balance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a label and the rows are spread over groups of people or things."""

    group: Text
    """The column that holds the group."""
    label: Text
    """The column that holds the label."""
    positive: bool | int | str = 1
    """The label whose rate is compared."""
    share: Shares | None = None
    """The share of the rows that each group must have."""
    rate: Shares | None = None
    """The rate of `positive` in each group."""
    max_gap: Ratio | None = None
    """The greatest difference of the rate between two groups."""
    max_change: Ratio | None = None
    """The greatest change of a group's share or rate against the base."""
    min_rows: Annotated[int, Meta(ge=1)] = 30
    """Smaller groups are named, and their rate is not judged."""
