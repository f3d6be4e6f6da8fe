"""Admit, or not, what somebody moved to an alias past mlgate."""

from __future__ import annotations

import os

import click

from mlgate.cli import _promotion
from mlgate.core.text import plain


@click.command()
@click.argument("what", metavar="MODEL@ALIAS|TAG")
@_promotion.key_option
@_promotion.reason_option
@_promotion.offline_option
def command(what: str, key_path: str | None, reason: str | None, offline: bool) -> None:
    """Ask stage promote about what an alias or a tag names now: moved in a user interface, by a
    training script, by GTO. To be called before it is deployed: only exit code 0 lets it in.

    With a key it becomes a record, so that the chain knows of it from then on.
    """
    from mlgate.promotion import admit, approve, promote

    model, name = admit.named(what)
    with _promotion.housed(model, offline=offline) as house:
        plan = admit.plan(house, name)
        for note in plan.notes:
            click.echo(plain(note))
        key = None
        if plan.alias and (key_path or any(v in os.environ for v in _VARIABLES)):
            key = _promotion.signing_key(key_path)
            promote.may_append(house, key)
        approvals = approve.given(house, plan, name)
        report = _promotion.judge(house, plan)
        promote.convinced(house, report)
        if key is None:
            _promotion.say(
                f"{model} {plan.version.name} is admitted",
                ("not recorded: that takes --key FILE" if plan.alias else "at no alias yet"),
            )
            return
        link = promote.conclude(house, plan, report, approvals, key, reason)
        _promotion.say(
            f"{model} {plan.version.name} is admitted as {name}",
            _promotion.evidenced(link),
            *link.notes,
        )


_VARIABLES = (_promotion.KEY, _promotion.COMMAND)
