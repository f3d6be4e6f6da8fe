"""What a gate's needs ask of the others, in a run and where a run is told from the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from mlgate.core.words import Outcome
from mlgate.judge.judge import Draft
from mlgate.policy.model import GatePolicy


def unmet(needs: Iterable[str], outcomes: Mapping[str, Outcome]) -> str | None:
    """Why a gate with these needs is skipped; None where all that were asked have passed."""
    lacking = [n for n in needs if outcomes.get(n, Outcome.PASSED) is not Outcome.PASSED]
    return f"needs {', '.join(lacking)}, which did not pass" if lacking else None


def in_turn(names: Sequence[str], gates: Mapping[str, GatePolicy]) -> Iterator[str]:
    """`names` in their order, but each behind those of them that it needs."""
    left = list(names)
    while left:
        free = (n for n in left if not set(gates[n].needs).intersection(left))
        ready = next(free, left[0])
        left.remove(ready)
        yield ready


def behind(
    names: Sequence[str], gates: Mapping[str, GatePolicy], shares: Callable[[GatePolicy], str]
) -> dict[str, tuple[str, ...]]:
    """For each gate those before it that draw on the same waivers, which `shares` gives a name
    (empty: on none): the first in the policy takes what a waiver covers, not the quickest."""
    groups: dict[str, list[str]] = {}
    earlier = {}
    for name in in_turn(names, gates):
        group = groups.setdefault(shares(gates[name]), [])
        earlier[name] = tuple(group)
        group.append(name)
    return {name: found for name, found in earlier.items() if name not in groups.get("", ())}


def still_known(
    drafts: Mapping[str, Draft],
    policies: Mapping[str, GatePolicy],
    earlier: Mapping[str, tuple[str, ...]],
) -> dict[str, Draft]:
    """Those whose needs are known, too, and what is judged `earlier`: what is asked anew may not
    pass this time, and may take what a waiver covers."""
    kept = dict(drafts)
    while stale := [
        name
        for name in kept
        if any(
            n in policies and n not in kept for n in (*policies[name].needs, *earlier.get(name, ()))
        )
    ]:
        for name in stale:
            del kept[name]
    return kept
