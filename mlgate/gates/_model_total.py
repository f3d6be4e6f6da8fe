"""The total loss since a pinned reference, so that small losses do not add up unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding
from mlgate.gates._model_place import NoBaseline
from mlgate.gates._model_words import note

if TYPE_CHECKING:
    from mlgate.gates._model_options import Options
    from mlgate.gates._model_rule import Rule
    from mlgate.gates._model_sides import Side

Judge = Callable[["Options", "Side"], Iterator[Finding | Figure]]


def references(options: Options) -> set[str]:
    """The pinned tables that rules count total losses from."""
    return {rule.reference for rule in options.require if rule.reference}


def from_reference(options: Options, name: str) -> Options:
    """The rules that count from that reference, each with that bound and no other; maybe none."""
    rules = tuple(_alone(rule) for rule in options.require if rule.reference == name)
    return replace(options, require=rules, slices=(), baseline=name)


def since(
    options: Options, name: str, pinned: Side | NoBaseline, judge: Judge
) -> Iterator[Finding]:
    """The findings of the rules that name that reference, as `judge` compares with it."""
    counted = from_reference(options, name)
    if not counted.require:
        return
    if isinstance(pinned, NoBaseline):
        yield _none_yet(name, counted.require, pinned)
        return
    for found in judge(counted, pinned):
        if isinstance(found, Finding) and found.rule == "model/max-drop":
            message = f"since {name}: {found.message}"
            yield replace(found, rule="model/max-total-drop", message=message)


def _none_yet(name: str, rules: tuple[Rule, ...], pinned: NoBaseline) -> Finding:
    """Said of an alias that nothing has reached; what is pinned elsewhere, or is held by the alias,
    has to be there, or small losses would add up unseen.

    Raises `GateError`.
    """
    why = pinned.why
    if pinned.held or not name.startswith(("registry:", "mlflow:")):
        raise GateError(f"the reference {name} is not there: {why}", "pin one that is")
    skipped = ", ".join(rule.metric or rule.value or "" for rule in rules)
    return note("no-baseline", f"no reference yet: {why}; not compared: {skipped}")


def _alone(rule: Rule) -> Rule:
    """The rule with its bound since the reference and no other."""
    free = dict.fromkeys(("min", "max", "between", "min_gain", "max_drop_relative"))
    more = {"max_drop": rule.max_total_drop, "reference": None, "max_total_drop": None}
    return replace(rule, **free, **more, prove=False)
