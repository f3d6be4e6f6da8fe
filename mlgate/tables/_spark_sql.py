"""Writes the SQL of the embedded engine as Spark reads it: texts, names and comments."""

from __future__ import annotations

import re

from mlgate.core.errors import GateError
from mlgate.core.text import shown

_LEXEMES = re.compile(
    r"""'(?P<text>(?:[^']|'')*)'|"(?P<name>(?:[^"]|"")*)"|(?P<comment>--[^\n]*|/\*.*?\*/)""",
    re.DOTALL,
)
_PIECES = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\$|.", re.DOTALL)
_MANY_LINES = re.compile(r"\(\?[a-z]*m")
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


def regex(pattern: str) -> str:
    """The regular expression as Java reads it alike: `.` stops at line feeds only, `$` is the end.

    Raises `GateError` for classes that Java reads otherwise: `[[:alpha:]]`, `[a&&b]`.
    """
    ends = "$" if _MANY_LINES.search(pattern) else r"\z"
    pieces = _PIECES.findall(pattern)
    for piece in pieces:
        if (
            len(piece) > 1
            and piece[0] == "["
            and (re.search(r"(?<!\\)\[", piece[1:]) or "&&" in piece)
        ):
            raise GateError(
                f"{shown(piece)} in a regular expression is read otherwise by Spark",
                r"list the characters, or write \pL, \d or the like; escape a [ in it",
            )
    return "(?d)" + "".join(ends if piece == "$" else piece for piece in pieces)


def check(condition: str) -> None:
    """Raises `GateError` for what both engines read, and not alike: a backslash in a pattern."""
    if "\\" in condition and _LIKE.search(condition):
        raise GateError(
            f"the condition `{shown(condition)}` has a backslash in a pattern, which Spark reads"
            " otherwise",
            "write it without LIKE, or without the backslash",
        )
