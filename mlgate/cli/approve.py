"""Approve from outside the change: a policy's alteration, open evidence, or a model's promotion."""

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
@click.argument("what", default=OWN, metavar="[policy|GATE|MODEL]")
@click.argument("version", required=False)
@click.option("--key", "path", required=True, metavar="FILE", help="Your secret key.")
@click.option("--reason", help="Why it is approved, for the record.")
@click.option("--to", "alias", metavar="ALIAS", help="A promotion to this alias only.")
@click.option(
    "--gate", metavar="GATE", help="Of that promotion: what the evidence of GATE leaves open."
)
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
def command(
    what: str,
    version: str | None,
    path: str,
    stage: str,
    output: str | None,
    **asked: str | None,
) -> None:
    """Approve, with a key that the base names, what this change does to the policy, or what the
    evidence of GATE leaves open where its rule says `inconclusive = "approve"`; or a model's
    promotion: VERSION, or what HEAD holds, with a key of its signers. Where a gate and a model
    share a name, VERSION or --to says that the model is meant. With --to and --gate it is what the
    gate leaves open of that promotion, with a key that the base names.

    The statement that is signed names this very alteration, these very findings, or these very
    bytes of the model: any other needs an approval of its own. Without --output it is kept under
    refs/mlgate/approvals, to be pushed; a file counts where it is committed under .mlgate/approvals
    with the name that is proposed.
    """
    from mlgate.cli.keys import password_of
    from mlgate.signing import keys

    alias, reason, gate = asked["alias"], asked["reason"], asked["gate"]
    if what == OWN and (version or alias):
        raise UsageError("a policy has no versions", "mlgate approve policy --key FILE")
    if gate and not alias:
        raise UsageError(
            "what a gate leaves open depends on what the alias holds",
            f"mlgate approve {shown(what)} --to ALIAS --gate {shown(gate)} --key FILE",
        )
    key = keys.secret(path, password_of(path))
    if gate and alias:
        _approve_open(what, version, alias, gate, key, reason, output)
        return
    if version or alias or _names_a_model(what):
        _approve_model(what, version, alias, key, reason, output)
        return
    gates = () if what == OWN else (what,)
    with opened(base=asked["base"], stage=Stage(stage), gates=gates) as session:
        subject, told = _altered(session) if what == OWN else _open(session, what)
        _approve(session, subject, told, key, reason, output)


def _names_a_model(name: str) -> bool:
    with opened() as session:
        gates = {word for gate in session.policy.gates for word in (gate.name, gate.kind)}
        return name in session.policy.models and name not in gates


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


def _approve_open(
    model: str,
    version: str | None,
    alias: str,
    gate: str,
    key: SecretKey,
    reason: str | None,
    output: str | None,
) -> None:
    """What a gate leaves open of a promotion, which is judged for that as `promote` does it."""
    from contextlib import closing

    from msgspec.structs import replace

    from mlgate.cli._promotion import asked_of, housed
    from mlgate.promotion import planned
    from mlgate.runner.session import open_session

    with housed(model) as house:
        plan = planned.plan(house, alias, version, first=None, dry=True)
        request = replace(asked_of(house, plan), gates=(gate,))
    with closing(open_session(request, os.environ)) as session:
        subject, told = _open(session, gate)
        _approve(session, subject, told, key, reason, output)


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
    from mlgate.runner import approvals

    if key.public.fingerprint not in {one.fingerprint for one in approvals.signers(session)}:
        raise UsageError(
            "the base's [protect] signers do not name this key",
            f"in the CI's settings, outside the repository, set MLGATE_APPROVED to {what.digest}",
        )
    click.echo("\n".join([*told, ""]))
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

    if session.binding.problem is not None:
        raise session.binding.problem
    protection = session.binding.protect(validate(session.policy))
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
