"""Watch mlgate judge the changes of a small machine-learning project, promote and defend it."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import click

from mlgate.cli import _formats, _terminal
from mlgate.core import errors
from mlgate.core.words import Outcome

if TYPE_CHECKING:
    from mlgate.cli._demo_acts import Act, Stage
    from mlgate.core.report import Report

_EPILOG = """\b
Examples:
  mlgate demo             in a temporary folder, of which the report stays
  mlgate demo /tmp/demo   keep the project, to try things on it

Exit codes: 0 every act ended as told, 1 one did not, 2 the folder cannot be
used, 3 the project could not be built."""

_KEY = ("--key", os.path.join(".demo", "ci"))
_ALIAS = "tumours@production"
_SHOWN = "worse"
"""The change of which the page is written: its report has the most to see."""


@click.command(epilog=_EPILOG)
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path())
def command(folder: str | None) -> None:
    """Build a small project with data, a DVC pipeline and two models; try good and bad changes on
    it, promote the good one, attack what was promoted and roll it back.

    Needs scikit-learn and DVC; uses no network.
    """
    import shutil
    import tempfile

    scratch = "" if folder else tempfile.mkdtemp(prefix="mlgate-demo-")
    project = os.path.abspath(folder) if folder else os.path.join(scratch, "clinic")
    page = os.path.join(scratch or os.path.join(project, ".demo"), "report.html")
    try:
        code = _tell(project, page, kept=bool(folder))
    finally:
        if scratch:
            shutil.rmtree(project, ignore_errors=True)
    click.get_current_context().exit(code)


def _tell(folder: str, page: str, kept: bool) -> int:
    """The whole story; its exit code."""
    from mlgate.cli._demo_acts import Stage, checked
    from mlgate.demo.changes import STOPPED, UNDECIDED

    began = time.monotonic()
    stage = Stage(folder=folder, style=_terminal.style(sys.stdout, os.environ))
    _build(stage)
    acts = [_first(stage), *_good(stage)]
    reports: dict[str, Report] = {}
    for change in STOPPED:
        reports[change.branch], act = checked(stage, change)
        acts.append(act)
    acts += [checked(stage, UNDECIDED)[1], _plan(stage), _attack(stage)]
    _formats.write_whole(page, _formats.rendered("html", reports[_SHOWN]))
    _recall(stage, acts, time.monotonic() - began)
    _farewell(stage, page, kept)
    return errors.FAILED if any(act.astray for act in acts) else errors.PASSED


def _build(stage: Stage) -> None:
    from mlgate.demo.build import build

    stage.say("", stage.style.paint("A small clinic", "bold", "cyan"))
    for line in stage.style.wrapped(
        "Two models on data that scikit-learn ships: one tells benign from malignant tumours, one "
        "reads the digits of forms. Data and models are versions in DVC, with a local remote; "
        "mlgate.toml says what must hold.",
        0,
    ):
        stage.say("", line)
    stage.say("", "")
    stage.say("", stage.style.paint(f"building it in {stage.folder}", "dim"))
    for step in build(stage.folder, os.environ):
        stage.say("   ", stage.style.paint(step, "dim"))


def _first(stage: Stage) -> Act:
    from mlgate.cli._demo_acts import Act, Step, performed

    stage.title("The first model goes out", "registered, judged, signed, and only then named")
    promote = ("promote", "tumours", "--to", "production", "--first", *_KEY)
    step = Step(args=promote, says="tumours v1 is production", shown_from="tumours v1 is")
    wrong = performed(stage, (step,), "promoted, with signed evidence")
    return Act(title="The first model goes out", end="promoted as v1", astray=wrong)


def _good(stage: Stage) -> list[Act]:
    """A better model passes, is merged, and takes the first one's place."""
    from mlgate.cli._demo_acts import Act, Step, checked, performed
    from mlgate.demo.changes import GOOD
    from mlgate.demo.history import git

    _, act = checked(stage, GOOD)
    stage.command(f"git switch main && git merge {GOOD.branch}")
    git(stage.folder, "checkout", "--quiet", "main")
    git(stage.folder, "merge", "--quiet", "--ff-only", GOOD.branch)
    promote = ("promote", "tumours", "--to", "production", *_KEY)
    step = Step(args=promote, says="tumours v2 is production", shown_from="tumours v2 is")
    wrong = performed(stage, (step,), "promoted: judged once more, beside what stood there")
    return [act, Act(title="… and goes out", end="promoted as v2", astray=wrong)]


def _plan(stage: Stage) -> Act:
    from mlgate.cli._demo_acts import Act, Step, performed

    step = Step(args=("model", "plan", "--gate", "tumours"), says="rows needed")
    wrong = performed(stage, (step,), "the plan says how many labels would settle it")
    return Act(title="… and what would settle it", end="planned", astray=wrong)


def _attack(stage: Stage) -> Act:
    """Somebody swaps the promoted file; `verify` sees it, `rollback` brings back the proven one."""
    from mlgate.cli._demo_acts import Act, Step, performed
    from mlgate.demo.history import git, swap

    title = "The promoted file is swapped for another"
    stage.title(title, "in the registry itself, past mlgate")
    git(stage.folder, "checkout", "--quiet", "main")
    try:
        swap(stage.folder)
    except OSError as error:
        return Act(title=title, end="", astray=(f"there is nothing to swap: {error}",))
    steps = (
        Step(args=("verify", _ALIAS), code=1, says="swapped model"),
        Step(args=("rollback", _ALIAS, *_KEY, "--reason", "swapped"), says="v1 is production"),
        Step(args=("verify", _ALIAS), says="proven"),
    )
    wrong = performed(stage, steps, "seen before anybody loaded it, and rolled back")
    return Act(title=title, end="seen by verify, rolled back", astray=wrong)


def _recall(stage: Stage, acts: list[Act], seconds: float) -> None:
    """One line for each act, and what the story comes to."""
    style = stage.style
    stage.say("", "")
    stage.say("", style.paint("What was tried, and how it ended", "bold", "cyan"))
    width = max(len(act.title) for act in acts)
    for act in acts:
        mark = style.mark(Outcome.FAILED if act.astray else Outcome.PASSED)
        stage.say("", f"{mark} {act.title:<{width}}  {'not as told' if act.astray else act.end}")
    astray = sum(bool(act.astray) for act in acts)
    moral = f"{astray} of {len(acts)} acts did not end as told" if astray else "all as told"
    cost = f"{seconds:.0f} s, {_cpu():.0f} s of processor"
    color = "red" if astray else "green"
    stage.say("", "")
    stage.say("", f"{style.paint(moral, 'bold', color)}  {style.paint(cost, 'dim')}")


def _cpu() -> float:
    """Seconds of processor that this process and those that it started took."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _farewell(stage: Stage, page: str, kept: bool) -> None:
    stage.say("", f"report   {page}")
    if kept:
        stage.say("", f"play     cd {stage.folder} && git switch {_SHOWN} && mlgate check")
        stage.say("", "data     dvc checkout; they are read by their pointers until then")
