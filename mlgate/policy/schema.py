"""The JSON Schema of the policy, for editors (draft 2020-12), made from the structs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from mlgate.core import parts
from mlgate.policy.describe import described
from mlgate.policy.keys import GateKeys, PolicyKeys


def schema(
    kinds: Iterable[str] | None = None, load: Callable[[str, str], Any] = parts.load
) -> dict[str, Any]:
    """The schema of `mlgate.toml` with the gates of `kinds`; of all that are installed if None.

    A gate's table is of the kind that it says, else of the kind that it is named after.
    """
    if kinds is None:
        kinds = sorted({*parts.names("gates"), *parts.foreign_names("gates")})
    names = list(kinds)
    policy, definitions = _schema(PolicyKeys, "")
    common, more = _schema(GateKeys, "")
    definitions |= more
    for kind in names:
        module = load("gates", kind)
        own, more = _schema(module.Options, f"{kind}.")
        definitions |= more | {f"gate.{kind}": _gate(kind, module, common, own)}
    definitions["gate"] = _any_gate(names)
    policy["properties"]["gates"] |= {
        "properties": {kind: _by_kind(kind) for kind in names},
        "additionalProperties": {"$ref": "#/$defs/gate"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **policy,
        "title": "mlgate policy",
        "$defs": definitions,
    }


def _schema(struct: type[Struct], prefix: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of `struct` and, under their names, of all that it refers to."""
    template = f"#/$defs/{prefix}{{name}}"
    (top,), found = msgspec.json.schema_components([struct], ref_template=template)
    described(struct, found)
    own = found.pop(top["$ref"].removeprefix(f"#/$defs/{prefix}"))
    named = {prefix + name: _without_null(value) for name, value in found.items()}
    return _without_null(own), named


def _without_null(part: Any) -> Any:
    """`part` without what TOML cannot say."""
    if isinstance(part, list):
        return [_without_null(item) for item in part if item != {"type": "null"}]
    if not isinstance(part, dict):
        return part
    kept = {k: _without_null(v) for k, v in part.items() if v is not None}
    if len(kept.get("anyOf", ())) == 1:
        kept |= kept.pop("anyOf")[0]
    return kept


def _gate(kind: str, module: Any, common: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The table of a gate of `kind`: its own keys beside those of every gate, and no others."""
    named = {"kind": {"const": kind, "description": "What kind of gate it is."}}
    table = {
        "title": f"{kind} gate",
        "type": "object",
        "properties": own["properties"] | common["properties"] | named,
        "additionalProperties": False,
    }
    if own.get("required"):
        table["required"] = own["required"]
    if module.__doc__:
        table["description"] = module.__doc__.strip().partition("\n")[0]
    return table


def _by_kind(kind: str) -> dict[str, Any]:
    """`[gates.KIND]`: of that kind unless it says another."""
    return {
        "if": {"required": ["kind"]},
        "then": {"$ref": "#/$defs/gate"},
        "else": {"$ref": f"#/$defs/gate.{kind}"},
    }


def _any_gate(kinds: list[str]) -> dict[str, Any]:
    """A gate under any other name: it must say its kind."""
    return {
        "type": "object",
        "required": ["kind"],
        "allOf": [
            {"properties": {"kind": {"enum": kinds}}},
            *(
                {
                    "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                    "then": {"$ref": f"#/$defs/gate.{kind}"},
                }
                for kind in kinds
            ),
        ],
    }
