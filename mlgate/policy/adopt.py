"""The policy of a repository that has none: the tools that it already uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from mlgate.core import parts
from mlgate.core.errors import GateError
from mlgate.core.gate import Context, Detected
from mlgate.policy.check import Load, options_of
from mlgate.policy.load import digest, gate
from mlgate.policy.model import Policy


def adopt(
    ctx_for: Callable[[str], Context],
    kinds: Iterable[str],
    load: Load = parts.load,
) -> Policy:
    """A policy of what `detected` finds; a gate is named by its kind where it has no own name."""
    seen, notes = detected(ctx_for, kinds, load)
    found = {kind: one for kind, one in seen.items() if one.active}
    tables = {
        one.name or kind: {"kind": kind, "blocking": one.blocking, **one.options}
        for kind, one in found.items()
    }
    evidence = {one.name or kind: one.evidence for kind, one in found.items()}
    return Policy(
        source=None,
        digest=digest({"gates": tables}),
        gates=tuple(
            gate(name, table, named=False, evidence=evidence[name])
            for name, table in tables.items()
        ),
        notes=notes,
    )


def detected(
    ctx_for: Callable[[str], Context],
    kinds: Iterable[str],
    load: Load = parts.load,
) -> tuple[dict[str, Detected], tuple[str, ...]]:
    """What each kind's optional `detect` finds, by kind, and notes on what could not be read."""
    found: dict[str, Detected] = {}
    notes = []
    for kind in kinds:
        detect = getattr(load("gates", kind), "detect", None)
        if detect is None:
            continue
        try:
            one: Detected | None = detect(ctx_for(kind))
            if one is not None:
                if one.active:
                    options_of(gate(one.name or kind, {"kind": kind, **one.options}), load)
                found[kind] = one
        except (GateError, msgspec.ValidationError) as error:
            notes.append(f"{kind} was not adopted: {error}")
    return found, tuple(notes)
