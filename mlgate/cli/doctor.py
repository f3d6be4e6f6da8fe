"""Look at the surroundings: tools, policy, base, store, hooks, and how CI differs from here."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

import click
from msgspec import Struct

from mlgate.cli import _terminal
from mlgate.core import errors
from mlgate.core.errors import MlgateError
from mlgate.core.text import counted, plain
from mlgate.core.words import Outcome
from mlgate.reporters._style import Style, columns, padded


class Fact(Struct, frozen=True):
    """One line: what is so, and where that is bad, how to mend it."""

    label: str
    text: str
    mend: str | None = None
    bad: bool = False
    """True where a check cannot do its work, or answers differently elsewhere."""


@click.command()
def command() -> None:
    """Look at what mlgate stands on, here and elsewhere: the policy, the base, the store, every
    gate's tool with its version and place, the hooks, and where the hook's environment and CI
    differ from this one.

    Exit codes: 0 all is well, 3 something keeps a gate from its work.
    """
    bad = tell(_facts(), sys.stdout)
    click.get_current_context().exit(errors.ERRORED if bad else errors.PASSED)


def tell(facts: Iterable[Fact], stream: TextIO) -> bool:
    """Print them, one under the other; True if something must be mended."""
    style = _terminal.style(stream, os.environ)
    known = list(facts)
    width = max(columns(fact.label) for fact in known)
    for fact in known:
        click.echo("\n".join(_lines(fact, style, width)))
    bad = sum(fact.bad for fact in known)
    click.echo()
    click.echo(f"{counted(bad, 'line')} above must be mended" if bad else "all is well")
    return bad > 0


def _lines(fact: Fact, style: Style, width: int) -> Iterable[str]:
    good = Outcome.SKIPPED if fact.mend else Outcome.PASSED
    mark = style.mark(Outcome.ERRORED if fact.bad else good)
    indent = width + 4
    first, *more = style.wrapped(plain(fact.text), indent)
    yield f"{mark} {style.paint(padded(fact.label, width), 'bold')}  {first}"
    yield from (" " * indent + line for line in more)
    if fact.mend:
        first, *more = style.wrapped(plain(fact.mend), indent + 6)
        yield " " * indent + style.paint("mend  ", "dim") + first
        yield from (" " * (indent + 6) + line for line in more)


def _facts() -> Iterable[Fact]:
    from mlgate.cli import _doctor_elsewhere, _doctor_here
    from mlgate.cli._opened import opened

    yield from _doctor_here.machine(os.environ)
    try:
        with opened() as session:
            yield from _doctor_here.repository(session)
            yield from _doctor_elsewhere.hooks(session)
            yield from _doctor_elsewhere.ci(session)
    except MlgateError as error:
        yield Fact("stopped", error.message, error.hint, True)
