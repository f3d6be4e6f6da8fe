"""Gitignore patterns as regular expressions on bytes, after git's dir.c and wildmatch.c."""

from __future__ import annotations

import re
from typing import NamedTuple

from mlgate.core.patterns import later

_SPECIAL = later(rb"[*?\[\\]")
_CLASSES = {
    b"alnum": rb"[0-9A-Za-z]",
    b"alpha": rb"[A-Za-z]",
    b"blank": rb"[ \t]",
    b"cntrl": rb"[\x00-\x1f\x7f]",
    b"digit": rb"[0-9]",
    b"graph": rb"[!-~]",
    b"lower": rb"[a-z]",
    b"print": rb"[ -~]",
    b"punct": rb"[!-/:-@\[-`{-~]",
    b"space": rb"[ \t-\r]",
    b"upper": rb"[A-Z]",
    b"xdigit": rb"[0-9A-Fa-f]",
}


class Pattern(NamedTuple):
    """A line of a gitignore file, taken apart."""

    body: str
    negated: bool
    folder: bool
    """True if it matches folders only."""

    @property
    def anchored(self) -> bool:
        """True if it is matched against the whole path, else against the last name."""
        return "/" in self.body


def parse(line: str) -> Pattern | None:
    """None for blank lines and comments."""
    line = _without_trailing_spaces(line)
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    body = line[1:] if negated else line
    folder = body.endswith("/")
    return Pattern(body[:-1] if folder else body, negated, folder)


def _without_trailing_spaces(line: str) -> str:
    stripped = line.rstrip(" ")
    slashes = len(stripped) - len(stripped.rstrip("\\"))
    return stripped + line[len(stripped) :][: slashes % 2]


def source(pattern: Pattern) -> bytes | None:
    """The expression that matches a whole path; None if nothing can match."""
    body = pattern.body.encode("utf-8", "surrogateescape").removeprefix(b"/")
    if not pattern.anchored:
        name = _translate(body, 0)
        return None if name is None else rb"(?:.*/)?" + name
    # Git compares what precedes the first wildcard first, and reads the rest by itself.
    special = _SPECIAL.search(body)
    start = special.start() if special else len(body)
    rest = _translate(body[start:], 0)
    return None if rest is None else re.escape(body[:start]) + rest


def _translate(glob: bytes, at: int) -> bytes | None:
    out = []
    while at < len(glob):
        char = glob[at : at + 1]
        if char == b"*":
            text, at = _stars(glob, at)
        elif char == b"[":
            text, at = _bracket(glob, at)
            if not text:
                return None
        elif char == b"?":
            text, at = rb"[^/]", at + 1
        elif char == b"\\":
            if at + 1 == len(glob):
                return None
            text, at = re.escape(glob[at + 1 : at + 2]), at + 2
        else:
            text, at = re.escape(char), at + 1
        out.append(text)
    return b"".join(out)


def _stars(glob: bytes, at: int) -> tuple[bytes, int]:
    """One star stays within a name; two, alone between slashes, go across them."""
    end = at
    while glob[end : end + 1] == b"*":
        end += 1
    alone = (at == 0 or glob[at - 1 : at] == b"/") and (
        glob[end : end + 1] in (b"", b"/") or glob[end : end + 2] == b"\\/"
    )
    if end - at == 1 or not alone:
        return rb"[^/]*", end
    if glob[end : end + 1] == b"/":
        return rb"(?:.*/)?", end + 1
    return rb".*", end


def _bracket(glob: bytes, at: int) -> tuple[bytes, int]:
    """`[a-z]`, `[!x]`, `[[:digit:]]` as a set of bytes, never a slash; empty if it has no end."""
    at += 1
    negated = glob[at : at + 1] in (b"!", b"^")
    at += negated
    members: set[int] = set()
    low: int | None = None
    first = True
    while first or glob[at : at + 1] != b"]":
        first = False
        if at >= len(glob):
            return b"", at
        if (
            glob[at : at + 1] == b"-"
            and low is not None
            and glob[at + 1 : at + 2] not in (b"", b"]")
        ):
            high, at = _literal(glob, at + 1)
            members.update(range(low, high + 1))
            low = None
        elif glob[at : at + 2] == b"[:" and (end := _class_end(glob, at)):
            expression = _CLASSES.get(glob[at + 2 : end - 2])
            if expression is None:
                return b"", at
            members.update(n for n in range(256) if re.match(expression, bytes([n])))
            low, at = None, end
        else:
            low, at = _literal(glob, at)
            members.add(low)
    if negated:
        members = set(range(256)) - members
    text = b"".join(b"\\x%02x" % n for n in sorted(members - {ord("/")}))
    return b"[" + text + b"]" if text else rb"(?!)", at + 1


def _literal(glob: bytes, at: int) -> tuple[int, int]:
    """The byte at `at`, or the escaped one after it, and where the next begins. Past the end where
    an escape has nothing to escape, which the caller then finds."""
    at += glob[at : at + 1] == b"\\"
    return (glob[at] if at < len(glob) else -1), at + 1


def _class_end(glob: bytes, at: int) -> int | None:
    """The place after the `:]` that ends the class which begins at `at`."""
    end = glob.find(b"]", at + 2)
    return end + 1 if end > at + 2 and glob[end - 1 : end] == b":" else None
