"""What a change does to the policy: each altered key with its value before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from mlgate.policy.toml import inline, key

UNSET = "(unset)"
_KEPT_APART = frozenset({"source", "digest", "gates", "waivers"})
_OF_ALL = frozenset({"exclude", "new_only", "environment", "tables"})
"""Keys beside [gates] that every gate depends on."""


class Alteration(Struct, frozen=True, kw_only=True):
    """One key whose value the change alters."""

    place: str
    """The file, or what it was read from."""
    key: str
    """The key's path, as TOML writes it; empty: the whole file."""
    before: str
    after: str
    gates: tuple[str, ...] = ()
    """Gates of the base that it alters, by name."""
    remark: str | None = None
    """Why it needs no approval; None: it needs one."""
    files: tuple[tuple[str, str | None], ...] = ()
    """The configuration files in which it lies: path of today, and the one at the base."""


def between(base: Mapping[str, Any], head: Mapping[str, Any], place: str) -> list[Alteration]:
    """How `head` differs from `base`, two resolved policies as plain mappings."""
    everything = tuple(base["gates"])
    found: list[Alteration] = []
    for name in sorted((base.keys() | head.keys()) - _KEPT_APART):
        gates = everything if name in _OF_ALL else ()
        found += leaves((name,), base.get(name), head.get(name), place, gates)
    return [*_gates(base["gates"], head["gates"], place), *found, *_waivers(base, head, place)]


def _gates(base: Mapping[str, Any], head: Mapping[str, Any], place: str) -> Iterator[Alteration]:
    for name in dict.fromkeys([*base, *head]):
        path = ("gates", name)
        if name not in base:
            yield Alteration(
                place=place,
                key=dotted(path),
                before=UNSET,
                after=inline(head[name]),
                remark="a gate was added",
            )
        elif name not in head:
            yield Alteration(
                place=place,
                key=dotted(path),
                before=inline(base[name]),
                after="(removed)",
                gates=(name,),
            )
        else:
            yield from leaves(path, base[name], head[name], place, (name,))


def _waivers(base: Mapping[str, Any], head: Mapping[str, Any], place: str) -> Iterator[Alteration]:
    old, new = base["waivers"], head["waivers"]
    for waiver in [one for one in old if one not in new]:
        yield Alteration(
            place=place,
            key="waivers",
            before=inline(waiver),
            after="(removed)",
            remark="a waiver was removed or altered",
        )
    for waiver in [one for one in new if one not in old]:
        yield Alteration(
            place=place,
            key="waivers",
            before=UNSET,
            after=inline(waiver),
            remark="a new waiver binds once it is on the base",
        )


def leaves(
    path: tuple[str, ...], before: Any, after: Any, place: str, gates: tuple[str, ...] = ()
) -> Iterator[Alteration]:
    """One alteration for each key below `path` whose value differs; None is unset."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            yield from leaves((*path, str(name)), before.get(name), after.get(name), place, gates)
        return
    yield Alteration(
        place=place, key=dotted(path), before=_text(before), after=_text(after), gates=gates
    )


def dotted(path: Iterable[str]) -> str:
    """A key's path as TOML writes it."""
    return ".".join(map(key, path))


def _text(value: Any) -> str:
    return UNSET if value is None else inline(value)
