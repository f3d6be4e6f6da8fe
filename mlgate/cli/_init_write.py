"""The second part of `mlgate init`: the policy, and the entry in the hooks' configuration."""

from __future__ import annotations

import os
from typing import Any

import click
from msgspec.structs import replace

from mlgate.cli import _pre_commit
from mlgate.cli._formats import write_whole
from mlgate.cli._init_look import Look
from mlgate.core import parts
from mlgate.core.errors import UsageError
from mlgate.core.gate import Detected
from mlgate.core.text import shown
from mlgate.policy import toml
from mlgate.policy.write import written
from mlgate.reporters._style import Style


def policy(look: Look, new_only: bool) -> str:
    """The text of mlgate.toml."""
    found = {
        kind: _waiting(kind, one, look.hindered[kind].elsewhere) if kind in look.hindered else one
        for kind, one in look.found.items()
    }
    return written(found, parts.names("gates"), new_only=new_only)


def _waiting(kind: str, one: Detected, reason: str) -> Detected:
    """A gate that is commented out, with all that it would say, since it cannot run here yet."""
    table: dict[str, Any] = {} if one.name in (None, kind) else {"kind": kind}
    if not one.blocking:
        table["blocking"] = False
    ready = {key: value for key, value in one.options.items() if key not in one.pending}
    lines = list(toml.table(("gates", one.name or kind), table | ready))[1:]
    pending = [f"# {line}" for key in one.pending for line in toml.pair(key, one.options[key])]
    return replace(
        one,
        active=False,
        evidence=f"{one.evidence}. Off until it can run: {reason}",
        comments=(*lines, *pending, *one.comments),
    )


def write_policy(look: Look, new_only: bool) -> None:
    """Write mlgate.toml at the root, whole or not at all."""
    write_whole(os.path.join(look.root, "mlgate.toml"), policy(look, new_only))


def hooks(look: Look, replace: bool, style: Style) -> bool:
    """Add mlgate to the pre-commit configuration, and name or remove the hooks it covers; whether
    that changed the file."""
    try:
        content = _pre_commit.text(look.root)
        if content is None:
            click.echo(f"{style.paint('hooks', 'bold')}    none yet; mlgate install puts in two")
            return False
        return _entry(look, content, replace, style)
    except UsageError as error:
        click.echo(f"{style.paint('hooks', 'bold')}    {error.message}; add it by hand:\n")
        click.echo(_pre_commit.ENTRY)
        return False


def _entry(look: Look, content: str, replace: bool, style: Style) -> bool:
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
        click.echo("         pre-commit install -t pre-commit -t pre-push puts both in")
    if covered:
        names = ", ".join(f"{shown(hook)} (by {gate})" for hook, gate in covered.items())
        did = "removed" if replace else "covered"
        first, *more = style.wrapped(names, 9)
        click.echo(f"{style.paint(did, 'bold')}  {first}")
        for line in more:
            click.echo(f"         {line}")
        if not replace:
            click.echo("         mlgate init --replace removes these hooks from the file")
    return after != content


def _covered(look: Look, config: dict[str, object]) -> dict[str, str]:
    """Ids of existing hooks, with the gate that makes each superfluous."""
    by_id = {
        hook: one.name or kind
        for kind, one in look.found.items()
        if look.covers(kind)
        for hook in one.covers
    }
    there = [str(hook.get("id")) for _, hook in _pre_commit.entries(config)]
    return {name: by_id[name] for name in there if name in by_id}
