"""Make keys that approve, and list those that may."""

from __future__ import annotations

import os
import sys

import click

from mlgate.cli import _terminal
from mlgate.cli._opened import opened
from mlgate.cli._table import table
from mlgate.core.text import shown

VARIABLE = "MLGATE_KEY_PASSWORD"
"""The environment variable that may hold a password."""


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the keys that may approve: those of [protect] signers, as this policy names them.

    The base's count, so a key binds once it is there.
    """
    if ctx.invoked_subcommand is None:
        _list()


def _list() -> None:
    from mlgate.core.errors import GateError
    from mlgate.signing import keys

    rows = []
    with opened() as session:
        for path in session.policy.protect.signers:
            try:
                found = keys.public(session.subject.read(path), path)
                rows += [(shown(path), key.fingerprint, "") for key in found]
            except GateError as error:
                rows.append((shown(path), "-", error.message))
    if not rows:
        click.echo("nobody may approve yet; make a key with: mlgate keys new FILE")
        click.echo('then name its public half in the policy: [protect] signers = ["FILE.pub"]')
        return
    style = _terminal.style(sys.stdout, os.environ)
    click.echo("\n".join(table(rows, style, ("KEY", "FINGERPRINT", ""))))


@command.command("new")
@click.argument("path", metavar="FILE", type=click.Path())
@click.option("--name", help="Whose key it is; the file's name unless given.")
@click.option("--no-password", is_flag=True, help="Store it unencrypted, for its owner alone.")
def new(path: str, name: str | None, no_password: bool) -> None:
    """Make an Ed25519 key: the secret half in FILE, the public one in FILE.pub.

    The secret half stays with its owner, outside the repository.
    """
    from mlgate.signing import keys

    label = name or os.path.basename(path)
    public = keys.make(path, label, None if no_password else _new_password())
    click.echo(f"secret  {shown(path)}  (keep it to yourself, out of the repository)")
    click.echo(f"public  {shown(path)}.pub  {public.fingerprint}")
    click.echo('next    commit the .pub file and name it: [protect] signers = ["keys/NAME.pub"]')


def _new_password() -> bytes:
    given = os.environ.get(VARIABLE)
    if given:
        return given.encode()
    typed: str = click.prompt("password", hide_input=True, confirmation_prompt=True)
    return typed.encode()


def password_of(path: str) -> bytes | None:
    """The password of the key at `path`, asked for where it has one."""
    from mlgate.signing import keys

    if not keys.is_encrypted(path):
        return None
    given = os.environ.get(VARIABLE)
    typed: str = given or click.prompt(f"password of {shown(path)}", hide_input=True)
    return typed.encode()
