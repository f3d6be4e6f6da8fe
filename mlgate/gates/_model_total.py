"""The total loss since a pinned reference, so that small losses do not add up unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding
from mlgate.gates import _model_sides as sides
from mlgate.gates._model_where import NoBaseline

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates._model_options import Options
    from mlgate.gates._model_rule import Rule
    from mlgate.gates._model_sides import Side

Judge = Callable[["Options", "Side"], Iterator[Finding | Figure]]


def references(ctx: Context) -> dict[str, Side | NoBaseline]:
    """The pinned tables that rules count total losses from, by their names."""
    names = {rule.reference for rule in ctx.options.require if rule.reference}
    return {name: sides.baseline(ctx, name) for name in sorted(names)}


def since(
    options: Options, name: str, pinned: Side | NoBaseline, judge: Judge
) -> Iterator[Finding]:
    """The findings of the rules that name that reference, as `judge` compares with it."""
    if isinstance(pinned, NoBaseline):
        raise GateError(f"the reference {name} is not there: {pinned.why}", "pin one that is")
    rules = tuple(
        replace(_bare(rule), max_drop=rule.max_total_drop)
        for rule in options.require
        if rule.reference == name
    )
    if not rules:
        return
    total = replace(options, require=rules, slices=(), baseline=name)
    for found in judge(total, pinned):
        if isinstance(found, Finding) and found.rule == "model/max-drop":
            message = f"since {name}: {found.message}"
            yield replace(found, rule="model/max-total-drop", message=message)


def _bare(rule: Rule) -> Rule:
    """The rule without its bounds."""
    free = dict.fromkeys(("min", "max", "between", "min_gain", "max_drop_relative"))
    return replace(rule, **free, reference=None, max_total_drop=None, prove=False)
