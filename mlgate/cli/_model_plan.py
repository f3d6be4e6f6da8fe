"""How many rows and labels a requirement takes, as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from mlgate.cli._table import table
from mlgate.core.errors import GateError, UsageError
from mlgate.core.text import counted
from mlgate.core.words import Stage
from mlgate.gates._model_terms import MOST_ADAPTIVE
from mlgate.reporters._style import Style
from mlgate.stats import conditions, sizes
from mlgate.stats.paired import rows_without_difference

if TYPE_CHECKING:
    from mlgate.gates._model_planned import Planned
    from mlgate.gates._model_rule import Rule
    from mlgate.gates._model_terms import Reuse
    from mlgate.policy.model import GatePolicy
    from mlgate.runner.session import Session

_USUAL: dict[str, Any] = {
    "alpha": 0.05,
    "power": 0.8,
    "uses": 1,
    "adaptivity": "none",
    "reliability": 0.9999,
}
_TAKES = {
    "--gate": (),
    "--condition": ("uses", "adaptivity", "reliability"),
    "--margin": ("alpha", "power", "uses", "adaptivity"),
}
"""What of these a plan goes by."""
_CHURNS = (0.02, 0.05, 0.1, 0.2)


def lines(asked: dict[str, Any], style: Style) -> Iterator[str]:
    """The plan that is asked for. Raises `UsageError`."""
    _check(asked)
    asked = {name: _USUAL.get(name) if one is None else one for name, one in asked.items()}
    if asked["condition"]:
        yield from _condition(asked, style)
    elif asked["gate"]:
        yield from _gate(asked, style)
    elif asked["margin"]:
        yield from _margin("accuracy", asked["margin"], asked, style)
    elif asked["rows"]:
        yield from _rows(asked, style)


def _check(asked: dict[str, Any]) -> None:
    """Raise `UsageError` unless one plan is asked for, which can be had."""
    given = [f"--{name}" for name in ("margin", "rows", "gate", "condition") if asked[name]]
    if not given:
        raise UsageError("nothing to plan for", "give --margin, --rows, --gate or --condition")
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} are plans of their own", "give one of them")
    for name in _USUAL:
        if asked[name] is not None and name not in _TAKES.get(given[0], _TAKES["--margin"]):
            by_policy = "the gate's own are in the policy" if given[0] == "--gate" else None
            raise UsageError(
                f"--{name} is no part of a plan by {given[0]}", by_policy or f"leave --{name} out"
            )
    if asked["adaptivity"] == "full" and (asked["uses"] or 1) > MOST_ADAPTIVE:
        raise UsageError(
            f"--adaptivity full halves alpha with each use, and carries at most {MOST_ADAPTIVE}",
            f"--uses {MOST_ADAPTIVE} or fewer, or a fresh test set now and then",
        )


def _alpha(asked: dict[str, Any]) -> float:
    return sizes.share(asked["alpha"], asked["uses"], asked["adaptivity"])


def _churns(asked: dict[str, Any]) -> tuple[float, ...]:
    return (asked["churn"],) if asked["churn"] else _CHURNS


def _margin(
    name: str, margin: float, asked: dict[str, Any], style: Style, since: str = ""
) -> Iterator[str]:
    """Rows and labels with which an equal model is shown to lose less than the margin."""
    alpha, power = _alpha(asked), asked["power"]
    yield style.paint(f"to show that {name} loses at most {margin:g}{since}", "bold")
    rows = []
    for churn in _churns(asked):
        least = rows_without_difference(margin, alpha)
        needed = max(sizes.paired_rows(churn, margin, alpha, power) or 0, least)
        labels = sizes.labels_needed(needed, churn)
        rows.append((f"{100 * churn:.3g}%", f"{needed:,}", f"{labels:,}", ""))
    yield from table(rows, style, ("answers that differ", "rows", "labels, where they differ", ""))
    yield from _foot(alpha, asked, style)


def _rows(asked: dict[str, Any], style: Style) -> Iterator[str]:
    alpha, power = _alpha(asked), asked["power"]
    yield style.paint(f"what {asked['rows']:,} rows show", "bold")
    rows = [
        (
            f"{100 * churn:.3g}%",
            f"{sizes.smallest_effect(churn, asked['rows'], alpha, power):.4f}",
            "",
        )
        for churn in _churns(asked)
    ]
    yield from table(rows, style, ("answers that differ", "losses of accuracy from", ""))
    yield from _foot(alpha, asked, style)


def _foot(alpha: float, asked: dict[str, Any], style: Style) -> Iterator[str]:
    uses = f"; {asked['uses']} uses, adaptivity {asked['adaptivity']}" if asked["uses"] > 1 else ""
    text = f"in {asked['power']:.0%} of all cases, each bound at {alpha:.3g}{uses}"
    for line in style.wrapped(text, 0):
        yield style.paint(line, "dim")


def _gate(asked: dict[str, Any], style: Style) -> Iterator[str]:
    """By what the predictions that are there show; where none are, by the churn that may be."""
    from mlgate.cli._opened import opened
    from mlgate.core.parts import nearest
    from mlgate.gates._model_request import name
    from mlgate.policy.check import options_of

    with opened(stage=Stage.MERGE) as session:
        gates = {gate.name: gate for gate in session.policy.gates if gate.kind == "model"}
        if asked["gate"] not in gates:
            hint = nearest(asked["gate"], list(gates)) if gates else "mlgate gates lists them"
            raise UsageError(f"no model gate is called {asked['gate']!r}", hint)
        options: Any = options_of(gates[asked["gate"]])
        try:
            found = _shown(session, gates[asked["gate"]], options)
        except GateError as error:
            found, why = [], error.message
        else:
            why = "there is no baseline yet"
    compared = {(one.name, one.since) for one in found if one.compares}
    unseen = [one for one in _margins(options.require) if (name(one[0]), one[2]) not in compared]
    if not found and not unseen:
        raise UsageError(
            f"no rule of {asked['gate']} can be planned without predictions: {why}",
            "only shares of rows with max_drop or max_total_drop can; write predictions and plan "
            "again",
        )
    if found:
        by = "numbers" if options.metrics else "predictions"
        yield from _present(asked["gate"], found, style, by)
    else:
        for line in style.wrapped(f"without predictions, by the churn that may be: {why}", 0):
            yield style.paint(line, "dim")
    for rule, margin, since in unseen:
        said = asked | {"alpha": rule.alpha} | _uses(options.reuse)
        yield from _margin(f"{rule.metric}", margin, said, style, f" since {since}" * bool(since))


_SHARES = ("accuracy", "recall", "top_k_accuracy", "share")


def _margins(rules: Iterable[Rule]) -> Iterator[tuple[Rule, float, str]]:
    """The losses that churn alone can plan: the rule, the margin and what it is counted from."""
    for rule in rules:
        if rule.metric in _SHARES:
            if rule.max_drop:
                yield rule, rule.max_drop, ""
            if rule.max_total_drop:
                yield rule, rule.max_total_drop, rule.reference or ""


def _uses(reuse: Reuse | None) -> dict[str, Any]:
    """How often the policy uses the test set."""
    return {} if reuse is None else {"uses": reuse.uses, "adaptivity": reuse.adaptivity}


def _shown(session: Session, gate: GatePolicy, options: Any) -> list[Planned]:
    """What the gate's predictions tell. Raises `GateError`."""
    from mlgate.gates._model_planned import planned
    from mlgate.runner.context import context
    from mlgate.runner.job import Job
    from mlgate.runner.terms import terms_for

    if options.metrics and not any(rule.n for rule in options.require):
        raise GateError("a file of numbers tells no variance, and no rule has its `n`")
    if options.reuse is not None and options.reuse.feedback == "verdict":
        raise GateError('feedback = "verdict" hides what the predictions show')
    return planned(context(session, Job(gate, terms_for(session, gate), session), options))


def _present(name: str, found: list[Planned], style: Style, by: str) -> Iterator[str]:
    yield style.paint(f"what the rules of {name} want, by the {by} that are there", "bold")
    rows = [
        (
            one.name,
            one.limit,
            one.where,
            f"{one.rows:,}" if one.rows else "unknown",
            "" if one.smallest is None else f"{one.smallest:.4f}",
            _needed(one),
        )
        for one in found
    ]
    yield from table(rows, style, ("metric", "is to", "on", "rows", "show", "rows needed"))
    text = (
        "rows show differences from there on; labels are of rows where answers differ; in 80% of "
        "all cases; comparisons as if the models were equal, wanted gains, bounds and fairness as "
        "they look now"
    )
    for line in style.wrapped(text, 0):
        yield style.paint(line, "dim")


def _needed(one: Planned) -> str:
    if one.why:
        return f"unknown: {one.why}"
    if one.needed is None:
        return "no number would do"
    labels = "" if one.labels is None else f"; {counted(one.labels, 'label')}"
    return f"{one.needed:,}{labels}"


def _condition(asked: dict[str, Any], style: Style) -> Iterator[str]:
    """The sizes of a condition of ease.ml/ci, one row for each way to bound it."""
    try:
        found = conditions.sizes_of(
            asked["condition"],
            1 - asked["reliability"],
            asked["uses"],
            asked["adaptivity"],
            asked["churn"],
        )
    except ValueError as error:
        hint = "as n - o > 0.02 +/- 0.01 /\\ d < 0.1 +/- 0.01"
        raise UsageError(f"the condition cannot be read: {error}", hint) from None
    yield style.paint(asked["condition"], "bold")
    rows = [(one.clause, one.method, f"{one.rows:,}", one.labels, "") for one in found]
    yield from table(rows, style, ("clause", "by", "rows", "labels", ""))
    uses = f"{counted(asked['uses'], 'use')}, adaptivity {asked['adaptivity']}"
    yield style.paint(f"at a reliability of {asked['reliability']:g} over {uses}", "dim")
