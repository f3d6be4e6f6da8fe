"""Admits, or not, what somebody moved to an alias past mlgate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.core.errors import UsageError
from mlgate.core.text import shown
from mlgate.promotion import chain as chains
from mlgate.promotion import planned, record
from mlgate.promotion.errors import Broken
from mlgate.registries._registry import checked

if TYPE_CHECKING:
    from mlgate.promotion.house import House


def named(what: str) -> tuple[str, str]:
    """Model and alias (or version) of `MODEL@ALIAS`, or of a tag as GTO writes it.

    `churn#production#3` is an assignment, `churn@v1.0.0` a registration.
    """
    name = what.removeprefix("refs/tags/")
    model, mark, rest = name.partition("@" if "@" in name else "#")
    rest = rest.partition("#")[0]
    if not mark or not rest:
        raise UsageError(
            f"{shown(what)} names no alias and no tag", f"write {shown(model)}@production"
        )
    return checked(model), rest


def plan(house: House, what: str) -> planned.Plan:
    """What is judged: what `what` names now, beside what the chain last proved there."""
    held, chain = house.read()
    notes: tuple[str, ...] = ()
    try:
        chains.trust(chain, house.signers)
    except Broken as problem:
        notes = (problem.message,)
    shows = held.aliases.get(what)
    version = held.version(shows or what)
    if version is None:
        raise UsageError(
            f"{house.registry.label} has no alias or version {shown(what)} of {house.model}",
            f"see what is there: mlgate history {house.model}",
        )
    version = planned.with_commit(house, version)
    moves = chain.moves(what)
    return planned.Plan(
        alias=what if shows else "",
        version=version,
        commit=str(version.commit),
        new=False,
        holder=moves[-1].act.version if moves else None,
        holder_commit=moves[-1].act.commit if moves else None,
        held=held,
        chain=chain,
        bytes=planned.proven_bytes(house, version),
        action=record.ADMIT,
        notes=notes,
    )
