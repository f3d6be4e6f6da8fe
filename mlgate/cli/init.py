"""Look at the repository and write mlgate.toml, with the tools that it already uses."""

from __future__ import annotations

import os
import sys

import click

from mlgate.cli import _terminal
from mlgate.core.errors import UsageError
from mlgate.core.text import counted

_EPILOG = """\b
Examples:
  mlgate init              write the policy, add mlgate to .pre-commit-config.yaml
  mlgate init --replace    also remove the hooks that mlgate now covers
  mlgate init --dry-run    only show the policy that would be written"""


@click.command(epilog=_EPILOG)
@click.option("--force", is_flag=True, help="Overwrite the mlgate.toml that is there.")
@click.option("--replace", is_flag=True, help="Remove the pre-commit hooks that are now covered.")
@click.option("--dry-run", is_flag=True, help="Print the policy and write nothing.")
@click.option("--no-census", is_flag=True, help="Do not run the gates at the end.")
def command(force: bool, replace: bool, dry_run: bool, no_census: bool) -> None:
    """Look at the repository, write a commented policy (mlgate.toml) that adopts the tools it
    already uses, with their versions, arguments and excludes, and say what they find today.

    Where old findings exist, the policy gets `new_only = true`: they are counted, and only new ones
    block.
    """
    from mlgate.cli import _init_census, _init_look, _init_write

    style = _terminal.style(sys.stdout, os.environ)
    look = _init_look.look()
    if look.policy is not None and replace and not force:
        _init_write.hooks(look, replace, style)
        return
    _refuse(look.policy, force)
    if dry_run:
        click.echo(_init_write.policy(look, new_only=False), nl=False)
        return
    _init_look.tell(look, style)
    _init_write.write_policy(look, new_only=False)
    census = None if no_census else _init_census.take(look)
    if census is not None:
        look = look.without(census.hindered)
        if look.reduced:
            _init_write.write_policy(look, new_only=False)
            census = _init_census.take(look) or census
            look = look.without(census.hindered)
        _init_write.write_policy(look, new_only=bool(census.legacy))
    click.echo(f"{style.paint('wrote', 'bold')}    mlgate.toml: {_init_look.gates(look)}")
    files = "mlgate.toml"
    if _init_write.hooks(look, replace, style):
        files += " .pre-commit-config.yaml"
    if census is not None:
        _init_census.tell(census, style)
        if census.legacy:
            old = counted(census.legacy, "finding")
            click.echo(f"\nnew_only = true is set: only new findings block, not {old} of today")
    _init_look.tell_hindered(look, style)
    click.echo(f"\n{style.paint('next', 'bold')}     git add {files} && mlgate check")


def _refuse(policy: str | None, force: bool) -> None:
    """Raises `UsageError` where writing mlgate.toml would put a policy beside or over another."""
    if policy is None or (force and policy == "mlgate.toml"):
        return
    if force:
        raise UsageError(
            f"the policy stands in {policy}, which init does not rewrite",
            "remove its [tool.mlgate] tables first, or edit them",
        )
    raise UsageError(
        f"this repository has a policy already: {policy}",
        "mlgate check uses it; mlgate init --force overwrites it, --replace removes covered hooks",
    )
