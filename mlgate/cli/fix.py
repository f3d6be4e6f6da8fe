"""Let the gates mend what they can: formatting, whitespace, notebook outputs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import click
from msgspec.structs import replace

from mlgate.cli import _terminal
from mlgate.cli._edits import Half, difference, in_index, in_work_tree
from mlgate.cli._opened import opened
from mlgate.core import errors, parts
from mlgate.core.errors import GateError, MlgateError, UsageError
from mlgate.core.gate import Edit
from mlgate.core.text import counted, plain, shown
from mlgate.core.words import Outcome, Stage
from mlgate.policy.check import validate
from mlgate.policy.model import GatePolicy
from mlgate.repo import journal
from mlgate.repo.git import Repository, find
from mlgate.reporters._style import Style, name_width, padded
from mlgate.runner import plan
from mlgate.runner.session import Session

_EPILOG = """\b
Examples:
  mlgate fix                     all that can be mended
  mlgate fix src --gate format   one gate, below one folder
  mlgate fix --staged            what is staged, in the index and the work tree
  mlgate fix --dry-run           only show the difference

Exit codes: 0 mended or nothing to mend, 1 something was left alone, 3 a gate
could not do its work."""


@click.command(epilog=_EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@click.option("--gate", "gates", multiple=True, metavar="NAME", help="Only this gate; repeatable.")
@click.option("--staged", is_flag=True, help="Mend what is staged, and stage that.")
@click.option("--dry-run", is_flag=True, help="Print the difference and write nothing.")
def command(paths: tuple[str, ...], gates: tuple[str, ...], staged: bool, dry_run: bool) -> None:
    """Let the gates mend what they can, in the work tree; nothing is staged without --staged.

    A file with staged and unstaged changes is left alone, and its difference is printed: mending it
    would mix the two. With --staged its staged content is mended, and the same is merged into the
    work tree; where that is not possible, neither is touched.

    A run that was killed is completed by the next.
    """
    style = _terminal.style(sys.stdout, os.environ)
    stage = Stage.COMMIT if staged else Stage.MERGE
    names = _fixing(gates, stage)
    say = _Say(style, name_width(names))
    if dry_run:
        codes = [_shown(name, paths, stage, say) for name in names]
    else:
        codes = [_completed(say), *(_mend(name, paths, stage, say) for name in names)]
    if not names:
        click.echo("no gate of this repository can mend anything by itself")
    click.get_current_context().exit(max(codes, default=errors.PASSED))


class _Say:
    """One line for each gate, the names in one column."""

    def __init__(self, style: Style, names: int) -> None:
        self.style = style
        self._names = names

    def __call__(self, outcome: Outcome, gate: str, said: str) -> None:
        name = self.style.paint(padded(gate, self._names), "bold")
        line = f"{self.style.mark(outcome)} {name}  {plain(said)}"
        click.echo(line, err=outcome is Outcome.ERRORED)


def _fixing(wanted: tuple[str, ...], stage: Stage) -> list[str]:
    """The names of the gates that mend, in the policy's order."""
    with opened(gates=wanted, stage=stage) as session:
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


def _completed(say: _Say) -> int:
    """Complete what an earlier run, killed half-way, left undone."""
    repo = find(os.getcwd(), os.environ)
    if not journal.pending(repo):
        return errors.PASSED
    with journal.writing(repo):
        refused = journal.resume(repo)
    click.echo("completed an earlier mlgate fix that did not end")
    return _tell(refused, say)


def _shown(name: str, paths: tuple[str, ...], stage: Stage, say: _Say) -> int:
    """Print what one gate would mend."""
    with opened(paths=paths, stage=stage) as session:
        edits = _asked(session, name, say)
    for edit in edits or ():
        click.echo(difference(edit), nl=False)
    return errors.ERRORED if edits is None else errors.PASSED


def _mend(name: str, paths: tuple[str, ...], stage: Stage, say: _Say) -> int:
    """Ask one gate, on what the gates before it left; write, and say what was done."""
    with opened(paths=paths, stage=stage) as session:
        edits = _asked(session, name, say)
        if edits is None:
            return errors.ERRORED
        placed = in_index if stage is Stage.COMMIT else in_work_tree
        return _written(session.repo, name, list(placed(session.repo, edits)), say)


def _asked(session: Session, name: str, say: _Say) -> list[Edit] | None:
    """What the gate would mend; None where it could not say."""
    gate = next(gate for gate in session.policy.gates if gate.name == name)
    try:
        return list(_edits(session, gate))
    except GateError as error:
        say(Outcome.ERRORED, name, f"could not be asked: {error.message}")
        if error.hint:
            click.echo(f"    mend  {plain(error.hint)}", err=True)
        return None


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


def _written(
    repo: Repository, name: str, planned: list[journal.Replacement | Half], say: _Say
) -> int:
    """Write what can be written, all of it in one step, and say what was done."""
    left: list[MlgateError] = [one for one in planned if isinstance(one, Half)]
    wanted = [one for one in planned if isinstance(one, journal.Replacement)]
    if wanted:
        with journal.writing(repo):
            left += journal.replace(repo, wanted)
    alone = {one.path for one in left if isinstance(one, journal.Refused)}
    mended = [one.path for one in wanted if one.path not in alone]
    said = f"{counted(len(mended), 'file')} mended" if planned else "nothing to mend"
    if left:
        said += f", {counted(len(left), 'file')} left alone"
    say(Outcome.FAILED if left else Outcome.PASSED, name, said)
    for path in mended:
        click.echo(f"    {shown(path)}")
    return _tell(left, say)


def _tell(left: list[MlgateError], say: _Say) -> int:
    """Say of each file that was left alone why, and what would have been written."""
    for refusal in left:
        click.echo(f"  {say.style.mark(Outcome.FAILED)} {plain(refusal.message)}")
        click.echo(f"    mend  {plain(refusal.hint or '')}")
        if isinstance(refusal, Half):
            click.echo(difference(refusal.edit), nl=False)
    return errors.FAILED if left else errors.PASSED
