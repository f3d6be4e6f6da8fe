"""Reads YAML that nobody vouches for: safe types, limited size, no exploding merges or aliases."""

from __future__ import annotations

import functools
import re
from typing import Any

_SIZE = 1 << 20
_MERGED = 5_000
_DEPTH = 100
_EXPANDED = 2_000_000
# The core schema of YAML 1.2, as ruamel.yaml reads it: `on` is text, `010` is ten, `1e-3` a number.
_CORE = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9][0-9_]*|0o[0-7_]+|[-+]?0x[0-9a-fA-F_]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:[0-9][0-9_]*)?\.[0-9_]+(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*\.(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("merge", r"<<", "<"),
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("timestamp", r"\d{4}-\d\d-\d\d(?:[Tt ][\d:.+\-Zz ]+)?", "0123456789"),
)


class Unreadable(ValueError):
    """Why the text was not read; `line` counts from 1 where one is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def load(raw: bytes, *, core: bool = False, largest: int = _SIZE) -> Any:
    """The document in `raw`; unknown tags are None. Raises `Unreadable`.

    With `core` scalars are read as YAML 1.2 has them, and a mapping must not have a key twice;
    aliases may then not stand for more than two million values.
    """
    import yaml

    if len(raw) > largest:
        raise Unreadable(f"larger than {largest >> 10} KiB")
    try:
        _check_depth(raw)
        document = yaml.load(raw, _core_loader() if core else _loader())  # noqa: S506 - safe ones
    except Unreadable:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = str(error.problem or error).partition("\n")[0]
        raise Unreadable(f"not valid YAML: {words}", mark.line + 1 if mark else None) from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        words = str(error).partition("\n")[0] or "nested too deeply"
        raise Unreadable(f"not valid YAML: {words}") from None
    if core and b"*" in raw:
        _check_expansion(document)
    return document


def _check_depth(raw: bytes) -> None:
    """Count first: libyaml's constructor overruns the stack where collections nest deeply."""
    import yaml

    depth = 0
    for event in yaml.parse(raw, _loader()):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEPTH:
            raise Unreadable("nested too deeply")


def _check_expansion(document: Any) -> None:
    """Refuse aliases that stand for very much, or for themselves."""
    sizes: dict[int, int] = {}
    open_: set[int] = set()

    def size(value: Any) -> int:
        if not isinstance(value, dict | list):
            return 1
        if id(value) in open_:
            raise Unreadable("an alias stands for what it is part of")
        if id(value) not in sizes:
            open_.add(id(value))
            members = value.values() if isinstance(value, dict) else value
            sizes[id(value)] = 1 + sum(map(size, members))
            open_.discard(id(value))
        return sizes[id(value)]

    if size(document) > _EXPANDED:
        raise Unreadable("its aliases stand for millions of values")


@functools.cache
def _loader() -> Any:
    import yaml

    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(safe):  # type: ignore[misc]
        """Forgives unknown tags (`!reference`), refuses merges that multiply."""

        def flatten_mapping(self, node: Any) -> None:
            super().flatten_mapping(node)
            if len(node.value) > _MERGED:
                raise yaml.YAMLError("a mapping is merged too often")

    Loader.add_multi_constructor("!", lambda *_: None)
    return Loader


@functools.cache
def _core_loader() -> Any:
    import yaml

    class Loader(_loader()):  # type: ignore[misc]
        """Scalars of YAML 1.2, no key twice."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own name and type

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [key.value for key, _ in node.value if key.tag == "tag:yaml.org,2002:str"]
            merged = any(key.value == "<<" for key, _ in node.value)
            if len(set(keys)) < len(keys) and not merged:
                twice = next(key for i, key in enumerate(keys) if key in keys[:i])
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {twice!r} stands there twice", node.start_mark
                )
            return super().construct_mapping(node, deep)

    for kind, pattern, first in _CORE:
        tag = f"tag:yaml.org,2002:{kind}"
        letters = [*first, ""] if kind == "null" else list(first)
        Loader.add_implicit_resolver(tag, re.compile(rf"(?:{pattern})\Z"), letters)
    Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: _whole(node.value))
    return Loader


def _whole(text: str) -> int:
    digits = text.replace("_", "")
    return int(digits, 0) if digits.lstrip("-+")[:2] in ("0x", "0o") else int(digits)
