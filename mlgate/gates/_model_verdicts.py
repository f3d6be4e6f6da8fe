"""All verdicts of a `model` gate: the whole table, the slices under Holm, what is not judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from mlgate.core.finding import Finding
from mlgate.core.text import counted
from mlgate.core.words import Level, Result
from mlgate.gates import _model_fairness as fairness
from mlgate.gates import _model_request as asked
from mlgate.gates import _model_words as words
from mlgate.gates._model_decide import decide
from mlgate.gates._model_evidence import Measured
from mlgate.gates._model_metrics import metric_of
from mlgate.gates._model_needs import Decision, Need, needs
from mlgate.gates._model_options import Options
from mlgate.gates._model_rule import Rule
from mlgate.stats.families import holm

_LISTED = 8

Guarded = tuple[Rule, Measured, Decision]


class Verdicts:
    """The rules of one gate, and what is known besides the numbers."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.no_baseline: str | None = None
        self.same_model: str | None = None
        self._judged = 0
        self._skipped: list[str] = []

    # -- predictions -----------------------------------------------------------------------------

    def of_rows(self, answers: list[dict[str, Any]]) -> Iterator[Finding]:
        """The findings that follow from what the worker measured."""
        measured = [msgspec.convert(_bare(one), Measured) for one in _of(answers, "measure")]
        rows = next(iter(_of(answers, "rows")))
        small = [(one["slice"], one["n"]) for one in _of(answers, "small")]
        yield from self._invalid(answers)
        yield from self._without_baseline()
        whole = [one for one in measured if one.slice is None]
        for one in whole:
            rule = self.options.require[one.measure]
            if not rule.prove:
                yield from self._bound(rule, one)
        yield from self._fairness(answers)
        yield from self._slices([one for one in measured if one.slice is not None])
        yield from self._unjudged(small)
        slices = {one.slice for one in measured if one.slice is not None}
        of = next((f"{rows['n']:,} of {one['of']:,} rows" for one in _of(answers, "invalid")
                   if one["of"] > rows["n"]), None)  # fmt: skip
        yield self._passed(of or counted(rows["n"], "row"), len(slices))

    def _invalid(self, answers: list[dict[str, Any]]) -> Iterator[Finding]:
        """How many rows are without a judgement; more than allowed fails."""
        for one in _of(answers, "invalid"):
            most = self.options.invalid.max_share if self.options.invalid else 0.0
            new, old = one["lacking"][0], one["lacking"][1:]
            beside = f", the baseline's {old[0]:,}" if old else ""
            fails = new / one["of"] > most
            yield Finding(
                rule="model/invalid",
                message=f"{new:,} of {counted(one['of'], 'row')} are without a judgement{beside}: "
                f"left out; at most {most:.1%} may be",
                result=Result.FAIL if fails else Result.PASS,
                level=Level.ERROR if fails else Level.NOTE,
            )

    def _fairness(self, answers: list[dict[str, Any]]) -> Iterator[Finding]:
        found = [msgspec.convert(_bare(one), fairness.Rates) for one in _of(answers, "groups")]
        for at, rule in enumerate(self.options.require):
            if rule.groups:
                self._judged += 1
                of_rule = [one for one in found if one.measure == at]
                yield from fairness.judged(rule, of_rule, self.options.min_rows)

    def _bound(self, rule: Rule, found: Measured) -> Iterator[Finding]:
        """What a rule says of the whole table."""
        for need in needs(rule):
            if need.compares and self.no_baseline is not None:
                continue
            self._judged += 1
            if need.compares and self.same_model is not None and need.margin >= 0:
                yield self._identical(rule, need, found)
                continue
            decision = decide(need, found, rule, metric_of(rule.metric), asked.better(rule))
            yield words.finding(asked.name(rule), rule, found, _kind(rule, decision))

    def _identical(self, rule: Rule, need: Need, found: Measured) -> Finding:
        decision = Decision(need=need, result=Result.PASS, value=0.0, method="identity")
        told = words.finding(asked.name(rule), rule, replace(found, old=found.new), decision)
        message = f"{asked.name(rule)} {words.number(found.new)} cannot have changed: "
        return replace(told, message=message + (self.same_model or ""))

    def _without_baseline(self) -> Iterator[Finding]:
        if self.no_baseline is None:
            return
        self._skipped = [asked.name(rule) for rule in self.options.require if rule.compares]
        yield words.note(
            "no-baseline",
            f"no baseline yet: {self.no_baseline}; not compared: {', '.join(self._skipped)}",
        )

    # -- slices ----------------------------------------------------------------------------------

    def _slices(self, measured: list[Measured]) -> Iterator[Finding]:
        """Proven losses fail, corrected for all comparisons; `prove` asks each for a proof."""
        guarded: list[Guarded] = []
        for found in measured:
            rule = self.options.require[found.measure]
            for need in needs(rule):
                if self._binds_slices(rule, need):
                    # A gain is wanted of the whole table: a slice without it has lost nothing.
                    guard = need if rule.prove else replace(need, margin=max(need.margin, 0.0))
                    metric, better = metric_of(rule.metric), asked.better(rule)
                    decision = decide(guard, found, rule, metric, better)
                    guarded.append((rule, found, decision))
        levels = holm([decision.p for _, _, decision in guarded])
        worst = sorted(zip(guarded, levels, strict=True), key=lambda one: _worst(one[0], one[1]))
        for (rule, found, decision), level in worst:
            self._judged += decision.judged
            yield self._guarded(rule, found, decision, level)
        judged = [one for one in guarded if one[2].judged]
        if judged:
            yield _in_short(judged)

    def _binds_slices(self, rule: Rule, need: Need) -> bool:
        if need.compares and (self.no_baseline is not None or self.same_model is not None):
            return False
        return rule.prove or need.compares

    def _guarded(self, rule: Rule, found: Measured, decision: Decision, level: float) -> Finding:
        """A slice's finding: `fail` only where the corrected level says so."""
        shown = decision.result is Result.FAIL and level <= rule.alpha
        result = decision.result
        if result is not Result.PASS and not shown:
            result = Result.OPEN if rule.prove else Result.PASS
        settled = replace(decision, result=result)
        told = words.finding(asked.name(rule), rule, found, settled, adjusted=level)
        if rule.prove:
            return told
        if shown:
            return replace(
                told, rule="model/slice-loss", message=_loss(rule, found, decision, level)
            )
        return replace(told, rule="model/slice-loss", message=_no_loss(rule, found, decision))

    def _unjudged(self, small: list[tuple[str, int]]) -> Iterator[Finding]:
        if not small:
            return
        listed = ", ".join(f"{name} ({n})" for name, n in small[:_LISTED])
        more = f" and {len(small) - _LISTED} more" if len(small) > _LISTED else ""
        yield words.note(
            "not-judged",
            f"{counted(len(small), 'slice')} of fewer than {self.options.min_rows} rows not "
            f"judged: {listed}{more}",
        )

    def _passed(self, judged: str, slices: int) -> Finding:
        """What was judged, and what was not."""
        facts = [judged]
        if self._judged:
            facts.append(counted(self._judged, "requirement"))
        if slices:
            facts.append(counted(slices, "slice"))
        if self._skipped:
            facts.append(f"not compared for want of a baseline: {', '.join(self._skipped)}")
        if self.same_model:
            facts.append(self.same_model)
        if self.options.predictions and self.options.reuse is None:
            facts.append("reuse of the test set not controlled")
        return Finding(
            rule="model/passed", result=Result.PASS, level=Level.NOTE, message=", ".join(facts)
        )

    # -- numbers alone ---------------------------------------------------------------------------

    def of_numbers(
        self, measured: list[Measured], names: dict[tuple[int, str | None], str]
    ) -> Iterator[Finding]:
        """The findings on numbers that a file holds."""
        yield from self._without_baseline()
        for found in measured:
            rule = self.options.require[found.measure]
            named = replace(found, slice=None)
            own = replace_value(rule, names[found.measure, found.slice])
            yield from self._bound(own, named)
        yield self._passed(counted(len(measured), "number"), 0)


def replace_value(rule: Rule, value: str) -> Rule:
    """The rule for one of the numbers that its wildcard means."""
    return replace(rule, value=value)


def _of(answers: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in answers if one["kind"] == kind]


def _bare(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "kind"}


def _kind(rule: Rule, decision: Decision) -> Decision:
    """Under `decide = "no-proven-loss"` what is not shown to be bad passes."""
    if rule.decide == "no-proven-loss" and decision.result is Result.OPEN and decision.judged:
        return replace(decision, result=Result.PASS, reason="not proven")
    return decision


def _worst(guarded: Guarded, level: float) -> tuple[float, float]:
    decision = guarded[2]
    return (level, decision.value if decision.value is not None else float("inf"))


def _in_short(judged: list[Guarded]) -> Finding:
    """The slices in one note: the lowest gain, and from which losses on they show any."""
    rule, found, decision = min(judged, key=lambda one: one[2].value or 0.0)
    shows = [words.number(one) for one in sorted(one[2].smallest or 0.0 for one in judged)]
    reach = shows[0] if shows[0] == shows[-1] else f"{shows[0]} to {shows[-1]}"
    return words.note(
        "slices",
        f"{counted(len(judged), 'comparison')} on slices, which show losses from "
        f"{reach} on; the lowest gain is "
        f"{words.number(decision.value)} in {asked.name(rule)} at {found.slice} "
        f"({counted(found.n, 'row')}); mlgate model compare shows them all",
    )


def _loss(rule: Rule, found: Measured, decision: Decision, level: float) -> str:
    return (
        f"{found.slice}: {asked.name(rule)} lost {words.number(abs(decision.value or 0))} "
        f"({words.number(found.old)} to {words.number(found.new)}); the loss is proven "
        f"(adjusted p {level:.2g})"
    )


def _no_loss(rule: Rule, found: Measured, decision: Decision) -> str:
    if not decision.judged:
        return f"{found.slice}: {asked.name(rule)} is not compared: {decision.reason}"
    can = ""
    if decision.smallest is not None:
        can = f"; {counted(found.n, 'row')} show losses from {words.number(decision.smallest)} on"
    return f"{found.slice}: no loss of {asked.name(rule)} is proven{can}"
