"""How many rows each rule of a gate wants, from the churn and the spread that there are now."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mlgate.core.errors import GateError
from mlgate.gates import _model_fairness as fairness
from mlgate.gates import _model_numbers as numbers
from mlgate.gates import _model_request as asked
from mlgate.gates import _model_reuse as reuse
from mlgate.gates import _model_sides as sides
from mlgate.gates import _model_total as total
from mlgate.gates import _model_where as where
from mlgate.gates._model_ask import kept
from mlgate.gates._model_decide import Need, decide, needs
from mlgate.gates._model_evidence import Measured, labels_of, of_difference, of_relative
from mlgate.gates._model_judged import answers
from mlgate.gates._model_metrics import metric_of
from mlgate.gates._model_place import NoBaseline, Place
from mlgate.gates._model_rule import Rule
from mlgate.stats.paired import rows_without_difference

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates._model_options import Options


class Planned(Struct, frozen=True, kw_only=True):
    """What one requirement wants."""

    name: str
    where: str
    """The slice, the groups, or nothing for all rows."""
    limit: str
    rows: int = 0
    """That there are."""
    needed: int | None = None
    """For 80 % power; None where no number of rows would do, or `why` says why not."""
    labels: int | None = None
    """Of the rows needed, where not all of them have to be labelled."""
    smallest: float | None = None
    """The difference that the rows show, in 80 % of all cases."""
    why: str = ""
    compares: bool = False
    since: str = ""
    """The pinned reference that a total loss is counted from."""


def planned(ctx: Context) -> list[Planned]:
    """Every requirement on predictions or numbers that are there. Raises `GateError` where they
    are not."""
    options = reuse.spread(ctx.options)
    new = sides.made(ctx, sides.candidate(ctx)[0])
    compares = any(rule.compares for rule in options.require)
    side = sides.baseline(ctx, options.baseline) if compares else None
    old = None if side is None or isinstance(side, NoBaseline) else sides.made(ctx, side)
    found = list(_beside(ctx, options, new, old))
    for name in sorted({rule.reference for rule in options.require if rule.reference}):
        found += _since(ctx, total.from_reference(options, name), new)
    return found


def _beside(ctx: Context, options: Options, new: Place, old: Place | None) -> Iterator[Planned]:
    """What these rules want, by one table beside another."""
    if options.metrics:
        yield from _of_numbers(options, numbers.read(options, new, old)[0])
        return
    labels = where.candidate(ctx, options.labels) if options.labels else None
    yield from _of(options, answers(ctx, options, new, old, labels))


def _since(ctx: Context, options: Options, new: Place) -> list[Planned]:
    """What total losses want; a reference that is not there is said of each rule, for the other
    rules do without it."""
    name = options.baseline
    try:
        side = sides.baseline(ctx, name)
        if not isinstance(side, NoBaseline):
            found = _beside(ctx, options, new, sides.made(ctx, side))
            return [_from(one, name) for one in found]
        why = side.why
    except GateError as error:
        why = error.message
    return [
        _from(Planned(name=asked.name(rule), where="", limit=_limit(need), why=why), name)
        for rule in options.require
        for need in needs(rule)
    ]


def _from(one: Planned, name: str) -> Planned:
    return replace(one, limit=f"{one.limit} since {name}", since=name)


def _of_numbers(options: Options, found: list[Measured]) -> Iterator[Planned]:
    """Those of a file, of which a rule's `n` says of how many rows they are."""
    for one in found:
        rule = options.require[one.measure]
        single = replace(one, slice=None) if one.slice == rule.value else one
        for need in needs(rule):
            if one.old is not None or not need.compares:
                yield _whole(rule, need, single)


def _of(options: Options, found: list[dict[str, Any]]) -> Iterator[Planned]:
    measured = [_struct(one, Measured) for one in found if one["kind"] == "measure"]
    guards = [
        one for one in measured if one.slice is not None and options.require[one.measure].compares
    ]
    for one in measured:
        rule = options.require[one.measure]
        for need in needs(rule):
            if need.compares and one.old is None:
                continue
            if one.slice is None and not rule.prove:
                yield _whole(rule, need, one)
            elif one.slice is not None and (rule.prove or need.compares):
                each = rule if rule.prove else replace(rule, alpha=rule.alpha / len(guards))
                yield _whole(each, need, one)
    for one in (_struct(one, fairness.Rates) for one in found if one["kind"] == "groups"):
        yield from _fair(options.require[one.measure], one, options.min_rows)


def _struct(answer: dict[str, Any], kind: type[Any]) -> Any:
    return msgspec.convert({key: one for key, one in answer.items() if key != "kind"}, kind)


def _whole(rule: Rule, need: Need, found: Measured) -> Planned:
    """A comparison as if the models were equal, a wanted gain or a bound as it looks now."""
    better = asked.better(rule)
    decision = decide(need, found, rule, metric_of(rule.metric), better)
    needed, why = decision.needed, "" if decision.judged else decision.reason
    labels = None
    if need.compares and decision.judged:
        share = kept(1 - better * need.margin, found.old or 0.0)
        relative = need.kind == "drop-relative"
        evidence = of_relative(found, share, better) if relative else of_difference(found, better)
        margin = need.margin * abs(found.old or 0.0) if relative else need.margin
        distance = margin if margin > 0 else (decision.value or 0.0) + margin
        needed = evidence.needed(distance, rule.alpha) if evidence else None
        if needed is not None and margin > 0:
            needed = max(needed, _fewest(found, margin, rule.alpha))
        metric = None if relative else rule.metric
        labels = labels_of(found, metric, needed) if needed is not None else None
    if decision.judged and decision.method == "plain comparison":
        why = "a plain comparison, without an interval"
    return Planned(
        name=asked.name(rule),
        where=found.slice or "",
        limit=_limit(need),
        rows=found.n,
        needed=needed,
        labels=labels,
        smallest=decision.smallest,
        why=why,
        compares=need.compares,
    )


def _fewest(found: Measured, margin: float, alpha: float) -> int:
    """Of a share on both models: the rows with fewer of which no loss is shown to be within the
    margin, however equal the answers are."""
    if found.gained is None or not found.of:
        return 0
    return math.ceil(rows_without_difference(margin, alpha) * found.n / found.of)


def _limit(need: Need) -> str:
    if need.kind == "between":
        return f"between {need.least:g} and {need.most:g}"
    if need.compares:
        return (
            f"gain {-need.margin:g}" if need.margin < 0 else f"{_DROPS[need.kind]} {need.margin:g}"
        )
    return f"{need.kind} {need.least if need.kind == 'min' else need.most:g}"


_DROPS = {"drop": "lose at most", "drop-relative": "lose at most, as a share,"}


def _fair(rule: Rule, rates: fairness.Rates, least: int) -> Iterator[Planned]:
    """Every pair of groups, by the rows of both."""
    ratio = str(rule.metric).endswith("_ratio")
    there = [at for at, one in enumerate(rates.groups) if fairness.enough(one, least)]
    for first, second in combinations(there, 2):
        pair = fairness.Pair(rates=rates, first=first, second=second, ratio=ratio)
        one, two = pair.groups
        yield Planned(
            name=rule.metric or "",
            where=f"{one.group} against {two.group}",
            limit=f"max {rule.max:g}" if rule.max is not None else f"min {rule.min:g}",
            rows=one.of + two.of,
            needed=pair.needed(*fairness.limits(rule), rule.alpha),
        )
