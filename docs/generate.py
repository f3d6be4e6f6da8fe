"""Writes docs/policy.md and docs/gates.md from the program itself: `make docs`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlgate.core import parts
from mlgate.policy.schema import schema

HERE = Path(__file__).resolve().parent
_NOTE = "<!-- written by `make docs` -->"
_POLICY = """\
A policy is `mlgate.toml` at the root of the repository, or `[tool.mlgate]` in `pyproject.toml`.
Unknown keys are errors, all of them told at once, each with its line and the nearest key. Your
editor completes the keys if it knows the schema: `mlgate schema > mlgate.schema.json`.
"""
_GATES = """\
A gate is a table in the policy: `[gates.lint]` is of the kind `lint`, `[gates.fast-lint]` with
`kind = "lint"` too. `mlgate gates` shows those of your repository, `mlgate explain GATE` one of
them. Besides its own keys every gate takes [these](policy.md#every-gate).
"""


def main() -> None:
    """Write both."""
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """File name to content."""
    kinds = parts.names("gates")
    found = schema(kinds)
    return {
        "policy.md": "\n".join(_policy(found)).rstrip() + "\n",
        "gates.md": "\n".join(_gates(found, kinds)).rstrip() + "\n",
    }


def _policy(found: Mapping[str, Any]) -> Iterator[str]:
    definitions = found["$defs"]
    top = {k: v for k, v in found["properties"].items() if "$ref" not in v and k != "gates"}
    yield f"# The policy, key by key\n\n{_NOTE}\n\n{_POLICY}"
    yield "## At the top\n"
    yield from _keys(top)
    for name, said in found["properties"].items():
        if "$ref" in said:
            struct = definitions[said["$ref"].rpartition("/")[2]]
            yield f"\n## `[{name}]`\n\n{said.get('description', '')}\n"
            yield from _keys(struct["properties"])
    for name, title in (("Waiver", "[[waivers]]"), ("ModelPolicy", "[models.NAME]")):
        yield f"\n## `{title}`\n\n{definitions[name].get('description', '')}\n"
        yield from _keys(definitions[name]["properties"])
    yield "\n## Every gate\n"
    yield from _keys(_common(definitions))


def _gates(found: Mapping[str, Any], kinds: tuple[str, ...]) -> Iterator[str]:
    common = _common(found["$defs"])
    yield f"# The gates\n\n{_NOTE}\n\n{_GATES}"
    for kind in kinds:
        gate = parts.load("gates", kind)
        said = (gate.__doc__ or "").strip().splitlines()[0].partition(": ")[2] or gate.__doc__
        stages = ", ".join(stage for stage in _order(gate.stages))
        yield f"## `{kind}`\n\n{said[0].upper()}{said[1:]}\n\nAsked at {stages}.\n"
        own = {k: v for k, v in _properties(found["$defs"], kind).items() if k not in common}
        yield from _keys(own)
        if gate.rules:
            yield "\n| rule | means |\n|---|---|"
        for name, rule in gate.rules.items():
            yield f"| `{name.removeprefix(kind + '/')}` | {_cell(rule.summary)} |"
        yield ""


def _order(stages: frozenset[str]) -> list[str]:
    return [stage for stage in ("commit", "push", "merge", "promote", "monitor") if stage in stages]


def _common(definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that every kind takes."""
    from mlgate.policy.keys import GateKeys

    some = next(value for name, value in definitions.items() if name.startswith("gate."))
    return {key: some["properties"][key] for key in GateKeys.__struct_fields__}


def _properties(definitions: Mapping[str, Any], kind: str) -> dict[str, Any]:
    properties: dict[str, Any] = definitions[f"gate.{kind}"]["properties"]
    return properties


def _keys(properties: Mapping[str, Any]) -> Iterator[str]:
    if not properties:
        return
    yield "| key | type | default | means |\n|---|---|---|---|"
    for name, said in properties.items():
        default = json.dumps(said["default"]) if said.get("default") not in (None, "") else ""
        shown = f"`{default}`" if default else ""
        yield f"| `{name}` | {_type(said)} | {shown} | {_cell(said.get('description', ''))} |"


def _type(said: Mapping[str, Any]) -> str:
    if "enum" in said:
        return ", ".join(f"`{json.dumps(value)}`" for value in said["enum"])
    if "anyOf" in said:
        return " or ".join(dict.fromkeys(_type(one) for one in said["anyOf"]))
    if "$ref" in said:
        return said["$ref"].rpartition("/")[2].rpartition(".")[2].lower()
    kind = said.get("format") or said.get("type", "any")
    if kind == "array":
        return f"list of {_type(said['items'])}" if said.get("items") else "list"
    return {"object": "table", "boolean": "true or false"}.get(kind, kind)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
