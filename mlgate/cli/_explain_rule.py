"""`mlgate explain RULE`: what it means and how to mend what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlgate.cli import _known
from mlgate.cli._table import table
from mlgate.core import parts
from mlgate.core.errors import GateError
from mlgate.core.gate import Rule
from mlgate.core.words import Level
from mlgate.policy.check import validate
from mlgate.reporters._style import Style
from mlgate.runner.session import Session

if TYPE_CHECKING:
    from mlgate.tools._codes import Code


def named(what: str, session: Session) -> str | None:
    """The whole id of the rule: `kind/rule` as given, or found by its last part."""
    kind, slash, rule = what.partition("/")
    if slash:
        return what if kind in parts.names("gates") and rule and not rule.count("/") else None
    for kind in parts.names("gates"):
        if f"{kind}/{what}" in _known.rules(kind):
            return f"{kind}/{what}"
    if what[:1].isupper() and what[-3:].isdigit():  # a tool's own code: F401, B301, PLR2004
        on = {gate.kind for gate in session.policy.gates}
        bandits = len(what) == 4 and "B1" <= what[:2] <= "B7"
        for kind in ("security", "lint") if bandits else ("lint", "security"):
            if kind in on:
                return f"{kind}/{what}"
    return None


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
        yield from _coded(rule.partition("/")[2], kind, session)
    yield "gate", f"{kind}: {_known.purpose(kind)}"
    yield "counts", _counts(kind, session)
    yield (
        "accept",
        f'in mlgate.toml: [[waivers]] rule = "{rule}", path = "...", reason = "...", '
        "until = YYYY-MM-DD",
    )


def _coded(code: str, kind: str, session: Session) -> Iterator[tuple[str, str]]:
    """A tool's own code, by the tool's own words where it can be asked."""
    for name in _tools(kind, session):
        told = _described(name, code, session)
        if told is None:
            continue
        yield "means", told.means
        yield "read", told.read
        yield "mend", told.mend or "what the finding says, at the line that it names"
        if told.mute:
            yield "mute", f"{told.mute}  at the end of the line, where it is meant to be so"
        yield "level", told.level
        return
    tools = " or ".join(_tools(kind, session)) or "its tool"
    yield "means", f"mlgate has no such rule, and {tools}, where it is from, does not tell of it"
    yield "mend", "see the finding: it says what is wrong and where"


def _described(name: str, code: str, session: Session) -> Code | None:
    describe = getattr(parts.load("tools", name), "describe", None)
    if describe is None:
        return None
    try:
        found: Code | None = describe(session.workshop, session.workshop.tool(name), code)
    except GateError:
        return None  # not installed: nobody can say
    return found


def _counts(kind: str, session: Session) -> str:
    """When a finding of this kind stands in the way."""
    gates = [gate for gate in session.policy.gates if gate.kind == kind]
    if not gates:
        return f"not now: [gates.{kind}] is not in the policy"
    gate = gates[0]
    if gate.blocking is False:
        return "it is told and never blocks: blocking = false"
    level = (gate.level or Level.WARNING).value
    new = session.policy.new_only if gate.new_only is None else gate.new_only
    which = "if it is new; what the base has too is counted" if new else "also where it is old"
    return f"from level {level} on it blocks, {which}"


def _tools(kind: str, session: Session) -> list[str]:
    options = validate(session.policy)
    names = {
        str(getattr(options[gate.name], "tool", ""))
        for gate in session.policy.gates
        if gate.kind == kind
    }
    return sorted(filter(None, names))
