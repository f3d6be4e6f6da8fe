"""One thing that must hold for a table: what it asks, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from mlgate.core.finding import Finding, Location, Measurement
from mlgate.core.words import Level, Result
from mlgate.tables.aggregates import Aggregate, Value, columns_of
from mlgate.tables.table import meant


class Ruling(Struct, frozen=True):
    """What came of a check."""

    met: bool
    message: str
    measurement: Measurement
    open: bool = False
    """True if the evidence does not decide."""


class Check(Struct, frozen=True, kw_only=True):
    """One rule, with the aggregates that decide it."""

    rule: str
    about: str
    """What it is about: a column, a key, the rows."""
    asks: tuple[Aggregate, ...]
    judge: Callable[..., Ruling]
    """Takes the answers in the order of `asks`."""
    kept: Aggregate | None = None
    """The aggregate that counts the rows which keep the rule, or the keys that come again, where
    rows can break it."""
    time: str | None = None
    """The column that must hold times."""


class Share(Struct, frozen=True):
    """A share of rows against its bounds, from 0 to 1."""

    name: str
    count: int
    of: int
    at_least: float | None = None
    at_most: float | None = None

    @property
    def value(self) -> float:
        """The share; 0 of nothing is 0."""
        return self.count / self.of if self.of else 0.0

    @property
    def met(self) -> bool:
        """True within the bounds, ends included."""
        return within(self.value, self.at_least, self.at_most)

    @property
    def measurement(self) -> Measurement:
        """The share as evidence."""
        return Measurement(
            name=self.name,
            value=self.value,
            at_least=self.at_least,
            at_most=self.at_most,
            n=self.of,
            method="exact",
        )


def within(value: float | None, low: float | None, high: float | None) -> bool:
    """True if there is a value and it is within the bounds, ends included; false for NaN."""
    if value is None or value != value:
        return False
    return (low is None or value >= low) and (high is None or value <= high)


def percent(share: float) -> str:
    """A share for people: never 0 % or 100 % for what is not."""
    for digits in range(1, 8):
        text = f"{share:.{digits}%}"
        if float(text[:-1]) not in (0.0, 100.0) or share in (0.0, 1.0):
            return text.replace("%", " %").replace(".0 %", " %")
    return f"{share * 100:.3g} %"


def bounds(low: float | None, high: float | None, show: Callable[[float], str]) -> str:
    """Bounds in words."""
    if low is not None and high is not None:
        return f"{show(low)} to {show(high)}" if low != high else f"exactly {show(low)}"
    if low is not None:
        return f"at least {show(low)}"
    return f"at most {show(high)}" if high is not None else "anything"


def figure(value: float) -> str:
    """A number for people."""
    if isinstance(value, int) or (value == value and abs(value) < 1e15 and value == int(value)):
        return f"{int(value):,}"
    return f"{value:,.6g}"


def finding(path: str, check: Check, ruling: Ruling, mend: str, examples: str = "") -> Finding:
    """The finding that a ruling is."""
    result = Result.OPEN if ruling.open else Result.PASS if ruling.met else Result.FAIL
    return Finding(
        rule=f"data/{check.rule}",
        message=ruling.message + examples,
        result=result,
        level=Level.NOTE if result is Result.PASS else Level.ERROR,
        location=Location(path=path),
        measurement=ruling.measurement,
        help=mend if result is Result.FAIL else None,
    )


def unfit(path: str, check: Check, reason: str, columns: Sequence[str] = ()) -> Finding:
    """The finding that a check could not be asked of its column."""
    named = [name for asked in check.asks for name in columns_of(asked)]
    gone = next((name for name in named if columns and name not in columns), None)
    mend = meant(gone, columns) if gone is not None else None
    return Finding(
        rule=f"data/{check.rule}",
        message=reason if check.about in reason else f"{check.about}: {reason}",
        level=Level.ERROR,
        location=Location(path=path),
        help=mend or "correct the column's name or type in the policy, or mend the table",
    )


Values = Sequence[Value]
Judge = Callable[..., Any]


def mend(check: Check) -> str:
    """What mends a check that is not met."""
    from mlgate.gates.data import rules

    return rules[check.rule].mend
