"""Make keys that approve, and list those that may."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from mlgate.cli import _terminal
from mlgate.cli._opened import opened
from mlgate.cli._table import table
from mlgate.core.text import shown

if TYPE_CHECKING:
    from mlgate.policy.model import Policy

VARIABLE = "MLGATE_KEY_PASSWORD"
"""The environment variable that may hold a password."""


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the keys that may approve or sign: those of [protect] signers and of each model's, as
    this policy names them.

    The base's count, so a key binds once it is there.
    """
    if ctx.invoked_subcommand is None:
        _list()


def _list() -> None:
    from mlgate.core.errors import GateError
    from mlgate.signing import keys

    rows = []
    with opened() as session:
        for path, duties in _duties(session.policy).items():
            may = ", ".join(duties)
            try:
                found = keys.public(session.subject.read(path), path)
                rows += [(shown(path), key.fingerprint, may) for key in found]
            except GateError as error:
                rows.append((shown(path), "-", f"{may}: {error.message}"))
    if not rows:
        click.echo("nobody may approve yet; make a key with: mlgate keys new FILE")
        click.echo('then name its public half in the policy: [protect] signers = ["FILE.pub"],')
        click.echo('or, of a model that it promotes: [models.NAME] signers = ["FILE.pub"]')
        return
    style = _terminal.style(sys.stdout, os.environ)
    click.echo("\n".join(table(rows, style, ("KEY", "FINGERPRINT", "SIGNS FOR"))))


def _duties(policy: Policy) -> dict[str, list[str]]:
    """The paths of public keys, and what each may sign."""
    found: dict[str, list[str]] = {}
    for path in policy.protect.signers:
        found.setdefault(path, []).append("the policy")
    for name, model in sorted(policy.models.items()):
        for path in model.signers or policy.protect.signers:
            found.setdefault(path, []).append(name)
    return found


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
    click.echo("next    commit the .pub file, and name it in signers of [protect], who approve,")
    click.echo("        or of [models.NAME], who promote: mlgate keys lists them")


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
