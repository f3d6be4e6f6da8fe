"""Writes the SQL of the embedded engine as Spark reads it: texts, names, comments and patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlgate.tables._java_regex import java

_LEXEMES = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\s+|\w+|.""",
    re.DOTALL,
)
_SEARCH = "regexp_matches"


def spoken(query: str) -> str:
    """The query with texts and names as Spark quotes them, and patterns as it reads them.

    Spark takes `'it''s'` for two texts side by side, and a backslash for the begin of an escape.
    Raises `Otherwise` for a regular expression as `java` does.
    """
    lexemes = _told(query)
    for at in _regexes(lexemes):
        lexemes[at] = _quoted(java(_text(lexemes[at])))
    return "".join(map(_respelled, lexemes))


def _told(query: str) -> list[str]:
    """Its words, texts, names and signs; comments are a space."""
    found = _LEXEMES.findall(query)
    return [" " if lexeme.startswith(("--", "/*")) else lexeme for lexeme in found]


def _next(lexemes: list[str], at: int) -> int:
    """Where the next one stands that is no space."""
    at += 1
    while at < len(lexemes) and lexemes[at].isspace():
        at += 1
    return at


def _regexes(lexemes: list[str]) -> Iterator[int]:
    """Where texts stand that are the second and last argument of `regexp_matches`."""
    for number, lexeme in enumerate(lexemes):
        opening = _next(lexemes, number)
        if lexeme.lower() != _SEARCH or lexemes[opening : opening + 1] != ["("]:
            continue
        arguments = _arguments(lexemes, opening)
        if len(arguments) == 2 and len(arguments[1]) == 1 and _is_text(lexemes[arguments[1][0]]):
            yield arguments[1][0]


def _arguments(lexemes: list[str], opening: int) -> list[list[int]]:
    """Of a call whose bracket opens there: where the parts of each argument stand."""
    arguments: list[list[int]] = [[]]
    depth = 1
    at = _next(lexemes, opening)
    while at < len(lexemes):
        lexeme = lexemes[at]
        depth += (lexeme in "([") - (lexeme in ")]")
        if not depth:
            break
        if depth == 1 and lexeme == ",":
            arguments.append([])
        else:
            arguments[-1].append(at)
        at = _next(lexemes, at)
    return arguments


def _is_text(lexeme: str) -> bool:
    return lexeme.startswith("'")


def _text(lexeme: str) -> str:
    return lexeme[1:-1].replace("''", "'")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _respelled(lexeme: str) -> str:
    if _is_text(lexeme):
        inner = lexeme[1:-1].replace("\\", "\\\\").replace("''", "\\'")
        return f"'{inner}'"
    if lexeme.startswith('"'):
        inner = lexeme[1:-1].replace('""', '"').replace("`", "``")
        return f"`{inner}`"
    return lexeme
