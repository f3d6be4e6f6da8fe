"""What is known of a gate without asking it: its part, its rules, its stages, its tool."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mlgate.core import parts
from mlgate.core.errors import GateError, UsageError
from mlgate.core.gate import Rule
from mlgate.core.report import Report
from mlgate.core.words import Stage
from mlgate.policy.model import GatePolicy
from mlgate.runner.session import Session


def purpose(kind: str) -> str:
    """What gates of this kind are for: the first sentence of their module."""
    return " ".join((parts.load("gates", kind).__doc__ or "").strip().split("\n\n")[0].split())


def rules(kind: str) -> Mapping[str, Rule]:
    """The rules of a kind by their whole ids."""
    told: Mapping[str, Rule] = parts.load("gates", kind).rules
    return {name if "/" in name else f"{kind}/{name}": rule for name, rule in told.items()}


def rules_of(report: Report) -> dict[str, Rule]:
    """What the rules that a report speaks of mean, as far as their gates say so: they do not list
    the codes of their tools, and a gate of another package may be gone."""
    named: dict[str, set[str]] = {}
    for verdict in report.verdicts:
        for finding in verdict.findings:
            named.setdefault(verdict.kind, set()).add(finding.rule)
    found: dict[str, Rule] = {}
    for kind, wanted in named.items():
        with suppress(UsageError):
            found |= {rule: told for rule, told in rules(kind).items() if rule in wanted}
    return found


def stages(gate: GatePolicy) -> list[str]:
    """The stages at which a gate is asked, in their natural order."""
    wanted = parts.load("gates", gate.kind).stages if gate.stages is None else gate.stages
    return [stage.value for stage in Stage if stage in wanted]


def tool(session: Session, options: Any) -> tuple[str, str | None]:
    """The tool of a gate with version and origin, or that it is missing and how to mend that;
    empty for gates that name none."""
    name = getattr(options, "tool", None)
    if not isinstance(name, str) or not name:
        return "", None
    try:
        found = session.workshop.tool(name, tuple(getattr(options, "command", None) or ()))
    except GateError as error:
        return f"{name}: {error.message.removeprefix(name).strip()}", error.hint
    origin = f" ({found.environment.origin})" if found.environment else ""
    return f"{found.name} {found.version}{origin}", None


def reason(gate: GatePolicy, source: str | None) -> str:
    """Why a gate is on."""
    return gate.evidence or source or "adopted"
