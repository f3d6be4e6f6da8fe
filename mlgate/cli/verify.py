"""Verify that what stands at an alias is what was proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlgate.cli import _promotion
from mlgate.cli._opened import opened
from mlgate.core.text import counted, shown
from mlgate.core.words import Stage

if TYPE_CHECKING:
    from mlgate.promotion.house import House
    from mlgate.promotion.verify import Proven


@click.command()
@click.argument("what", metavar="MODEL@ALIAS|FILE")
@_promotion.offline_option
def command(what: str, offline: bool) -> None:
    """Verify the chain, its signatures, the alias, the version and the model's bytes; or that FILE
    (a model, or a record) is what stands somewhere, proven.

    Only keys that the default branch names as signers count, never one that a record brings along.
    """
    from mlgate.promotion import verify
    from mlgate.promotion.house import House, split

    if "@" in what:
        model, alias = split(what)
        with _promotion.housed(model, offline=offline) as house:
            _tell(house, verify.alias(house, alias))
        return
    with opened(stage=Stage.PROMOTE, version="HEAD", offline=offline) as session:
        houses = [House(session, model) for model in session.policy.models]
        found = [(house, one) for house in houses for one in verify.file(house, what)]
        for house, proven in found:
            _tell(house, proven)
    if not found:
        from mlgate.promotion.errors import Refused

        names = ", ".join(house.model for house in houses)
        raise Refused(
            f"{shown(what)} is not what stands at any alias of {names or 'a model: there is none'}",
            f"mlgate history {houses[0].model if houses else 'MODEL'} --format json shows the "
            "digests that were proven",
        )


def _tell(house: House, proven: Proven) -> None:
    act, proof = proven.standing.act, proven.proof
    rolled = f", gone back to by record {act.number}" if proof != proven.standing else ""
    _promotion.say(
        f"{house.model}@{proven.alias} is {act.version}, as it was proven",
        f"{_promotion.evidenced(proof)}{rolled}",
        f"{_promotion.grounds(proof)}; commit {proof.act.commit[:12]}, "
        f"{counted(len(proof.statement.files), 'file')} unchanged",
        *proven.notes,
        f"asked: {house.registry.label}",
    )
