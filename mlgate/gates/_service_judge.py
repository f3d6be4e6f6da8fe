"""What the numbers of a load and of a batch come to, with the evidence that they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlgate.core.finding import Finding, Measurement
from mlgate.core.text import counted, plain
from mlgate.core.words import Level, Result
from mlgate.stats import proportions, quantiles
from mlgate.stats.distributions import t_quantile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.gates._service_options import Load

_ALPHA = 0.05
_CONFIDENCE = 0.95
_PARTS = 10
_QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def load(options: Load, found: dict[str, Any]) -> Iterator[Finding]:
    """Error rate, times and throughput of a load; of one that was given up, that alone."""
    yield _errors(options, found)
    if found["stopped"]:
        return
    ordered = sorted(found["times"])
    for name, q in _QUANTILES.items():
        if ordered:
            yield _latency(name, quantiles.quantile(ordered, q), options.bounds.get(name))
    yield _throughput(options, found)


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


def _errors(options: Load, found: dict[str, Any]) -> Finding:
    n, failed = len(found["times"]), int(found["failed"])
    low, high = proportions.bounds(failed, n, _ALPHA) if n else (0.0, 1.0)
    met = Result.FAIL if found["stopped"] else result(low, high, None, options.errors)
    needed = None
    if met is Result.OPEN:
        needed = _enough(failed / n if n else 0.0, options.errors)
    said = "; ".join(f"{plain(why)} ({times:,}x)" for why, times in found["errors"])
    words = f"{failed:,} of {counted(n, 'request')} failed" + (f": {said}" if said else "")
    if found["stopped"]:
        words += "; the load was ended early, as the service is down"
    return Finding(
        rule="service/errors",
        result=met,
        level=Level.NOTE if met is Result.PASS else Level.ERROR,
        message=words,
        measurement=Measurement(
            name="error rate", value=failed / n if n else None, low=low, high=high,
            at_most=options.errors, n=n, needed=needed, confidence=_CONFIDENCE,
            method=proportions.method(failed, n),
        ),
        help=_longer(needed, options) if met is Result.OPEN else None,
    )  # fmt: skip


def _enough(share: float, most: float) -> int | None:
    """Requests with which this share would be shown to lie below `most`."""
    if share >= most or not most:
        return None
    if not share:
        return math.ceil(math.log(_ALPHA) / math.log1p(-most))
    return proportions.needed(1 - share, 1 - most, _ALPHA)


def _latency(name: str, found: quantiles.Quantile, most: float | None) -> Finding:
    met = result(found.low, found.high, None, most)
    needed = quantiles.needed(found.q, _ALPHA) if found.high is None else None
    value, high = milliseconds(found.value), milliseconds(found.high)
    bound = "" if most is None else f"; {milliseconds(most)} are allowed"
    return Finding(
        rule="service/latency",
        result=met,
        level=Level.NOTE if met is Result.PASS else Level.ERROR,
        message=f"{name} is {value}, at most {high} with 95 % confidence{bound}"
        if found.high is not None
        else f"{name} is {value} of {found.n:,} answers, too few to bound it{bound}",
        measurement=Measurement(
            name=name, value=found.value, low=found.low, high=found.high, at_most=most, n=found.n,
            needed=needed, unit="s", confidence=_CONFIDENCE, method=quantiles.METHOD,
        ),
        help="lengthen the load's `duration`" if met is Result.OPEN else None,
    )  # fmt: skip


def milliseconds(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return "unknown"
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def _throughput(options: Load, found: dict[str, Any]) -> Finding:
    """Right answers a second; its interval is that of the mean of ten equal parts."""
    lasted = found["lasted"]
    counts = [0] * _PARTS
    for end in found["ends"]:
        counts[min(int(end / lasted * _PARTS), _PARTS - 1)] += 1
    value = len(found["ends"]) / lasted
    spread = math.sqrt(sum((c * _PARTS / lasted - value) ** 2 for c in counts) / (_PARTS - 1))
    half = t_quantile(1 - _ALPHA, _PARTS - 1) * spread / math.sqrt(_PARTS)
    low, high = max(0.0, value - half), value + half
    met = result(low, high, options.throughput, None)
    wanted = "" if options.throughput is None else f"; at least {options.throughput:g} are asked"
    return Finding(
        rule="service/throughput",
        result=met,
        level=Level.NOTE if met is Result.PASS else Level.ERROR,
        message=f"{value:,.3g} right answers a second with {options.concurrency} at once, at most "
        f"{options.rate:g} sent{wanted}",
        measurement=Measurement(
            name="throughput", value=value, low=low, high=high, at_least=options.throughput,
            n=len(found["ends"]), unit="1/s", confidence=_CONFIDENCE, method="t of ten parts",
        ),
        help=_longer(None, options) if met is Result.OPEN else None,
    )  # fmt: skip


def _longer(needed: int | None, options: Load) -> str:
    if needed is None:
        return "lengthen the load's `duration`"
    seconds = math.ceil(needed / options.rate)
    return f'{needed:,} requests would do: lengthen the load, `duration = "{seconds}s"` or more'


def batch(found: dict[str, Any]) -> Finding:
    """Whether the service says of every row what the batch says."""
    n, wrong = found["rows"], found["differ"] + found["failed"]
    low, high = proportions.bounds(wrong, n, _ALPHA)
    same = f"{n - wrong:,} of {counted(n, 'row')} are answered as the batch predicts them"
    examples = "".join(f"; {plain(example)}" for example in found["examples"])
    return Finding(
        rule="service/batch",
        result=Result.FAIL if wrong else Result.PASS,
        level=Level.ERROR if wrong else Level.NOTE,
        message=same + examples,
        measurement=Measurement(
            name="rows that differ", value=wrong / n, low=low, high=high, at_most=0.0, n=n,
            confidence=_CONFIDENCE, method=proportions.method(wrong, n),
        ),
        help="find out which of the two uses other features or another model" if wrong else None,
    )  # fmt: skip
