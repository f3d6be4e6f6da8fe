"""Writes the SQL of the embedded engine as Spark reads it: texts, names and comments."""

from __future__ import annotations

import re

from mlgate.core.errors import GateError
from mlgate.core.text import shown

_LEXEMES = re.compile(
    r"""'(?P<text>(?:[^']|'')*)'|"(?P<name>(?:[^"]|"")*)"|(?P<comment>--[^\n]*|/\*.*?\*/)""",
    re.DOTALL,
)
_LIKE = re.compile(r"\blike\b|\bsimilar\b|~", re.IGNORECASE)


def spoken(query: str) -> str:
    """The query with texts and names as Spark quotes them.

    Spark takes `'it''s'` for two texts side by side, and a backslash for the begin of an escape.
    """
    return _LEXEMES.sub(_respelled, query)


def _respelled(lexeme: re.Match[str]) -> str:
    text, name = lexeme["text"], lexeme["name"]
    if text is not None:
        inner = text.replace("\\", "\\\\").replace("''", "\\'")
        return f"'{inner}'"
    if name is not None:
        inner = name.replace('""', '"').replace("`", "``")
        return f"`{inner}`"
    return " "


def check(condition: str) -> None:
    """Raises `GateError` for what both engines read, and not alike: a backslash in a pattern."""
    if "\\" in condition and _LIKE.search(condition):
        raise GateError(
            f"the condition `{shown(condition)}` has a backslash in a pattern, which Spark reads"
            " otherwise",
            "write it without LIKE, or without the backslash",
        )
