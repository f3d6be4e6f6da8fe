"""Brings an alias to what the chain says, and tells an interruption from a foreign hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.core.text import plain
from mlgate.promotion import chain as chains
from mlgate.promotion.errors import Foreign, Refused
from mlgate.registries._registry import Held, Move

if TYPE_CHECKING:
    from mlgate.promotion.chain import Chain
    from mlgate.promotion.house import House


def repaired(
    house: House, held: Held, chain: Chain, alias: str, *, dry: bool = False
) -> tuple[Held, tuple[str, ...]]:
    """`held` with `alias` where the chain has it, and what was mended. Raises `Foreign`.

    Where record and alias are written at once no run can be interrupted between them.
    """
    proven, shows = chain.aliases.get(alias), held.aliases.get(alias)
    if proven == shows:
        return held, ()
    moves = chain.moves(alias)
    behind = bool(moves) and shows in (None, moves[-1].act.holder)
    if proven is None or not behind or house.registry.atomic:
        raise foreign(house, held, chain, alias)
    told = (
        f"{house.model}@{alias} showed {plain(shows or 'nothing')} although record "
        f"{moves[-1].act.number} had moved it to {proven}: an earlier run was interrupted, or "
        "somebody moved it back"
    )
    if dry:
        return held, (f"{told}; the next promotion mends it",)
    house.registry.point(house.model, Move(alias, proven))
    return house.registry.read(house.model), (f"{told}; mended",)


def settled(house: House, move: Move, held: Held | None) -> tuple[str, ...]:
    """After a move: whoever wrote the alias last, it ends where the chain ends. `held` is what was
    seen after it, if that was looked at. Gives what was found there that nobody had proven."""
    told: dict[str, None] = {}
    for _ in range(0 if house.registry.atomic else _ATTEMPTS):
        held = held or house.registry.read(house.model)
        chain = chains.read(house.model, held.records)
        proven, shows = chain.aliases.get(move.alias), held.aliases.get(move.alias)
        if proven is None or shows == proven:
            break
        if shows not in (move.version, chain.moves(move.alias)[-1].act.holder):
            told[_overtaken(house, move.alias, shows, proven)] = None
        house.registry.point(house.model, Move(move.alias, proven))
        held = None
    return tuple(told)


def _overtaken(house: House, alias: str, shows: str | None, proven: str) -> str:
    return (
        f"{house.model}@{alias} named {plain(shows or 'nothing')} before the record was settled: "
        f"somebody moved it past mlgate ({house.registry.label}); it names {proven} again"
    )


_ATTEMPTS = 10


def foreign(house: House, held: Held, chain: Chain, alias: str) -> Foreign:
    """What is said of an alias that stands elsewhere than the chain says.

    Raises `Refused` where the version's name was given to another commit: then that is why.
    """
    proven, shows = chain.aliases.get(alias), held.aliases.get(alias)
    name = f"{house.model}@{alias}"
    there = plain(shows) if shows else "nothing"
    if proven is None:
        return Foreign(
            f"{name} names {there}, and no record says who moved it there, or why",
            f"to judge what stands there: mlgate admit {name} --key FILE",
        )
    unmoved(house, held, chain.moves(alias)[-1])
    return Foreign(
        f"{name} names {there}, but the chain's last word is {proven}: somebody moved it past "
        f"mlgate ({house.registry.label})",
        f"to judge what stands there: mlgate admit {name} --key FILE; to put {proven} back: "
        f"mlgate rollback {name} {proven} --key FILE",
    )


def unmoved(house: House, held: Held, standing: chains.Link) -> None:
    """The version's name still means the commit that it meant. Raises `Refused`."""
    act = standing.act
    version = held.version(act.version)
    if version is None:
        raise Refused(
            f"{house.registry.label} has no version {act.version} of {act.model} any more",
            "bring it back: the record names its commit, " + act.commit,
        )
    if version.commit and house.snapshot(version.commit).commit != act.commit:
        raise Refused(
            f"rewritten tag: {act.model} {act.version} is now commit {version.commit[:12]}, and "
            f"record {act.number} proved {act.commit[:12]}",
            f"put the version back to commit {act.commit}, or promote what it is now under a name "
            "of its own",
        )
