"""The second part of `mlgate init`: the policy, and the entry in the hooks' configuration."""

from __future__ import annotations

import os

import click

from mlgate.cli import _pre_commit
from mlgate.cli._formats import write_whole
from mlgate.cli._init_look import Look
from mlgate.core import parts
from mlgate.core.errors import UsageError
from mlgate.core.text import shown
from mlgate.policy.write import written
from mlgate.reporters._style import Style


def policy(look: Look, new_only: bool) -> str:
    """The text of mlgate.toml."""
    return written(look.found, parts.names("gates"), new_only=new_only)


def write_policy(look: Look, new_only: bool) -> None:
    """Write mlgate.toml at the root, whole or not at all."""
    write_whole(os.path.join(look.root, "mlgate.toml"), policy(look, new_only))


def hooks(look: Look, replace: bool, style: Style) -> None:
    """Add mlgate to the pre-commit configuration, and name or remove the hooks it covers."""
    try:
        content = _pre_commit.text(look.root)
        if content is None:
            click.echo(f"{style.paint('hooks', 'bold')}    none yet; mlgate install puts in two")
            return
        _entry(look, content, replace, style)
    except UsageError as error:
        click.echo(f"{style.paint('hooks', 'bold')}    {error.message}; add it by hand:\n")
        click.echo(_pre_commit.ENTRY)


def _entry(look: Look, content: str, replace: bool, style: Style) -> None:
    config = _pre_commit.parsed(content)
    after = content
    if not _pre_commit.calls(config):
        after = _pre_commit.with_entry(content)
    covered = _covered(look, config)
    if covered and replace:
        after = _pre_commit.without(after, set(covered))
    if after != content:
        write_whole(os.path.join(look.root, _pre_commit.FILE), after)
        click.echo(
            f"{style.paint('wrote', 'bold')}    {_pre_commit.FILE}: mlgate at commit and push"
        )
    if covered:
        names = ", ".join(f"{shown(hook)} (by {gate})" for hook, gate in covered.items())
        did = "removed" if replace else "covered"
        click.echo(f"{style.paint(did, 'bold')}  {names}")
        if not replace:
            click.echo("         mlgate init --replace removes these hooks from the file")


def _covered(look: Look, config: dict[str, object]) -> dict[str, str]:
    """Ids of existing hooks, with the gate that makes each superfluous."""
    by_id = {hook: one.name or kind for kind, one in look.found.items() for hook in one.covers}
    there = [str(hook.get("id")) for _, hook in _pre_commit.entries(config)]
    return {name: by_id[name] for name in there if name in by_id}
