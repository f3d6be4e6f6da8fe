"""Whether answers come in time: a quantile with its interval, held against what is allowed."""

from __future__ import annotations

from mlgate.core.finding import Finding, Measurement
from mlgate.core.words import Level, Result
from mlgate.stats import quantiles

ALPHA = 0.05
CONFIDENCE = 1 - ALPHA


def result(
    low: float | None, high: float | None, at_least: float | None, at_most: float | None
) -> Result:
    """Met or broken where the whole interval says so, else open."""
    if at_least is None and at_most is None:
        return Result.PASS
    if at_most is not None:
        if high is not None and high <= at_most:
            return Result.PASS
        return Result.FAIL if low is not None and low > at_most else Result.OPEN
    if low is not None and at_least is not None and low >= at_least:
        return Result.PASS
    return Result.FAIL if high is not None and high < (at_least or 0) else Result.OPEN


def latency(
    rule: str, name: str, found: quantiles.Quantile, most: float | None, longer: str
) -> Finding:
    """One quantile, in seconds, of which `most` are allowed; `longer` settles an open one."""
    met = result(found.low, found.high, None, most)
    bound = "" if most is None else f"; {duration(most)} are allowed"
    value, high = duration(found.value), duration(found.high)
    message = f"{name} is {value}, at most {high} with 95 % confidence"
    if found.high is None:
        message = f"{name} is {value} of {found.n:,} answers, too few to bound it"
    return Finding(
        rule=rule,
        result=met,
        level=Level.NOTE if met is Result.PASS else Level.ERROR,
        message=message + bound,
        measurement=Measurement(
            name=name, value=found.value, low=found.low, high=found.high, at_most=most, n=found.n,
            needed=quantiles.needed(found.q, ALPHA) if found.high is None else None,
            unit="s", confidence=CONFIDENCE, method=quantiles.METHOD,
        ),
        help=longer if met is Result.OPEN else None,
    )  # fmt: skip


def duration(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return "unknown"
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
