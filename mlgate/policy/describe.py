"""Puts the docstrings below a struct's fields into its JSON Schema."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from typing import Any, get_args

from msgspec import Struct
from msgspec.structs import fields


def described(struct: type[Struct], definitions: dict[str, Any]) -> None:
    """Adds to each of `definitions` that `struct` leads to what its fields' docstrings say."""
    seen: set[type[Struct]] = set()
    waiting: list[Any] = [struct]
    while waiting:
        kind = waiting.pop()
        waiting += get_args(kind)
        if not (isinstance(kind, type) and issubclass(kind, Struct)) or kind in seen:
            continue
        seen.add(kind)
        texts = field_docs(kind)
        properties = definitions.get(kind.__name__, {}).get("properties", {})
        for field in fields(kind):
            waiting.append(field.type)
            if field.name in texts and field.encode_name in properties:
                properties[field.encode_name]["description"] = texts[field.name]


def field_docs(struct: type[Struct]) -> dict[str, str]:
    """The string that stands below each field in the source, its own or inherited; empty where
    there is no source."""
    found: dict[str, str] = {}
    for kind in reversed(struct.__mro__):
        if not (issubclass(kind, Struct) and kind is not Struct):
            continue
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
        except (OSError, TypeError, SyntaxError):
            continue
        body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
        for field, text in itertools.pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                match text:
                    case ast.Expr(value=ast.Constant(value=str(said))):
                        found[field.target.id] = " ".join(said.split())
    return found
