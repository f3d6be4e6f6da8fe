"""Explain a gate, a rule or a file: what it is about, and how to mend it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import click

from mlgate.cli import _terminal
from mlgate.cli._opened import opened
from mlgate.core import parts
from mlgate.core.errors import UsageError
from mlgate.reporters._style import Style
from mlgate.runner.session import Session

_EPILOG = """\b
Examples:
  mlgate explain lint                 a gate: its options, tool and rules
  mlgate explain files/large-file     a rule: what it means, how to mend it
  mlgate explain src/train.py         a file: which gates see it, and why"""


@click.command(epilog=_EPILOG)
@click.argument("what", metavar="GATE|RULE|FILE")
def command(what: str) -> None:
    """Explain a gate, a rule or a file.

    Where a name means a gate and a file, write the file with its folder: ./tests
    """
    style = _terminal.style(sys.stdout, os.environ)
    with opened() as session:
        click.echo("\n".join(_explained(what, session, style)))


def _explained(what: str, session: Session, style: Style) -> Iterator[str]:
    from mlgate.cli import _explain_file, _explain_gate, _explain_rule

    gate = _explain_gate.named(what, session)
    if gate is not None:
        return _explain_gate.lines(gate, session, style)
    rule = _explain_rule.named(what, session)
    if rule is not None:
        return _explain_rule.lines(rule, session, style)
    path = _explain_file.named(what, session)
    if path is not None:
        return _explain_file.lines(path, session, style)
    known = sorted({gate.name for gate in session.policy.gates} | {*parts.names("gates")})
    raise UsageError(f"{what!r} is no gate, no rule and no file", parts.nearest(what, known))
