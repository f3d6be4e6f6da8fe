"""The verdict on one requirement from numbers: passed, failed for one of two reasons, or open."""

from __future__ import annotations

import math

from mlgate.core.words import Result
from mlgate.gates._model_ask import kept
from mlgate.gates._model_bounds import Evidence
from mlgate.gates._model_evidence import (
    Measured,
    few_differ,
    of_difference,
    of_one,
    of_relative,
    still,
    too_few,
)
from mlgate.gates._model_exact import OfUnseen
from mlgate.gates._model_metrics import Metric
from mlgate.gates._model_more_rows import more_rows
from mlgate.gates._model_needs import BEYOND, PROVEN, Decision, Need
from mlgate.gates._model_quantile import OfQuantile
from mlgate.gates._model_rule import Rule
from mlgate.stats import quantiles
from mlgate.stats.quantiles import Window
from mlgate.stats.sparse import FEW

UNSEEN = "no discordant rows, and nothing bounds what an unseen one does to this metric"


def decide(need: Need, found: Measured, rule: Rule, metric: Metric, better: int) -> Decision:
    """The verdict on `need`. `better` is 1 where higher values are, else -1."""
    if found.why is not None or found.new is None or math.isnan(found.new):
        why = found.why or "the metric has no value here"
        return Decision(need=need, result=Result.OPEN, reason=why, judged=False)
    if not need.compares:
        return _floor(need, found, rule, metric)
    if found.unseen == () and still(found, found.of_difference):
        return Decision(need=need, result=Result.OPEN, reason=UNSEEN, judged=False)
    if found.discordant and found.sparse is None:
        return _few_differ(need, found, better * _gain(found), rule, _few(found, rule, metric))
    difference = of_difference(found, better)
    if difference is None:
        return _plain_drop(need, found, better)
    alone = found.ordered or found.right_old is not None
    exact = found.gained is not None or still(found, found.of_difference) or alone
    few = None if exact else _few(found, rule, metric)
    at_margin: Evidence | None = difference
    margin = need.margin
    if need.kind == "drop-relative":
        few = None if alone else _few(found, rule, metric)
        at_margin = of_relative(found, kept(1 - better * need.margin, found.old or 0.0), better)
        margin = need.margin * abs(found.old or 0.0)
    if few or at_margin is None:
        return Decision(need=need, result=Result.OPEN, reason=few or "no interval", judged=False)
    if found.ordered and math.inf in map(abs, difference.bounds(rule.alpha)):
        return _unordered(need, found.ordered, better * _gain(found), rule.alpha / 2)
    return _drop(need, rule, found, difference, at_margin, margin, better * _gain(found))


def _gain(found: Measured) -> float:
    return (found.new or 0.0) - (found.old or 0.0)


def _few(found: Measured, rule: Rule, metric: Metric) -> str | None:
    by_class = metric.needs in ("prediction", "score") and rule.metric != "accuracy"
    return too_few(found, by_class)


def _drop(
    need: Need,
    rule: Rule,
    found: Measured,
    difference: Evidence,
    at_margin: Evidence,
    margin: float,
    gain: float,
) -> Decision:
    """Passed, failed beyond the margin, failed with a proven loss, or open: in this order."""
    low, high = difference.bounds(rule.alpha)
    limit = -margin if at_margin is difference else 0.0
    least, most = (low, high) if at_margin is difference else at_margin.bounds(rule.alpha)
    guard = max(0.0, -margin) if rule.fail_on == "proven" else -margin
    p = difference.p_below(guard)
    if at_margin is not difference and rule.fail_on == "margin":
        p = at_margin.p_below(0.0)
    beyond = most < limit
    result, reason = Result.OPEN, ""
    if least >= limit:
        result = Result.PASS
    elif beyond:
        result, reason = Result.FAIL, BEYOND
    elif high < guard and rule.fail_on == "proven":
        result, reason = Result.FAIL, PROVEN
    return Decision(
        need=need,
        result=result,
        reason=reason,
        value=gain,
        low=low,
        high=high,
        p=p,
        needed=_rows(at_margin, margin, gain, found.n, rule.alpha, limit),
        smallest=difference.smallest(rule.alpha),
        method=difference.method,
    )


def _rows(
    at_margin: Evidence, margin: float, gain: float, rows: int, alpha: float, limit: float
) -> int | None:
    """Rows with which an equal model would pass; where there are as many already, those that would
    tell the loss that was seen from the margin. Of a wanted gain, those that would show it were the
    gain as it was seen."""
    needed = at_margin.needed(margin if margin >= 0 else gain + margin, alpha)
    if needed is not None and needed <= rows:
        needed = at_margin.needed(abs(margin + gain), alpha)
    return more_rows(at_margin, needed, rows, limit, math.inf, alpha)


def _plain_drop(need: Need, found: Measured, better: int) -> Decision:
    """Without an interval: a plain comparison, which is called so."""
    if found.old is None or math.isnan(found.old):
        reason = "the baseline has no such value"
        return Decision(need=need, result=Result.OPEN, reason=reason, judged=False)
    gain = better * _gain(found)
    margin = need.margin * (abs(found.old) if need.kind == "drop-relative" else 1.0)
    result = Result.PASS if gain >= -margin - _ROUNDING * abs(found.old) else Result.FAIL
    reason = BEYOND if result is Result.FAIL else ""
    return Decision(need=need, result=result, reason=reason, value=gain, method="plain comparison")


_ROUNDING = 1e-12


def _floor(need: Need, found: Measured, rule: Rule, metric: Metric) -> Decision:
    value = found.new or 0.0
    if found.unseen == () and still(found, found.of_new):
        return Decision(need=need, result=Result.OPEN, reason=UNSEEN, judged=False, value=value)
    evidence = of_one(found, metric, f1=rule.metric == "f1")
    if evidence is None:
        inside = need.least <= value <= need.most
        result = Result.PASS if inside else Result.FAIL
        return Decision(need=need, result=result, value=value, method="plain comparison")
    if found.right is None and not isinstance(evidence, OfUnseen | OfQuantile):
        few = _few(found, rule, metric)
        if few:
            return Decision(need=need, result=Result.OPEN, reason=few, judged=False, value=value)
    low, high = evidence.bounds(rule.alpha)
    low, high = max(low, metric.least), min(high, metric.most)
    result = Result.OPEN
    if low >= need.least and high <= need.most:
        result = Result.PASS
    elif high < need.least or low > need.most:
        result = Result.FAIL
    if result is Result.OPEN and found.ordered and _unbounded(need, low, high):
        return _unordered(need, found.ordered, value, rule.alpha)
    p = min(
        evidence.p_below(need.least) if need.least > -math.inf else 1.0,
        evidence.p_above(need.most) if need.most < math.inf else 1.0,
    )
    distance = min(value - need.least, need.most - value)
    return Decision(
        need=need,
        result=result,
        value=value,
        low=low,
        high=high,
        p=p,
        needed=more_rows(
            evidence, evidence.needed(distance, rule.alpha), found.n, need.least, need.most,
            rule.alpha,
        ),
        smallest=evidence.smallest(rule.alpha),
        method=evidence.method,
    )  # fmt: skip


def _few_differ(need: Need, found: Measured, gain: float, rule: Rule, few: str | None) -> Decision:
    """Open, for the rows on which the models differ are too few for a large sample's bounds."""
    least = math.ceil(found.n * FEW / (found.discordant or 1))
    return Decision(
        need=need,
        result=Result.OPEN,
        reason=few or few_differ(found, rule.metric, least),
        value=gain,
        needed=least,
        judged=False,
    )


def _unbounded(need: Need, low: float, high: float) -> bool:
    """True if no bound is there on a side that the rule asks about."""
    return (need.least > -math.inf and low == -math.inf) or (
        need.most < math.inf and high == math.inf
    )


def _unordered(need: Need, there: Window, value: float, alpha: float) -> Decision:
    """Open, for there are too few rows for a quantile to have a bound."""
    least = quantiles.needed(max(there.q, 1 - there.q), alpha)
    reason = (
        f"{there.n} rows are too few to bound the {there.q:g} quantile, {least} rows would have a "
        f"bound"
    )
    return Decision(
        need=need, result=Result.OPEN, reason=reason, value=value, needed=least, judged=False
    )
