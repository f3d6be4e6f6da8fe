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
from mlgate.reporters._style import Style, name_width
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
    names = _fixing(gates)
    say = _Say(style, name_width(names))
    codes = [_mend(name, paths, dry_run, say) for name in names]
    if not codes:
        click.echo("no gate of this repository can mend anything by itself")
    click.get_current_context().exit(max(codes, default=errors.PASSED))


class _Say:
    """One line for each gate, the names in one column."""

    def __init__(self, style: Style, names: int) -> None:
        self.style = style
        self._names = names

    def __call__(self, outcome: Outcome, gate: str, said: str) -> None:
        name = self.style.paint(f"{gate:<{self._names}}", "bold")
        line = f"{self.style.mark(outcome)} {name}  {plain(said)}"
        click.echo(line, err=outcome is Outcome.ERRORED)


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


def _mend(name: str, paths: tuple[str, ...], dry_run: bool, say: _Say) -> int:
    """Ask one gate, on what the gates before it left; write, and say what was done."""
    with opened(paths=paths) as session:
        gate = next(gate for gate in session.policy.gates if gate.name == name)
        try:
            edits = list(_edits(session, gate))
        except GateError as error:
            say(Outcome.ERRORED, name, f"could not be asked: {error.message}")
            if error.hint:
                click.echo(f"    mend  {plain(error.hint)}", err=True)
            return errors.ERRORED
        if dry_run:
            for edit in edits:
                click.echo(difference(edit), nl=False)
            return errors.PASSED
        return _written(session, name, edits, say)


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


def _written(session: Session, name: str, edits: list[Edit], say: _Say) -> int:
    half = half_staged(session.repo) if edits else frozenset()
    mended: list[str] = []
    left: list[UsageError] = []
    for edit in edits:
        try:
            if edit.path in half:
                raise Half(edit)
            write(session.repo.root, edit)
            mended.append(edit.path)
        except UsageError as error:
            left.append(error)
    outcome = Outcome.FAILED if left else Outcome.PASSED
    said = f"{counted(len(mended), 'file')} mended" if edits else "nothing to mend"
    if left:
        said += f", {counted(len(left), 'file')} left alone"
    say(outcome, name, said)
    for path in mended:
        click.echo(f"    {shown(path)}")
    for refusal in left:
        click.echo(f"  {say.style.mark(Outcome.FAILED)} {plain(refusal.message)}")
        click.echo(f"    mend  {plain(refusal.hint or '')}")
        if isinstance(refusal, Half):
            click.echo(difference(refusal.edit), nl=False)
    return errors.FAILED if left else errors.PASSED
