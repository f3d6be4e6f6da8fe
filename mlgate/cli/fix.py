"""Let the gates mend what they can: formatting, whitespace, notebook outputs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import click
from msgspec.structs import replace

from mlgate.cli import _terminal
from mlgate.cli._edits import Half, difference, half_staged, write
from mlgate.cli._opened import opened
from mlgate.core import errors, parts
from mlgate.core.errors import GateError, UsageError
from mlgate.core.gate import Edit
from mlgate.core.text import counted, plain, shown
from mlgate.core.words import Outcome
from mlgate.policy.check import validate
from mlgate.policy.model import GatePolicy
from mlgate.reporters._style import Style
from mlgate.runner import plan
from mlgate.runner.session import Session

_EPILOG = """\b
Examples:
  mlgate fix                     all that can be mended
  mlgate fix src --gate format   one gate, below one folder
  mlgate fix --dry-run           only show the difference

Exit codes: 0 mended or nothing to mend, 1 something was left alone, 3 a gate
could not do its work."""


@click.command(epilog=_EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@click.option("--gate", "gates", multiple=True, metavar="NAME", help="Only this gate; repeatable.")
@click.option("--dry-run", is_flag=True, help="Print the difference and write nothing.")
def command(paths: tuple[str, ...], gates: tuple[str, ...], dry_run: bool) -> None:
    """Let the gates mend what they can, in the work tree; nothing is staged.

    A file with staged and unstaged changes is left alone, and its difference is printed: mending it
    would mix the two. So is a file that changes meanwhile.
    """
    style = _terminal.style(sys.stdout, os.environ)
    codes = [_mend(name, paths, dry_run, style) for name in _fixing(gates)]
    if not codes:
        click.echo("no gate of this repository can mend anything by itself")
    click.get_current_context().exit(max(codes, default=errors.PASSED))


def _fixing(wanted: tuple[str, ...]) -> list[str]:
    """The names of the gates that mend, in the policy's order."""
    with opened(gates=wanted) as session:
        found = [gate for gate in session.policy.gates if not wanted or _meant(gate, wanted)]
        able = [gate.name for gate in found if hasattr(parts.load("gates", gate.kind), "fix")]
        if wanted and not able:
            raise UsageError(
                f"{' and '.join(wanted)} cannot mend by itself",
                "mlgate check shows what is wrong, and how to mend it by hand",
            )
        return able


def _meant(gate: GatePolicy, wanted: tuple[str, ...]) -> bool:
    return gate.name in wanted or gate.kind in wanted


def _mend(name: str, paths: tuple[str, ...], dry_run: bool, style: Style) -> int:
    """Ask one gate, on what the gates before it left; write, and say what was done."""
    with opened(paths=paths) as session:
        gate = next(gate for gate in session.policy.gates if gate.name == name)
        try:
            edits = list(_edits(session, gate))
        except GateError as error:
            _say(style, Outcome.ERRORED, name, f"could not be asked: {error.message}")
            if error.hint:
                click.echo(f"    mend  {plain(error.hint)}", err=True)
            return errors.ERRORED
        if dry_run:
            for edit in edits:
                click.echo(difference(edit), nl=False)
            return errors.PASSED
        return _written(session, name, edits, style)


def _edits(session: Session, gate: GatePolicy) -> Iterator[Edit]:
    job = plan.make_job(session, gate, validate(session.policy)[gate.name])
    if job.error is not None:
        raise GateError(job.error, job.help)
    if job.ctx is None or job.skipped is not None:
        return
    files = job.ctx.files
    if session.narrowed is not None:
        files = tuple(path for path in files if path in session.narrowed)
    yield from _changing(job.gate, replace(job.ctx, files=files))


def _changing(gate: Any, ctx: Any) -> Iterator[Edit]:
    return (edit for edit in gate.fix(ctx) if edit.before != edit.after)


def _written(session: Session, name: str, edits: list[Edit], style: Style) -> int:
    half = half_staged(session.repo) if edits else frozenset()
    mended, left = [], []
    for edit in edits:
        try:
            if edit.path in half:
                raise Half(edit)
            write(session.repo.root, edit)
            mended.append(edit.path)
        except UsageError as refusal:
            left.append(refusal)
    outcome = Outcome.FAILED if left else Outcome.PASSED
    said = f"{counted(len(mended), 'file')} mended" if edits else "nothing to mend"
    if left:
        said += f", {counted(len(left), 'file')} left alone"
    _say(style, outcome, name, said)
    for path in mended:
        click.echo(f"    {shown(path)}")
    for refusal in left:
        click.echo(f"  {style.mark(Outcome.FAILED)} {plain(refusal.message)}")
        click.echo(f"    mend  {plain(refusal.hint or '')}")
        if isinstance(refusal, Half):
            click.echo(difference(refusal.edit), nl=False)
    return errors.FAILED if left else errors.PASSED


def _say(style: Style, outcome: Outcome, name: str, said: str) -> None:
    click.echo(
        f"{style.mark(outcome)} {style.paint(name, 'bold')}  {plain(said)}", err=_bad(outcome)
    )


def _bad(outcome: Outcome) -> bool:
    return outcome is Outcome.ERRORED
