"""The verdict on fairness: every pair of groups, never an interval on the largest gap."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

from msgspec import Struct

from mlgate.core.finding import Finding, Measurement
from mlgate.core.text import counted
from mlgate.core.words import Level, Result
from mlgate.gates._model_evidence import ENOUGH
from mlgate.gates._model_rule import Rule
from mlgate.gates._model_words import note, number
from mlgate.stats import two_samples
from mlgate.stats.distributions import normal_quantile, root, t_quantile, t_tail
from mlgate.stats.families import holm

_LISTED = 8
_ROUNDING = 1e-20

_MEND = {
    Result.FAIL: "treat these groups more alike, or change the bound in a reviewed change",
    Result.OPEN: "label more rows of these groups, widen the bound, "
    'or accept what is not proven bad with decide = "no-proven-loss"',
}


class Group(Struct, frozen=True, kw_only=True):
    """A rate in one group, as the worker answers it."""

    group: str
    of: int
    value: float | None = None
    hits: int | None = None
    covariance: tuple[float, ...] = ()
    units: int = 0


class Rates(Struct, frozen=True, kw_only=True):
    """One rate in every group."""

    measure: int
    rate: str
    groups: tuple[Group, ...]


class Pair(Struct, frozen=True, kw_only=True):
    """Two groups, by their places in `rates`."""

    rates: Rates
    first: int
    second: int
    ratio: bool

    def score(self, tested: float) -> float:
        """Normal, or t with `df` degrees, where the true difference (or ratio) is `tested`."""
        one, two = self.groups
        if one.hits is not None and two.hits is not None:
            shares = two_samples.Shares(one.hits, one.of, two.hits, two.of)
            return (two_samples.ratio_score if self.ratio else two_samples.difference_score)(
                shares, tested
            )
        factor = tested if self.ratio else 1.0
        gap = (one.value or 0.0) - factor * (two.value or 0.0) - (0.0 if self.ratio else tested)
        variance = one.covariance[self.first] + factor**2 * two.covariance[self.second]
        variance -= 2 * factor * one.covariance[self.second]
        if variance <= 0:
            return math.copysign(math.inf, gap) if gap else 0.0
        return gap / math.sqrt(variance)

    @property
    def groups(self) -> tuple[Group, Group]:
        """Both."""
        return self.rates.groups[self.first], self.rates.groups[self.second]

    @property
    def df(self) -> float:
        """Degrees of freedom of the score; infinite for counts."""
        one, two = self.groups
        return math.inf if one.hits is not None else min(one.units, two.units) - 1.0

    @property
    def value(self) -> float:
        """The difference, or the ratio; infinite over nothing."""
        one, two = (group.value or 0.0 for group in self.groups)
        if not self.ratio:
            return one - two
        return one / two if two else (1.0 if one == 0 else math.inf)

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds, each at `alpha`."""
        one, two = self.groups
        if one.hits is not None and two.hits is not None:
            shares = two_samples.Shares(one.hits, one.of, two.hits, two.of)
            found = two_samples.ratio_bounds if self.ratio else two_samples.difference_bounds
            return found(shares, alpha)
        if self._still:
            return (0.0, math.inf) if self.ratio else (-1.0, 1.0)
        t = t_quantile(1 - alpha, self.df)
        if not self.ratio:
            return (
                root(lambda d: t - self.score(d), -1.0, self.value),
                root(lambda d: -t - self.score(d), self.value, 1.0),
            )
        return (
            math.exp(root(lambda at: t - self.score(math.exp(at)), -14.0, 14.0)),
            math.exp(root(lambda at: -t - self.score(math.exp(at)), -14.0, 14.0)),
        )

    @property
    def _still(self) -> bool:
        """True if a rate of clusters or weights does not vary at all, which proves nothing."""
        one, two = self.groups
        if one.hits is not None:
            return False
        return min(one.covariance[self.first], two.covariance[self.second]) <= _ROUNDING

    def p_outside(self, low: float, high: float) -> float:
        """The level at which the true value is shown to lie outside, on whichever side."""
        if self._still:
            return 1.0
        below, above = t_tail(-self.score(low), self.df), t_tail(self.score(high), self.df)
        return min(1.0, 2 * min(below, above))

    def needed(self, low: float, high: float, alpha: float) -> int | None:
        """Rows of both groups that would show it within, were it as it looks."""
        z = normal_quantile(1 - alpha) + normal_quantile(0.8)
        at = self.value
        if not low < at < high:
            return None
        least = min(abs(self.score(low)), abs(self.score(high)))
        rows = sum(group.of for group in self.groups)
        return math.ceil(rows * (z / least) ** 2) if least and math.isfinite(least) else None


def judged(rule: Rule, measured: list[Rates], least: int) -> Iterator[Finding]:
    """What `rule` says of every pair of groups, of every rate that it is about."""
    name = rule.metric or ""
    pairs: list[Pair] = []
    small: dict[str, int] = {}
    for rates in measured:
        there = [at for at, one in enumerate(rates.groups) if enough(one, least)]
        ratio = name.endswith("_ratio")
        for at, one in enumerate(rates.groups):
            if at not in there:
                small[f"{one.group} ({_named(rates.rate)})"] = one.of
        pairs += [
            Pair(rates=rates, first=a, second=b, ratio=ratio) for a, b in combinations(there, 2)
        ]
    if small:
        yield _small(small, least)
    if not pairs:
        message = f"{name} is not judged: fewer than two groups have {least} rows that count"
        yield Finding(rule="model/fairness", message=message, result=Result.OPEN,
                      undecided=rule.inconclusive)  # fmt: skip
        return
    yield _widest(rule, pairs)
    levels = holm([pair.p_outside(*limits(rule)) for pair in pairs])
    for _, at in sorted((level, at) for at, level in enumerate(levels)):
        yield _of_pair(rule, pairs[at], levels[at])


def enough(one: Group, least: int) -> bool:
    """True if the group has rows enough to be compared."""
    return one.of >= least and (one.hits is not None or one.units >= ENOUGH)


def limits(rule: Rule) -> tuple[float, float]:
    """Within which every pair has to lie."""
    if rule.max is not None:
        return -rule.max, rule.max
    least = min(max(rule.min or 0.0, 1e-9), 1.0)
    return least, 1 / least


def widest(pairs: list[Pair]) -> float:
    """The largest gap of any rate, or the least ratio: Fairlearn's value."""
    values = [pair.value for pair in pairs]
    if pairs[0].ratio:
        return min(min(value, 1 / value if value else 0.0) for value in values)
    return max(abs(value) for value in values)


def _widest(rule: Rule, pairs: list[Pair]) -> Finding:
    name, value = rule.metric or "", widest(pairs)
    groups = {group.group for pair in pairs for group in pair.groups}
    return Finding(
        rule="model/fairness",
        message=f"{name} {number(value)} over {counted(len(groups), 'group')}; "
        "what is judged is each pair of them",
        result=Result.PASS,
        level=Level.NOTE,
        measurement=Measurement(name=name, value=value, at_least=rule.min, at_most=rule.max),
    )


def _of_pair(rule: Rule, pair: Pair, level: float) -> Finding:
    low, high = pair.bounds(rule.alpha)
    least, most = limits(rule)
    result = Result.OPEN
    if low >= least and high <= most:
        result = Result.PASS
    elif level <= rule.alpha:
        result = Result.FAIL
    elif rule.decide == "no-proven-loss":
        result = Result.PASS
    shown = result is Result.PASS and low >= least and high <= most
    open_ = result is Result.OPEN
    one, two = pair.groups
    return Finding(
        rule="model/fairness",
        message=_said(rule, pair, result, shown, level),
        result=result,
        level={Result.FAIL: Level.ERROR, Result.OPEN: Level.WARNING}.get(result, Level.NOTE),
        measurement=Measurement(
            name=f"{_named(pair.rates.rate)} {'ratio' if pair.ratio else 'difference'}",
            value=pair.value if math.isfinite(pair.value) else None,
            low=low,
            high=high if math.isfinite(high) else None,
            at_least=least,
            at_most=most,
            n=one.of + two.of,
            needed=pair.needed(least, most, rule.alpha) if open_ else None,
            slice=f"{one.group} against {two.group}",
            confidence=1 - 2 * rule.alpha,
            method="score test" if one.hits is not None else "cluster-robust, t",
        ),
        undecided=rule.inconclusive if open_ else None,
        help=_MEND.get(result),
    )


def _said(rule: Rule, pair: Pair, result: Result, shown: bool, level: float) -> str:
    one, two = pair.groups
    limit = f"{rule.max:g}" if rule.max is not None else f"{rule.min:g}"
    form = f"a ratio of {limit}" if pair.ratio else f"a difference of {limit}"
    facts = f"{_named(pair.rates.rate)} {number(one.value)} and {number(two.value)}"
    said = f"{one.group} against {two.group}: {facts}"
    if result is Result.FAIL:
        return f"{said}, shown to be beyond {form} (adjusted p {level:.2g})"
    if result is Result.OPEN:
        return f"{said}: not decided whether that is within {form}"
    return f"{said}, shown to be within {form}" if shown else f"{said}: no more is proven"


def _named(rate: str) -> str:
    return rate.replace("_", " ")


def _small(small: dict[str, int], least: int) -> Finding:
    listed = ", ".join(f"{name}: {of}" for name, of in list(small.items())[:_LISTED])
    more = f" and {len(small) - _LISTED} more" if len(small) > _LISTED else ""
    return note("not-judged", f"groups of fewer than {least} rows that count: {listed}{more}")
