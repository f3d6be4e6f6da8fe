"""What the numbers of a load and of a batch come to, with the evidence that they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlgate.core.finding import Finding, Measurement
from mlgate.core.text import counted, plain
from mlgate.core.words import Level, Result
from mlgate.gates import _answer_times as times
from mlgate.gates._answer_times import ALPHA, CONFIDENCE
from mlgate.stats import proportions, quantiles
from mlgate.stats.distributions import t_quantile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.gates._service_options import Load

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
            value, most = quantiles.quantile(ordered, q), options.bounds.get(name)
            yield times.latency("service/latency", name, value, most, _longer(None, options))
    yield _throughput(options, found)


def _errors(options: Load, found: dict[str, Any]) -> Finding:
    n, failed = len(found["times"]), int(found["failed"])
    low, high = proportions.bounds(failed, n, ALPHA) if n else (0.0, 1.0)
    met = Result.FAIL if found["stopped"] else times.result(low, high, None, options.errors)
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
            at_most=options.errors, n=n, needed=needed, confidence=CONFIDENCE,
            method=proportions.method(failed, n),
        ),
        help=_longer(needed, options) if met is Result.OPEN else None,
    )  # fmt: skip


def _enough(share: float, most: float) -> int | None:
    """Requests with which this share would be shown to lie below `most`."""
    if share >= most or not most:
        return None
    if not share:
        return math.ceil(math.log(ALPHA) / math.log1p(-most))
    return proportions.needed(1 - share, 1 - most, ALPHA)


def _throughput(options: Load, found: dict[str, Any]) -> Finding:
    """Right answers a second; its interval is that of the mean of ten equal parts."""
    lasted = found["lasted"]
    counts = [0] * _PARTS
    for end in found["ends"]:
        counts[min(int(end / lasted * _PARTS), _PARTS - 1)] += 1
    value = len(found["ends"]) / lasted
    spread = math.sqrt(sum((c * _PARTS / lasted - value) ** 2 for c in counts) / (_PARTS - 1))
    half = t_quantile(1 - ALPHA, _PARTS - 1) * spread / math.sqrt(_PARTS)
    low, high = max(0.0, value - half), value + half
    met = times.result(low, high, options.throughput, None)
    wanted = "" if options.throughput is None else f"; at least {options.throughput:g} are asked"
    return Finding(
        rule="service/throughput",
        result=met,
        level=Level.NOTE if met is Result.PASS else Level.ERROR,
        message=f"{value:,.3g} right answers a second with {options.concurrency} at once, at most "
        f"{options.rate:g} sent{wanted}",
        measurement=Measurement(
            name="throughput", value=value, low=low, high=high, at_least=options.throughput,
            n=len(found["ends"]), unit="1/s", confidence=CONFIDENCE, method="t of ten parts",
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
    low, high = proportions.bounds(wrong, n, ALPHA)
    same = f"{n - wrong:,} of {counted(n, 'row')} are answered as the batch predicts them"
    examples = "".join(f"; {plain(example)}" for example in found["examples"])
    return Finding(
        rule="service/batch",
        result=Result.FAIL if wrong else Result.PASS,
        level=Level.ERROR if wrong else Level.NOTE,
        message=same + examples,
        measurement=Measurement(
            name="rows that differ", value=wrong / n, low=low, high=high, at_most=0.0, n=n,
            confidence=CONFIDENCE, method=proportions.method(wrong, n),
        ),
        help="find out which of the two uses other features or another model" if wrong else None,
    )  # fmt: skip
