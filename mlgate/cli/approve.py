"""Approve from outside the change what it does to the policy, or what a gate leaves open."""

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
from mlgate.core.words import Stage
from mlgate.policy.model import OWN

if TYPE_CHECKING:
    from mlgate.policy.alterations import Alteration
    from mlgate.runner.session import Session
    from mlgate.signing.approvals import Approvable
    from mlgate.signing.keys import SecretKey

_CHECK = "mlgate check says what is"


@click.command()
@click.argument("gate", default=OWN)
@click.option("--key", "path", required=True, metavar="FILE", help="Your secret key.")
@click.option("--reason", help="Why it is approved, for the record.")
@click.option("--base", metavar="REF", help="Compare with this commit, branch or tag.")
@click.option(
    "--stage",
    type=click.Choice([Stage.MERGE.value, Stage.PROMOTE.value]),
    default=Stage.MERGE.value,
    show_default=True,
    help="The moment for which it is approved.",
)
@click.option(
    "--output", metavar="FILE", help="Write the approval there, not to refs/mlgate/approvals."
)
def command(gate: str, path: str, stage: str, output: str | None, **asked: str | None) -> None:
    """Approve what this change does to the policy, or what the evidence of GATE leaves open where
    its rule says `inconclusive = "approve"`, with a key that the base names.

    The statement that is signed names this very alteration, or these very findings: any other needs
    an approval of its own. Without --output it is kept under refs/mlgate/approvals, to be pushed; a
    file counts where it is committed under .mlgate/approvals with the name that is proposed.
    """
    from mlgate.cli.keys import password_of
    from mlgate.signing import keys

    key = keys.secret(path, password_of(path))
    gates = () if gate == OWN else (gate,)
    with opened(base=asked["base"], stage=Stage(stage), gates=gates) as session:
        what, told = _altered(session) if gate == OWN else _open(session, gate)
        _approve(session, what, told, key, asked["reason"], output)


def _altered(session: Session) -> tuple[Approvable, list[str]]:
    """The change of the policy, and what to say of it."""
    from mlgate.runner import approvals

    alterations = _alterations(session)
    what = approvals.approvable(session)
    if what is None:
        raise UsageError("this change leaves the policy as it is: there is nothing to approve")
    return what, _told(alterations)


def _open(session: Session, gate: str) -> tuple[Approvable, list[str]]:
    """What the gate's evidence leaves open, and what to say of it; the gate is asked for that."""
    from mlgate.runner.run import judged
    from mlgate.runner.undecided import waits

    report = judged(session)
    verdict = next(v for v in report.verdicts if v.gate == gate or v.kind == gate)
    what = session.open.get(verdict.gate)
    if what is None:
        raise UsageError(
            f"{verdict.gate} {verdict.outcome.value}: nothing of it waits for an approval",
            verdict.reason or f'only a rule with inconclusive = "approve" does: {_CHECK}',
        )
    open_ones = [f.message for f in verdict.findings if waits(f)]
    return what, [f"{verdict.gate}: {plain(message)}" for message in open_ones]


def _approve(
    session: Session,
    what: Approvable,
    told: list[str],
    key: SecretKey,
    reason: str | None,
    output: str | None,
) -> None:
    from mlgate.repo import shelf
    from mlgate.runner import approvals
    from mlgate.signing.approvals import signed

    if key.public.fingerprint not in {one.fingerprint for one in approvals.signers(session)}:
        raise UsageError(
            "the base's [protect] signers do not name this key",
            f"in the CI's settings, outside the repository, set MLGATE_APPROVED={what.digest}",
        )
    click.echo("\n".join([*told, ""]))
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
    return lines


def _write(path: str, content: bytes) -> None:
    try:
        with open(path, "xb") as file:
            file.write(content + b"\n")
    except OSError as error:
        raise UsageError(f"{shown(path)} cannot be written: {error.strerror}") from None
