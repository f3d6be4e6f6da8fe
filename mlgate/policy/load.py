"""From a policy file to a resolved policy; every problem of it is reported at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from mlgate.core.digests import digest_of
from mlgate.core.duration import seconds
from mlgate.core.errors import PolicyError
from mlgate.core.patterns import later
from mlgate.policy.extend import chain, merged
from mlgate.policy.keys import GateKeys, PolicyKeys
from mlgate.policy.model import GATE_KEYS, GatePolicy, Policy, PolicyFile
from mlgate.policy.read import Read, find

_GATE_NAME = later(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def load(read: Read, *, directory: str = "") -> Policy | None:
    """The policy of `directory`, None where it has none.

    `read` gives the bytes of a path relative to the repository's root, None where there is no such
    file. Raises `PolicyError` with all problems. The keys of each gate's kind are not looked at
    here: see `policy.check`.
    """
    file = find(read, directory)
    if file is None:
        return None
    folder = f"{directory}/" if directory else ""
    files = chain(file, folder + ("pyproject.toml" if file.prefix else "mlgate.toml"), read)
    check_types(files)
    tables, notes = merged(files)
    return resolved(tables, files, notes)


def resolved(
    tables: dict[str, Any], files: tuple[PolicyFile, ...], notes: tuple[str, ...] = ()
) -> Policy:
    """The policy that `tables` say, which `files` were merged to."""
    keys = msgspec.convert(tables, PolicyKeys)
    return Policy(
        source=files[-1].label,
        digest=digest(tables, files),
        gates=tuple(gate(name, table) for name, table in keys.gates.items()),
        exclude=keys.exclude,
        new_only=keys.new_only,
        base=keys.base,
        projects=keys.projects,
        environment=keys.environment,
        protect=keys.protect,
        waivers=keys.waivers,
        models=keys.models,
        tables=keys.tables,
        notes=notes,
        files=files,
    )


def gate(
    name: str, table: dict[str, Any], *, named: bool = True, evidence: str | None = None
) -> GatePolicy:
    """The gate that `table` asks for: the keys of every gate apart from those of its kind."""
    keys = msgspec.convert({k: v for k, v in table.items() if k in GATE_KEYS}, GateKeys)
    return GatePolicy(
        name=name,
        kind=keys.kind or name,
        options={key: value for key, value in table.items() if key not in GATE_KEYS},
        stages=keys.stages,
        blocking=keys.blocking,
        level=keys.level,
        files=keys.files,
        exclude=keys.exclude,
        needs=keys.needs,
        timeout=None if keys.timeout is None else seconds(keys.timeout),
        where=keys.where,
        when=keys.when,
        new_only=keys.new_only,
        named=named,
        evidence=evidence,
    )


def digest(tables: dict[str, Any], files: Sequence[PolicyFile] = ()) -> str:
    """Digest over every file that was read and over what they come to."""
    total = digest_of()
    for file in files:
        for part in (file.label.encode(), file.content):
            total.update(len(part).to_bytes(8, "big") + part)
    total.update(msgspec.msgpack.encode(tables))
    return total.hexdigest()


def check_types(files: Sequence[PolicyFile]) -> None:
    """Raises `PolicyError` with all that is unknown, missing or of a wrong type in `files`."""
    try:
        for file in files:
            for name, table in msgspec.convert(file.tables, PolicyKeys).gates.items():
                gate(name, table)
                if not _GATE_NAME.fullmatch(name):
                    raise msgspec.ValidationError
    except msgspec.ValidationError:
        raise PolicyError([p for file in files for p in _wrong(file)]) from None


def _wrong(file: PolicyFile) -> list[str]:
    from mlgate.core import parts
    from mlgate.policy.problems import Problem, placed, problems

    found = problems(file.tables, PolicyKeys)
    gates = file.tables.get("gates")
    for name, table in gates.items() if isinstance(gates, dict) else ():
        if not _GATE_NAME.fullmatch(name):
            text = "is no name for a gate; letters, digits, `-`, `_` and `.` are"
            found.append(Problem(("gates", name), f"`{name}` {text}"))
        if isinstance(table, dict):
            own = {key: value for key, value in table.items() if key in GATE_KEYS}
            found += problems(own, GateKeys, ("gates", name))
    kinds = parts.names("gates")
    return placed(
        [
            (
                Problem(path, f"unknown table [{path[0]}]; did you mean `[gates.{path[0]}]`?")
                if len(path) == 1 and path[0] in kinds and text.startswith("unknown key")
                else Problem(path, text)
            )
            for path, text in found
        ],
        [file],
    )
