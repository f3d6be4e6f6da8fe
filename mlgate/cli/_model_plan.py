"""How many rows and labels a requirement takes, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlgate.cli._table import table
from mlgate.core.errors import UsageError
from mlgate.reporters._style import Style
from mlgate.stats import conditions, sizes

_CHURNS = (0.02, 0.05, 0.1, 0.2)


def lines(asked: dict[str, Any], style: Style) -> Iterator[str]:
    """The plan that is asked for. Raises `UsageError`."""
    if asked["condition"]:
        yield from _condition(asked, style)
    elif asked["gate"]:
        yield from _gate(asked, style)
    elif asked["margin"]:
        yield from _margin("accuracy", asked["margin"], asked, style)
    elif asked["rows"]:
        yield from _rows(asked, style)
    else:
        raise UsageError("nothing to plan for", "give --margin, --rows, --gate or --condition")


def _alpha(asked: dict[str, Any]) -> float:
    return sizes.share(asked["alpha"], asked["uses"], asked["adaptivity"])


def _churns(asked: dict[str, Any]) -> tuple[float, ...]:
    return (asked["churn"],) if asked["churn"] else _CHURNS


def _margin(name: str, margin: float, asked: dict[str, Any], style: Style) -> Iterator[str]:
    """Rows and labels with which an equal model is shown to lose less than the margin."""
    alpha, power = _alpha(asked), asked["power"]
    yield style.paint(f"to show that {name} loses at most {margin:g}", "bold")
    rows = []
    for churn in _churns(asked):
        needed = sizes.paired_rows(churn, margin, alpha, power) or 0
        labels = sizes.labels_needed(needed, churn)
        rows.append((f"{churn:.0%}", f"{needed:,}", f"{labels:,}", ""))
    yield from table(rows, style, ("answers that differ", "rows", "labels, where they differ", ""))
    yield from _foot(alpha, asked, style)


def _rows(asked: dict[str, Any], style: Style) -> Iterator[str]:
    alpha, power = _alpha(asked), asked["power"]
    yield style.paint(f"what {asked['rows']:,} rows show", "bold")
    rows = [
        (f"{churn:.0%}", f"{sizes.smallest_effect(churn, asked['rows'], alpha, power):.4f}", "")
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
    from mlgate.cli._opened import opened
    from mlgate.core.parts import nearest
    from mlgate.policy.check import options_of

    with opened() as session:
        gates = {gate.name: gate for gate in session.policy.gates if gate.kind == "model"}
        if asked["gate"] not in gates:
            hint = nearest(asked["gate"], list(gates)) if gates else "mlgate gates lists them"
            raise UsageError(f"no model gate is called {asked['gate']!r}", hint)
        options: Any = options_of(gates[asked["gate"]])
    planned = False
    for rule in options.require:
        share = rule.metric in ("accuracy", "recall", "top_k_accuracy", "share")
        if share and rule.max_drop:
            planned = True
            yield from _margin(rule.metric, rule.max_drop, asked | {"alpha": rule.alpha}, style)
    if not planned:
        raise UsageError(
            f"no rule of {asked['gate']} can be planned without predictions",
            "only shares of rows with max_drop can; of others mlgate check tells the rows",
        )


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
    uses = f"{asked['uses']} uses, adaptivity {asked['adaptivity']}"
    yield style.paint(f"at a reliability of {asked['reliability']:g} over {uses}", "dim")
