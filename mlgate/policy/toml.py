"""Writes values as TOML 1.0 (https://toml.io/en/v1.0.0)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

WIDTH = 88

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f]')
_SHORT = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r", '"': r"\"", "\\": r"\\"}


def key(name: str) -> str:
    """A key, quoted where it must be."""
    return name if _BARE.fullmatch(name) else string(name)


def string(text: str) -> str:
    """A basic string. Lone surrogates, which TOML cannot hold, become U+FFFD."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return '"' + _ESCAPED.sub(lambda m: _SHORT.get(m[0]) or f"\\u{ord(m[0]):04X}", text) + '"'


def inline(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, str):
        return string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{key(str(k))} = {inline(v)}" for k, v in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(inline, value))}]"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return repr(value)


def table(name: tuple[str, ...], values: Mapping[str, Any]) -> Iterator[str]:
    """The lines of `[name]` with its tables of tables and arrays of tables below it."""
    yield f"[{'.'.join(map(key, name))}]"
    yield from _body(name, values)


def _body(name: tuple[str, ...], values: Mapping[str, Any]) -> Iterator[str]:
    apart = {k: v for k, v in values.items() if _stands_apart(v)}
    for k, v in values.items():
        if k not in apart:
            yield from pair(k, v)
    for k, v in apart.items():
        for item in [v] if isinstance(v, Mapping) else v:
            header = ".".join(map(key, (*name, k)))
            if not isinstance(v, Mapping):
                yield f"[[{header}]]"
            elif not all(map(_stands_apart, v.values())):  # else the tables below imply it
                yield f"[{header}]"
            yield from _body((*name, k), item)


def _stands_apart(value: Any) -> bool:
    """True for what reads badly as an inline table: tables of tables, arrays of tables."""
    if isinstance(value, Mapping):
        return any(isinstance(item, Mapping) for item in value.values())
    return (
        isinstance(value, (list, tuple))
        and bool(value)
        and all(isinstance(item, Mapping) for item in value)
    )


def pair(name: str, value: Any) -> Iterator[str]:
    """`name = value`, an array over several lines where one would be too long."""
    line = f"{key(name)} = {inline(value)}"
    if len(line) <= WIDTH or not isinstance(value, (list, tuple)) or not value:
        yield line
        return
    yield f"{key(name)} = ["
    yield from (f"    {inline(item)}," for item in value)
    yield "]"
