"""Put in native git hooks, for those who do not use pre-commit."""

from __future__ import annotations

import os

import click

from mlgate.cli import _hooks
from mlgate.core.errors import UsageError
from mlgate.core.text import shown
from mlgate.repo import git


@click.command()
@click.option("--uninstall", is_flag=True, help="Take them out; earlier hooks come back.")
@click.option(
    "--shared",
    is_flag=True,
    help="Also where core.hooksPath gives the hooks to all your repositories.",
)
def command(uninstall: bool, shared: bool) -> None:
    """Put in native git hooks: pre-commit judges the index, pre-push what is pushed.

    A hook that is there already is kept beside ours and called first. core.hooksPath and worktrees
    are honoured. Calling it again changes nothing, or renews the interpreter that the hooks use.

    With pre-commit or prek, add mlgate to .pre-commit-config.yaml instead (mlgate init does).
    """
    repo = git.find(os.getcwd(), os.environ)
    where = _hooks.place(repo)
    if where.shared_by and not shared:
        raise UsageError(
            f"core.hooksPath is set in the {where.shared_by} configuration: hooks in "
            f"{shown(where.folder)} run in all your repositories",
            f"mlgate install --shared for all of them, or for this repository alone: "
            f"git config core.hooksPath {shown(repo.common_dir)}/hooks && mlgate install",
        )
    act = _hooks.take_out if uninstall else _hooks.put_in
    for name in _hooks.NAMES:
        click.echo(f"{name:<10}  {act(where, name)}")
    click.echo(f"in          {shown(where.folder)}")
    if not uninstall:
        _remark(repo.root, where)


def _remark(root: str, where: _hooks.Place) -> None:
    if where.tracked:
        click.echo(
            "note        this folder belongs to the repository, and the hooks name an interpreter "
            "of this machine: do not commit them"
        )
    if calls_mlgate(root):
        click.echo(
            "note        .pre-commit-config.yaml calls mlgate too: every commit is now judged twice"
            ". Keep one of them: mlgate install --uninstall, or remove mlgate's hooks there"
        )


def calls_mlgate(root: str) -> bool:
    """True if the repository's pre-commit configuration speaks of mlgate."""
    try:
        with open(os.path.join(root, ".pre-commit-config.yaml"), encoding="utf-8") as file:
            return any("mlgate" in line.partition("#")[0] for line in file)
    except (OSError, UnicodeDecodeError):
        return False
