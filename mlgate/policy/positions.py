"""Finds the lines on which a TOML document's keys stand; `tomllib` does not tell.

Only asked once something is wrong, and only about text that `tomllib` has accepted, so that it
need not judge: it follows the structure (https://toml.io/en/v1.0.0) and skips the values.
"""

from __future__ import annotations

import re
import tomllib

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_SCALAR = re.compile(
    r'"{3}(?:\\.|[^\\])*?"{3,5}'
    r"|'{3}.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[^\n,\]}#]+",
    re.DOTALL,
)


def lines(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, of every table, key and array item by its path."""
    return _Scan(text).document()


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[KeyPath, int] = {}
        self.lengths: dict[KeyPath, int] = {}
        self._line, self._counted = 1, 0

    def document(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self.next():
            if self.next() == "[":
                table = self.header()
            else:
                self.pair(table)
        return self.found

    def next(self) -> str:
        """The character after blanks and comments, empty at the end."""
        self.take(_BLANK)
        return self.text[self.at : self.at + 1]

    def take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]

    def mark(self, path: KeyPath) -> None:
        """`path` stands here, unless it has been met before."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        self.found.setdefault(path, self._line)

    def keys(self) -> list[str]:
        """A dotted key."""
        keys = []
        while key := self.take(_KEY):
            quoted = key[0] in "\"'"
            keys.append(tomllib.loads(f"key = {key}")["key"] if quoted else key)
            if not self.take(_DOT):
                break
        return keys

    def header(self) -> KeyPath:
        """`[table]` or `[[table]]`; the latter's path ends in the item's number."""
        repeated = self.text.startswith("[[", self.at)
        self.at += 2 if repeated else 1
        self.next()
        path: KeyPath = ()
        names = self.keys()
        for number, name in enumerate(names):
            path = (*path, name)
            self.mark(path)
            if repeated and number == len(names) - 1:
                self.lengths[path] = self.lengths.get(path, 0) + 1
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
        self.mark(path)
        self.next()
        self.at += 2 if repeated else 1
        return path

    def pair(self, table: KeyPath) -> None:
        """`key = value`"""
        path = table
        for key in self.keys():
            path = (*path, key)
            self.mark(path)
        self.next()
        self.at += 1
        self.value(path)

    def value(self, path: KeyPath) -> None:
        opening = self.next()
        if opening not in ("[", "{"):
            self.take(_SCALAR)
            return
        self.at += 1
        item = 0
        while self.next() not in ("]", "}"):
            if opening == "{":
                self.pair(path)
            else:
                self.mark((*path, item))
                self.value((*path, item))
                item += 1
            if self.next() == ",":
                self.at += 1
        self.at += 1
