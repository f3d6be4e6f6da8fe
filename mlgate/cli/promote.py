"""Promote a version of a model: judge it, prove it, move the alias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlgate.cli import _promotion
from mlgate.core.errors import FAILED
from mlgate.core.text import counted, plain
from mlgate.core.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlgate.promotion.house import House
    from mlgate.promotion.planned import Plan
    from mlgate.signing.keys import SecretKey

_EPILOG = """\b
Examples:
  mlgate promote churn --to production --first   the first one there
  mlgate promote churn v1.4.0 --to production    a version that is registered
  mlgate promote churn --to staging --dry-run    judge it, move nothing

Exit codes: 0 promoted, 1 refused, 2 wrong usage or policy, 3 a gate or the
registry could not answer."""


@click.command(epilog=_EPILOG)
@click.argument("model")
@click.argument("version", required=False)
@click.option("--to", "alias", required=True, metavar="ALIAS", help="The alias that is to name it.")
@click.option("--first", is_flag=True, help="The alias holds nothing yet to compare with.")
@click.option("--dry-run", "dry", is_flag=True, help="Judge, but sign, append and move nothing.")
@_promotion.key_option
@_promotion.reason_option
@_promotion.offline_option
def command(
    model: str,
    version: str | None,
    alias: str,
    first: bool,
    dry: bool,
    key_path: str | None,
    reason: str | None,
    offline: bool,
) -> None:
    """Promote VERSION of MODEL: gates of stage promote are asked about that very version, beside
    what the alias holds now; then the evidence is signed and appended, and the alias moves.

    Without VERSION, the model as HEAD has it is registered as a new version. Policy and signers are
    those of the default branch's tip.
    """
    from mlgate.promotion import approve, planned, promote

    with _promotion.housed(model, offline=offline) as house:
        plan = planned.plan(house, alias, version, first=first, dry=dry)
        for note in plan.notes:
            click.echo(plain(note))
        if plan.done:
            _again(house, plan, key_path, dry)
            return
        if dry:
            _rehearse(house, plan)
            return
        key = _promotion.signing_key(key_path)
        promote.may_append(house, key)
        approvals = approve.given(house, plan, alias)
        report = _promotion.judge(house, plan)
        link = promote.conclude(house, plan, report, approvals, key, reason)
        _promotion.say(
            f"{model} {plan.version.name} is {alias}" + _instead(plan),
            _promotion.evidenced(link),
            *link.notes,
        )
        finish(house, plan, key)


def _again(house: House, plan: Plan, key_path: str | None, dry: bool) -> None:
    """The alias is there already; whatever was to follow may not be."""
    from mlgate.promotion import deploy, promote

    owed = deploy.owed(house, plan.chain, plan.alias)
    left = f"{counted(len(owed), 'command')} of on_promote left to run" if owed else "nothing to do"
    _promotion.say(f"{house.model}@{plan.alias} holds {plan.version.name} already: {left}")
    if owed and not dry:
        key = _promotion.signing_key(key_path)
        promote.may_append(house, key)
        _deploy(house, plan, key, owed)


def _instead(plan: Plan) -> str:
    return f", which was {plan.holder}" if plan.holder else ""


def _rehearse(house: House, plan: Plan) -> None:
    from mlgate.promotion import approve, promote
    from mlgate.promotion.errors import Refused

    promote.convinced(house, _promotion.judge(house, plan))
    _promotion.say(
        f"{house.model} {plan.version.name} would be {plan.alias}" + _instead(plan),
        f"commit {plan.commit[:12]}, {house.registry.label}; nothing was written",
    )
    try:
        approve.given(house, plan, plan.alias)
    except Refused as problem:
        click.echo(f"  {plain(problem.message)}")


def finish(house: House, plan: Plan, key: SecretKey) -> None:
    """Whatever comes after the move: what is not kept is told, commands are run."""
    loose = house.unkept()
    if loose:
        click.echo(f"  {plain(loose)} holds the evidence, and git neither holds nor ignores it:")
        click.echo(f"  git add {plain(loose)}, or name it in .gitignore and keep a copy")
    _deploy(house, plan, key, house.terms.on_promote)


def _deploy(house: House, plan: Plan, key: SecretKey, commands: Sequence[tuple[str, ...]]) -> None:
    from mlgate.promotion import deploy

    for ran, said in deploy.run(house, plan, key, commands):
        good = ran.exit_code == 0
        _promotion.say(
            f"{' '.join(ran.argv)} (exit code {ran.exit_code})",
            *said.splitlines()[-20:],
            outcome=Outcome.PASSED if good else Outcome.FAILED,
        )
        if not good:
            again = f"mlgate promote {house.model} {plan.version.name} --to {plan.alias}"
            click.echo(f"the alias moved; to run the rest of on_promote: {again}")
            click.echo(f"or to go back: mlgate rollback {house.model}@{plan.alias}")
            click.get_current_context().exit(FAILED)
