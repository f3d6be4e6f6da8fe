"""Approve a change of the policy, or the promotion of a model."""

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
    from mlgate.signing.approvals import Approvable
    from mlgate.signing.keys import SecretKey


@click.command()
@click.argument("what", default="policy", metavar="[policy|MODEL]")
@click.argument("version", required=False)
@click.option("--key", "path", required=True, metavar="FILE", help="Your secret key.")
@click.option("--reason", help="Why it is approved, for the record.")
@click.option("--to", "alias", metavar="ALIAS", help="A promotion to this alias only.")
@click.option("--base", metavar="REF", help="Compare with this commit, branch or tag.")
@click.option(
    "--output", metavar="FILE", help="Write the approval there, not to refs/mlgate/approvals."
)
def command(
    what: str,
    version: str | None,
    path: str,
    reason: str | None,
    alias: str | None,
    base: str | None,
    output: str | None,
) -> None:
    """Approve what this change does to the policy, with a key that the base names; or, by its name,
    a model's promotion: VERSION, or what HEAD holds, with a key of its signers.

    The statement that is signed names this very alteration, or these very bytes of the model: any
    other needs an approval of its own. Without --output it is kept under refs/mlgate/approvals, to
    be pushed; a file counts where it is committed under .mlgate/approvals with the name that is
    proposed.
    """
    from mlgate.cli.keys import password_of
    from mlgate.signing import keys

    if what == "policy" and (version or alias):
        raise UsageError("a policy has no versions", "mlgate approve policy --key FILE")
    key = keys.secret(path, password_of(path))
    if what != "policy":
        _approve_model(what, version, alias, key, reason, output)
        return
    with opened(base=base) as session:
        _approve(session, key, reason, output)


def _approve_model(
    model: str,
    version: str | None,
    alias: str | None,
    key: SecretKey,
    reason: str | None,
    output: str | None,
) -> None:
    from mlgate.cli._promotion import housed
    from mlgate.promotion import approve, promote

    with housed(model) as house:
        promote.may_sign(house, key)
        commit, digests = approve.subject(house, version)
        what = approve.approvable(house, commit, digests, alias)
        name = f"{model} {version}" if version else model
        click.echo(f"{name}, commit {commit[:12]}" + (f", for {alias} only" if alias else ""))
        for file, digest in sorted(digests.items()):
            click.echo(f"  {shown(file)}  sha256 {digest}")
        _keep(house.session, what, key, reason, output)


def _approve(session: Session, key: SecretKey, reason: str | None, output: str | None) -> None:
    from mlgate.runner import approvals

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
    _keep(session, what, key, reason, output)


def _keep(
    session: Session, what: Approvable, key: SecretKey, reason: str | None, output: str | None
) -> None:
    """Sign, and put it where it counts."""
    from mlgate.repo import shelf
    from mlgate.runner import approvals
    from mlgate.signing.approvals import signed

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
