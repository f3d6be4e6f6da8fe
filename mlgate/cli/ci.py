"""Write the CI's own file that calls mlgate, and look at what a CI tells of a change."""

from __future__ import annotations

import os
import sys

import click

from mlgate.core import errors
from mlgate.core.text import shown

_EPILOG = """\b
Examples:
  mlgate ci init                       for the CI that the repository uses
  mlgate ci init --provider gitlab
  mlgate ci init monitor promote       more than the gate of a change
  mlgate ci init --check               is what stands there this version's?
  mlgate ci doctor                     in a job: what does this CI tell?"""


@click.group(epilog=_EPILOG)
def command() -> None:
    """Put mlgate into a CI: GitHub, GitLab, Jenkins, Azure Pipelines, Buildkite, AWS CodeBuild."""


@command.command("init", epilog=_EPILOG)
@click.argument("names", nargs=-1, metavar="[TEMPLATE]...")
@click.option("--provider", metavar="NAME", help="The CI; found by its files unless given.")
@click.option(
    "--action",
    metavar="OWNER/REPO@COMMIT",
    help="GitHub: use the action of this repository instead of lines in the workflow.",
)
@click.option("--check", is_flag=True, help="Write nothing; 1 if something is missing or differs.")
@click.option("--upgrade", is_flag=True, help="Renew what an earlier version wrote.")
def init(
    names: tuple[str, ...], provider: str | None, action: str | None, check: bool, upgrade: bool
) -> None:
    """Write the files that call mlgate in a CI. TEMPLATE is `gate` (the default), on GitHub also
    `code-scanning`, `comment`, `merge-queue`, `monitor`, `monorepo` or `promote`.

    A file that somebody has changed is never written over: remove it first to have it anew.
    """
    from mlgate.cli import _ci_templates
    from mlgate.repo import git

    root = git.find(os.getcwd(), os.environ).root
    wanted = _ci_templates.planned(root, provider, names or ("gate",), action)
    states = {one.path: _ci_templates.state(root, one) for one in wanted}
    if not check:
        _ci_templates.refuse(states, upgrade)
    for one in wanted:
        state = states[one.path]
        if not check and state != "current":
            _ci_templates.write(root, one)
            state = "wrote"
        click.echo(f"{state:<8}  {shown(one.path)}")
    if check:
        differs = any(state != "current" for state in states.values())
        click.get_current_context().exit(errors.FAILED if differs else errors.PASSED)
    click.echo(f"\nnext      {_ci_templates.then(wanted[0].provider)}")


@command.command("doctor")
def doctor() -> None:
    """Say which CI this is, which change it tells of, whether the base is here, and where the
    verdict will be seen.

    Exit codes: 0 all is well, 3 something keeps a check from its work.
    """
    from mlgate.cli import _ci_doctor
    from mlgate.cli.doctor import tell

    bad = tell(_ci_doctor.facts(os.environ), sys.stdout)
    click.get_current_context().exit(errors.ERRORED if bad else errors.PASSED)


@command.command("comment")
def comment() -> None:
    """GitHub, event workflow_run: write the verdict of the run that ended as a comment on its pull
    request, or renew the comment that is there.

    Nothing of the change is run: its artefact's report.json is read as text, the pull request is
    found by the commit that was judged. Needs GITHUB_TOKEN with actions: read and pull-requests:
    write.
    """
    from mlgate.cli import _ci_comment

    click.echo(_ci_comment.publish(os.environ))
