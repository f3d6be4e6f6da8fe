"""Checks a policy against the gates that it names: kinds, options, needs, patterns, waivers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from mlgate.core import parts
from mlgate.core.errors import PolicyError, UsageError
from mlgate.core.text import shown
from mlgate.policy.model import GATE_KEYS, OWN, GatePolicy, Policy

if TYPE_CHECKING:
    from mlgate.policy.positions import KeyPath
    from mlgate.policy.problems import Problem

Load = Callable[[str, str], Any]
"""Gives the part of a folder by its name, as `parts.load` does; raises `UsageError`."""


def validate(policy: Policy, load: Load = parts.load) -> dict[str, Struct]:
    """Each gate's options as its `Options`, by the gate's name.

    Raises `PolicyError` with every problem that reading the policy alone could not find.
    """
    options: dict[str, Struct] = {}
    found: list[Problem] = []
    for gate in policy.gates:
        try:
            options[gate.name] = options_of(gate, load)
        except UsageError as error:
            found.append(_unknown_kind(gate, error))
        except msgspec.ValidationError:
            kind = _options(gate.kind, load)
            from mlgate.policy.problems import problems

            found += problems(gate.options, kind, table(gate), GATE_KEYS)
    found += [*_kept(policy), *_needs(policy), *_patterns(policy), *_waivers(policy, load)]
    if found:
        from mlgate.policy.problems import placed

        raise PolicyError(placed(found, policy.files))
    return options


def table(gate: GatePolicy) -> KeyPath:
    """The path of the gate's table in the policy's file; a project's gate is named `churn/lint`
    and stands there as `lint`."""
    return ("gates", gate.name.rpartition("/")[2])


def options_of(gate: GatePolicy, load: Load = parts.load) -> Struct:
    """The gate's own keys as its `Options`. Raises `UsageError`, `msgspec.ValidationError`."""
    return msgspec.convert(gate.options, _options(gate.kind, load))


def _options(kind: str, load: Load) -> type[Struct]:
    """The kind's options; unknown keys are refused whether or not its author thought of it."""
    options: type[Struct] = load("gates", kind).Options
    if options.__struct_config__.forbid_unknown_fields:
        return options
    return msgspec.defstruct(
        options.__name__, [], bases=(options,), module=options.__module__,
        kw_only=True, frozen=True, forbid_unknown_fields=True,
    )  # fmt: skip


# What only a wrong policy needs is imported when there is one.


def _problem(path: KeyPath, message: str) -> Problem:
    from mlgate.policy.problems import Problem

    return Problem(path, message)


def _nearest(name: str, known: Iterable[str]) -> str:
    from mlgate.policy.problems import nearest

    return nearest(name, known)


def _unknown_kind(gate: GatePolicy, error: UsageError) -> Problem:
    name = table(gate)[1]
    path: KeyPath = ("gates", name) if gate.kind == name else ("gates", name, "kind")
    hint = (error.hint or "").replace("'", "`")
    return _problem(path, f"unknown kind `{shown(gate.kind)}` of [gates.{name}]; {hint}")


def _kept(policy: Policy) -> Iterator[Problem]:
    """The gate `policy` is there once, under its own name, so that no other takes its place."""
    for gate in policy.gates:
        if (gate.name == OWN) != (gate.kind == OWN):
            path = (*table(gate), "kind")
            yield _problem(path, f"the name and the kind `{OWN}` are kept for [gates.{OWN}] alone")


def _needs(policy: Policy) -> Iterator[Problem]:
    """Needs that do not exist, that do not block as their gate does, that go in a circle."""
    gates = {gate.name: gate for gate in policy.gates}
    for gate in policy.gates:
        for number, need in enumerate(gate.needs):
            path = (*table(gate), "needs", number)
            if need not in gates:
                text = f"`{gate.name}` needs `{shown(need)}`, which is no gate; "
                yield _problem(path, text + _nearest(need, gates.keys() - {gate.name}))
            elif gate.blocking is not False and gates[need].blocking is False:
                text = f"`{gate.name}` blocks, so it may not need `{need}`, which does not block"
                yield _problem(path, text)
    for circle in _circles(gates):
        path = (*table(gates[circle[0]]), "needs")
        yield _problem(path, f"`needs` goes in a circle: {' -> '.join(circle)}")


def _circles(gates: dict[str, GatePolicy]) -> Iterator[list[str]]:
    """One circle per group of gates that need each other, found without recursion."""
    done: set[str] = set()
    for start in gates:
        trail: list[str] = []
        ways = [iter([start])]
        while ways:
            name = next(ways[-1], None)
            if name is None:
                ways.pop()
                if trail:
                    done.add(trail.pop())
            elif name in trail:
                yield [*trail[trail.index(name) :], name]
            elif name in gates and name not in done:
                trail.append(name)
                ways.append(iter(gates[name].needs))


def _patterns(policy: Policy) -> Iterator[Problem]:
    from mlgate.policy.match import complaint

    lists: list[tuple[KeyPath, tuple[str, ...]]] = [(("exclude",), policy.exclude)]
    for gate in policy.gates:
        keys = ("files", "exclude", "when")
        lists.extend(((*table(gate), key), getattr(gate, key)) for key in keys)
    for path, patterns in lists:
        for number, pattern in enumerate(patterns):
            if text := complaint(pattern):
                yield _problem((*path, number), f"`{shown(pattern)}` is no pattern: {text}")


def _waivers(policy: Policy, load: Load) -> Iterator[Problem]:
    for number, waiver in enumerate(policy.waivers):
        kind, slash, _ = waiver.rule.partition("/")
        path = ("waivers", number, "rule")
        if not slash:
            text = f"`{shown(waiver.rule)}` is no rule; write `{shown(kind)}/` for a whole kind"
            yield _problem(path, text)
            continue
        try:
            load("gates", kind)
        except UsageError as error:
            hint = (error.hint or "").replace("'", "`")
            yield _problem(path, f"waives `{shown(waiver.rule)}`, of an unknown kind; {hint}")
