"""List the gates: which are on, when they are asked, with which tool, and why."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import click

from mlgate.cli import _known, _terminal
from mlgate.cli._opened import opened
from mlgate.cli._table import table
from mlgate.core import parts
from mlgate.core.text import plain
from mlgate.policy.check import validate
from mlgate.reporters._style import Style
from mlgate.runner.session import Session

_HEAD = ("GATE", "STAGES", "BLOCKS", "TOOL", "WHY IT IS ON")


@click.command()
def command() -> None:
    """List the gates of this repository's policy, then the kinds of gates that are not used.

    `mlgate explain GATE` tells more about one of them.
    """
    style = _terminal.style(sys.stdout, os.environ)
    with opened() as session:
        click.echo("\n".join(_lines(session, style)))


def _lines(session: Session, style: Style) -> Iterator[str]:
    policy = session.policy
    options = validate(policy)
    rows = []
    for gate in policy.gates:
        told, _ = _known.tool(session, options[gate.name])
        name = gate.name if gate.name == gate.kind else f"{gate.name} ({gate.kind})"
        rows.append(
            (
                name,
                ", ".join(_known.stages(gate)),
                "no" if gate.blocking is False else "yes",
                told.partition(" (")[0],
                _known.reason(gate, policy.source),
            )
        )
    if policy.source is None:
        yield "no policy: these are the tools that the repository uses (mlgate init writes one)"
    else:
        yield f"policy: {plain(policy.source)}"
    yield ""
    yield from table(rows, style, _HEAD) if rows else ("no gate is on",)
    used = {gate.kind for gate in policy.gates}
    unused = [(kind, _known.purpose(kind)) for kind in parts.names("gates") if kind not in used]
    if unused:
        yield ""
        yield style.paint("NOT USED", "dim")
        yield from table(unused, style)
