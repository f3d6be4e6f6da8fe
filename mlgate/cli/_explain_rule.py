"""`mlgate explain RULE`: what it means and how to mend what it finds."""

from __future__ import annotations

from collections.abc import Iterator

from mlgate.cli import _known
from mlgate.cli._table import table
from mlgate.core import parts
from mlgate.core.gate import Rule
from mlgate.policy.check import validate
from mlgate.reporters._style import Style
from mlgate.runner.session import Session


def named(what: str, session: Session) -> str | None:
    """The whole id of the rule: `kind/rule` as given, or found by its last part."""
    kind, slash, rule = what.partition("/")
    if slash:
        return what if kind in parts.names("gates") and rule and not rule.count("/") else None
    for kind in parts.names("gates"):
        if f"{kind}/{what}" in _known.rules(kind):
            return f"{kind}/{what}"
    if what[:1].isupper() and what[-3:].isdigit():  # a tool's own code: F401, B301, PLR2004
        for gate in session.policy.gates:
            if hasattr(validate(session.policy)[gate.name], "tool") and gate.kind in _CODED:
                return f"{gate.kind}/{what}"
    return None


_CODED = ("lint", "security")
"""Kinds whose rules are their tools' own codes; B is bandit's where only security has it."""


def lines(rule: str, session: Session, style: Style) -> Iterator[str]:
    """What there is to know of `rule`."""
    kind = rule.partition("/")[0]
    known = _known.rules(kind).get(rule)
    yield style.paint(rule, "bold")
    yield from table(list(_facts(rule, kind, known, session)), style, indent=2)


def _facts(rule: str, kind: str, known: Rule | None, session: Session) -> Iterator[tuple[str, str]]:
    if known is not None:
        yield "means", known.summary
        yield "mend", known.mend or "see the finding: it says what is wrong"
        yield "level", known.level.value
    else:
        yield "means", f"a code of {_tools(kind, session)}; its documentation explains it"
        yield "mend", "see the finding: it says what is wrong and where"
    yield "gate", f"{kind}: {_known.purpose(kind)}"
    yield (
        "accept",
        f'[[waivers]] rule = "{rule}", path = "...", reason = "...", until = a day in mlgate.toml',
    )


def _tools(kind: str, session: Session) -> str:
    options = validate(session.policy)
    names = {
        str(getattr(options[gate.name], "tool", ""))
        for gate in session.policy.gates
        if gate.kind == kind
    }
    return " or ".join(sorted(filter(None, names))) or "the gate's tool"
