"""`mlgate explain GATE`: what it is for, its options, tool, files and rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from mlgate.cli import _known
from mlgate.cli._table import table
from mlgate.core import parts
from mlgate.core.errors import UsageError
from mlgate.core.text import counted
from mlgate.policy.check import validate
from mlgate.policy.describe import field_docs
from mlgate.policy.model import GatePolicy
from mlgate.reporters._style import Style
from mlgate.runner.session import Session


def named(what: str, session: Session) -> GatePolicy | None:
    """The policy's gate of that name; else a kind, as a gate that is off; else None."""
    for gate in session.policy.gates:
        if gate.name == what:
            return gate
    if "/" in what or what.startswith("."):
        return None
    try:
        parts.load("gates", what)
    except UsageError:
        return None
    return GatePolicy(name=what, kind=what, named=False)


def lines(gate: GatePolicy, session: Session, style: Style) -> Iterator[str]:
    """What there is to know of `gate`."""
    on = gate in session.policy.gates
    title = gate.name if gate.name == gate.kind else f"{gate.name} (kind {gate.kind})"
    yield style.paint(title, "bold")
    yield from table([(_known.purpose(gate.kind),)], style, indent=2)
    yield ""
    yield from table(list(_facts(gate, session) if on else _off(gate)), style, indent=2)
    options = _options(gate)
    if options:
        yield ""
        yield style.paint("options", "bold")
        yield from table(options, style, indent=2)
    rules = [(name, rule.summary) for name, rule in _known.rules(gate.kind).items()]
    if rules:
        yield ""
        yield style.paint("rules", "bold")
        yield from table(rules, style, indent=2)


def _off(gate: GatePolicy) -> Iterator[tuple[str, str]]:
    yield "on", f"no; to switch it on, write [gates.{gate.kind}] into mlgate.toml"
    yield "stages", ", ".join(_known.stages(gate))


def _facts(gate: GatePolicy, session: Session) -> Iterator[tuple[str, str]]:
    options = validate(session.policy)[gate.name]
    yield "on", _known.reason(gate, session.policy.source)
    yield "stages", ", ".join(_known.stages(gate))
    level = gate.level.value if gate.level else "warning"
    yield "blocks", "no" if gate.blocking is False else f"yes, from level {level} on"
    told, mend = _known.tool(session, options)
    if told:
        yield "tool", told
    if mend:
        yield "mend", mend
    yield "files", f"may look at {counted(len(session.files(gate)), 'file')}{_patterns(gate)}"
    for label in ("needs", "when"):
        if getattr(gate, label):
            yield label, ", ".join(getattr(gate, label))
    if gate.where != "both":
        yield "where", gate.where


def _patterns(gate: GatePolicy) -> str:
    wanted = f", of {', '.join(gate.files)}" if gate.files else ""
    return wanted + (f", without {', '.join(gate.exclude)}" if gate.exclude else "")


def _options(gate: GatePolicy) -> list[tuple[str, str, str]]:
    """Each option with its value and what it means; the value of the policy, else the default."""
    struct = parts.load("gates", gate.kind).Options
    meanings = field_docs(struct)
    return [
        (field.encode_name, _value(field, gate.options), meanings.get(field.name, ""))
        for field in msgspec.structs.fields(struct)
    ]


def _value(field: Any, given: dict[str, Any]) -> str:
    if field.encode_name in given:
        return _short(given[field.encode_name]) + " (policy)"
    if field.default is not msgspec.NODEFAULT:
        return _short(field.default)
    if field.default_factory is not msgspec.NODEFAULT:
        return _short(field.default_factory())
    return "required"


def _short(value: Any) -> str:
    """A value as TOML would have it, cut where it is long."""
    if value is None or value in ((), [], {}, ""):
        return "-"
    text = msgspec.json.encode(value, enc_hook=str).decode()
    return text if len(text) <= 32 else text[:31] + "…"
