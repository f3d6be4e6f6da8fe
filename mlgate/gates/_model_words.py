"""Findings of a `model` gate: what was decided, in words and as a measurement."""

from __future__ import annotations

from math import isfinite

from mlgate.core.finding import Finding, Measurement
from mlgate.core.text import counted
from mlgate.core.words import Level, Result
from mlgate.gates._model_evidence import BY_ANSWER, Measured, labels_of
from mlgate.gates._model_needs import BEYOND, Decision, Need
from mlgate.gates._model_rule import Rule

_FAILED = "improve the model, or change the rule in a reviewed change of the policy"
_ACCEPT = 'or accept what is not proven bad with decide = "no-proven-loss"'


def number(value: float | None) -> str:
    """Four significant digits."""
    if value is None:
        return "none"
    value += 0.0  # no -0.0000
    return f"{value:.4f}" if 0.001 <= abs(value) < 10 or value == 0 else f"{value:.4g}"


def finding(
    name: str, rule: Rule, found: Measured, decision: Decision, adjusted: float | None = None
) -> Finding:
    """The decision as a finding; `adjusted` is the p value after Holm's correction."""
    compares = decision.need.compares
    message = (_drop_said if compares else _floor_said)(name, rule, found, decision)
    if adjusted is not None and decision.result is Result.FAIL:
        message += f" (adjusted p {adjusted:.2g})"
    fails = decision.result is Result.FAIL
    return Finding(
        rule=f"model/{_rule_id(decision.need)}",
        message=f"{found.slice}: {message}" if found.slice else message,
        result=decision.result,
        level=Level.ERROR if fails else Level.WARNING if _open(decision) else Level.NOTE,
        measurement=_measurement(name, rule, found, decision),
        help=_help(decision),
        undecided=rule.inconclusive if _open(decision) else None,
    )


def _open(decision: Decision) -> bool:
    return decision.result is Result.OPEN


def _rule_id(need: Need) -> str:
    if need.kind == "drop":
        return "min-gain" if need.margin < 0 else "max-drop"
    return "max-drop-relative" if need.compares else need.kind


_UNJUDGED = "judge more rows, or ask for a metric that fewer rows decide: docs/statistics.md"


def _help(decision: Decision) -> str | None:
    if decision.result is Result.FAIL:
        return _FAILED
    if not _open(decision):
        return None
    if not decision.judged:
        return _UNJUDGED
    widen = "widen the margin" if decision.need.compares else f"loosen `{decision.need.kind}`"
    if decision.needed is None:  # no number of rows would decide
        return f"improve the model, {widen}, {_ACCEPT}"
    return f"label more rows (mlgate model plan), {widen}, {_ACCEPT}"


def _measurement(name: str, rule: Rule, found: Measured, decision: Decision) -> Measurement:
    """The value, or the gain over the baseline, with its interval."""
    need = decision.need
    at_least = need.least if need.least > float("-inf") else None
    if need.compares:
        at_least = -need.margin * (abs(found.old or 0.0) if need.kind == "drop-relative" else 1.0)
    return Measurement(
        name=f"{name} gain" if need.compares else name,
        value=decision.value,
        low=_bound(decision.low),
        high=_bound(decision.high),
        at_least=at_least,
        at_most=need.most if need.most < float("inf") else None,
        baseline=found.old if need.compares else None,
        n=found.n or None,
        needed=decision.needed if _open(decision) else None,
        slice=found.slice,
        confidence=None if decision.low is None else 1 - 2 * rule.alpha,
        method=decision.method,
    )


def _bound(value: float | None) -> float | None:
    """None where there is no bound on that side."""
    return value if value is not None and isfinite(value) else None


def _floor_said(name: str, rule: Rule, found: Measured, decision: Decision) -> str:
    need = decision.need
    limit = {
        "min": f"at least {number(need.least)}",
        "max": f"at most {number(need.most)}",
        "between": f"within {number(need.least)} and {number(need.most)}",
    }[need.kind]
    if not decision.judged:
        return f"{name} is not judged: {decision.reason}"
    value = f"{name} {number(decision.value)}"
    plain = "" if decision.low is not None else " (plain comparison, no interval)"
    if decision.result is Result.FAIL:
        return f"{value} is not {limit}{plain}"
    if decision.result is Result.OPEN:
        return f"{value}: not decided whether it is {limit}{_lacking(rule, found, decision)}"
    if decision.reason:
        return f"{value} is not shown to miss {limit}"
    return f"{value} is {limit}{plain}"


def _drop_said(name: str, rule: Rule, found: Measured, decision: Decision) -> str:
    if not decision.judged:
        return f"{name} is not compared: {decision.reason}"
    gain = decision.value or 0.0
    moved = f"{number(found.old)} to {number(found.new)}"
    word = "gained" if gain > 0 else "lost"
    said = f"{name} {word} {number(abs(gain))} ({moved})" if gain else f"{name} kept ({moved})"
    limit = _limit(decision.need)
    if decision.low is None:
        inside = "within" if decision.result is Result.PASS else "not within"
        return f"{said}, {inside} {limit} (plain comparison, no interval)"
    if decision.result is Result.FAIL and decision.reason == BEYOND:
        return f"{said}, shown to be beyond {limit}"
    if decision.result is Result.FAIL:
        return f"{said}: the loss is proven, though it may be within {limit}"
    if decision.result is Result.OPEN:
        return (
            f"{said}: not decided whether that is within {limit}{_lacking(rule, found, decision)}"
        )
    if decision.reason and decision.high is not None and decision.high < 0:
        return f"{said}: the loss is proven, but not that it is beyond {limit}"
    if decision.reason:
        return f"{said}: no loss is proven, nor that it is within {limit}"
    return f"{said}, shown to be within {limit}"


def _limit(need: Need) -> str:
    if need.kind == "drop-relative":
        return f"the allowed {need.margin:.3g} of the baseline"
    if need.margin < 0:
        return f"the wanted gain of {-need.margin:.4g}"
    return f"the allowed {need.margin:.4g}"


def _lacking(rule: Rule, found: Measured, decision: Decision) -> str:
    """What these rows can show, and how few labels the rows that are lacking would want."""
    compares = decision.need.compares
    rows = counted(found.n, "row")
    facts = [f"{rows} show differences from {number(decision.smallest)} on"]
    if found.churn is not None and compares:
        facts.insert(0, f"{found.churn:.1%} of the answers differ")
    if decision.needed is None and compares and decision.need.margin < 0:
        facts.append("at this gain no number of rows would show it")
    elif decision.needed is None and compares:
        facts.append("no number of rows shows that an equal model loses nothing: allow a little")
    elif decision.needed is None:
        facts.append("at this value no number of rows would show it")
    elif found.churn == 0 and compares and _still(rule, decision):
        facts.append(f"{counted(decision.needed, 'row')} without a difference would do")
    elif compares:
        metric = rule.metric if decision.need.kind == "drop" else None
        labels = labels_of(found, metric, decision.needed)
        if labels is not None:
            facts.append(f"{counted(labels, 'label')} would do, where answers differ")
        else:
            facts.append(f"{counted(decision.needed, 'labelled row')} would do")
    return ": " + ", ".join(facts)


def _still(rule: Rule, decision: Decision) -> bool:
    """True if equal answers are all that the metric asks for."""
    return rule.metric in BY_ANSWER or "no discordant row" in (decision.method or "")


def note(rule: str, message: str, **more: str) -> Finding:
    """A fact beside the verdicts."""
    return Finding(rule=f"model/{rule}", message=message, level=Level.NOTE, **more)  # type: ignore[arg-type]
