"""Bring an alias back to the version that stood there before."""

from __future__ import annotations

import click

from mlgate.cli import _promotion


@click.command()
@click.argument("name", metavar="MODEL@ALIAS")
@click.argument("version", required=False)
@_promotion.key_option
@_promotion.reason_option
@_promotion.offline_option
def command(
    name: str, version: str | None, key_path: str | None, reason: str | None, offline: bool
) -> None:
    """Bring ALIAS back to VERSION, or to what stood there before. No gate is asked: only what was
    proven for this alias, and is unchanged since, can be gone back to. It is a record, too."""
    from mlgate.cli.promote import finish
    from mlgate.promotion import promote, rollback
    from mlgate.promotion.house import split

    model, alias = split(name)
    with _promotion.housed(model, offline=offline) as house:
        plan, proof = rollback.plan(house, alias, version)
        key = _promotion.signing_key(key_path)
        promote.may_append(house, key)
        link = rollback.conclude(house, plan, proof, key, reason)
        was = f", which was {plan.holder}" if plan.holder else ""
        _promotion.say(
            f"{model} {plan.version.name} is {alias} again{was}",
            f"{_promotion.evidenced(link)}; proven by record {proof.act.number}",
            *link.notes,
        )
        finish(house, plan, key)
