"""Approve what a change does to the policy, from outside the change."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from mlgate.cli import _terminal
from mlgate.cli._opened import opened
from mlgate.core.errors import UsageError
from mlgate.core.text import plain, shown

if TYPE_CHECKING:
    from mlgate.policy.alterations import Alteration
    from mlgate.runner.session import Session
    from mlgate.signing.keys import SecretKey


@click.command()
@click.argument("gate", default="policy")
@click.option("--key", "path", required=True, metavar="FILE", help="Your secret key.")
@click.option("--reason", help="Why it is approved, for the record.")
@click.option("--base", metavar="REF", help="Compare with this commit, branch or tag.")
@click.option(
    "--output", metavar="FILE", help="Write the approval there, not to refs/mlgate/approvals."
)
def command(gate: str, path: str, reason: str | None, base: str | None, output: str | None) -> None:
    """Approve what this change does to the policy, with a key that the base names.

    The statement that is signed names this very alteration: any other needs an approval of its own.
    Without --output it is kept under refs/mlgate/approvals, to be pushed; a file counts where it is
    committed under .mlgate/approvals with the name that is proposed.
    """
    from mlgate.cli.keys import password_of
    from mlgate.signing import keys

    if gate != "policy":
        raise UsageError(f"{gate} takes no approval", "mlgate approve policy --key FILE")
    key = keys.secret(path, password_of(path))
    with opened(base=base) as session:
        _approve(session, key, reason, output)


def _approve(session: Session, key: SecretKey, reason: str | None, output: str | None) -> None:
    from mlgate.repo import shelf
    from mlgate.runner import approvals
    from mlgate.signing.approvals import signed

    alterations = _alterations(session)
    what = approvals.approvable(session)
    if what is None:
        raise UsageError("this change leaves the policy as it is: there is nothing to approve")
    if key.public.fingerprint not in {one.fingerprint for one in approvals.signers(session)}:
        raise UsageError(
            "the base's [protect] signers do not name this key",
            f"in the CI's settings, outside the repository, set MLGATE_APPROVED={what.digest}",
        )
    click.echo("\n".join(_told(alterations)))
    envelope = signed(what, key, session.now, reason)
    name = approvals.file_name(what, key.public.fingerprint)
    if output is not None:
        _write(output, envelope)
        click.echo(f"approved in {shown(output)}; it counts as {approvals.FOLDER}{name}")
        return
    shelf.put(session.repo, approvals.REF, name, envelope)
    click.echo(f"approved; publish it with: git push origin {approvals.REF}")


def _alterations(session: Session) -> tuple[Alteration, ...]:
    from mlgate.policy.check import validate

    if session.policy_base_problem is not None:
        raise session.policy_base_problem
    protection = session.protect(validate(session.policy))
    return protection.alterations if protection else ()


def _told(alterations: Iterable[Alteration]) -> list[str]:
    style = _terminal.style(sys.stdout, os.environ)
    lines = []
    for one in alterations:
        lines.append(style.paint(plain(f"{one.place}  {one.key}"), "bold"))
        lines += [f"  - {plain(one.before)}", f"  + {plain(one.after)}"]
    return [*lines, ""]


def _write(path: str, content: bytes) -> None:
    try:
        with open(path, "xb") as file:
            file.write(content + b"\n")
    except OSError as error:
        raise UsageError(f"{shown(path)} cannot be written: {error.strerror}") from None
