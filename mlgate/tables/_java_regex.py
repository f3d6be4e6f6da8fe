"""Writes a regular expression of RE2 as Java reads it alike, with no flag of Java's set.

What the two read otherwise is spelt out: classes as ranges, the ends of texts and lines, words of
ASCII letters, and letters with their other cases. RE2 has taken the expression before, so that
what is wrong in it needs no telling here.
"""

from __future__ import annotations

import functools
import re

from mlgate.tables._java_classes import ANY, PERL, POSIX, Class, of_property
from mlgate.tables._spark_otherwise import Otherwise

_REPEAT = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})\??")
_GROUP = re.compile(r"\((?:\?P?<\w+>|\?([imsU]*(?:-[imsU]+)?)([:)]))?")
_HEX = re.compile(r"x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))")
_OCTAL = re.compile(r"[1-7][0-7]{1,2}|0[0-7]{0,2}")
_PROPERTY = re.compile(r"([pP])(?:\{(\^?)(\w+)\}|(\w))")
_POSIX = re.compile(r"\[:(\^?)(\w+):\]")
_SIGNS = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_WORD = "[0-9A-Za-z_]"
_PLACES = {
    "A": r"(?:\A)", "z": r"(?:\z)",
    "b": f"(?:(?<!{_WORD})(?={_WORD})|(?<={_WORD})(?!{_WORD}))",
    "B": f"(?:(?<!{_WORD})(?!{_WORD})|(?<={_WORD})(?={_WORD}))",
}  # fmt: skip
_LINE = {"^": r"(?:\A|(?<=\n))", "$": r"(?:\z|(?=\n))"}
_TEXT = {"^": _PLACES["A"], "$": _PLACES["z"]}


def alike(pattern: str) -> None:
    """Raise `Otherwise` for what Java may find elsewhere than RE2, however it is written."""
    if "\\p" in pattern or "\\P" in pattern:
        raise Otherwise("properties of Unicode, of which each knows a version of its own")
    java(pattern)


@functools.lru_cache(maxsize=256)
def java(pattern: str) -> str:
    """The expression for Java. Raises `Otherwise` for `\\C`, a byte, which Java has no word for."""
    return _Reading(pattern).written()


class _Reading:
    """One pass over the expression, from the left."""

    def __init__(self, pattern: str) -> None:
        self._left = pattern
        self._whole = pattern
        self._flags = [frozenset[str]()]

    def written(self) -> str:
        """The whole of it."""
        done = []
        while self._left:
            done.append(self._next())
        return "".join(done)

    def _take(self, many: int = 1) -> str:
        taken, self._left = self._left[:many], self._left[many:]
        return taken

    def _matched(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._left)
        if found is not None:
            self._take(found.end())
        return found

    def _next(self) -> str:
        first = self._left[0]
        if first == "(":
            return self._group()
        if first == "[":
            self._take()
            return self._class().written()
        repeat = self._matched(_REPEAT)
        if repeat is not None:
            return repeat[0]
        self._take()
        if first == "\\":
            return self._escaped()
        if first == ")":
            self._flags.pop()
            return ")"
        if first in "^$":
            return (_LINE if "m" in self._flags[-1] else _TEXT)[first]
        if first == ".":
            return ANY.written() if "s" in self._flags[-1] else r"[^\n]"
        return "|" if first == "|" else self._literal(ord(first))

    def _group(self) -> str:
        """Its begin, or a change of flags up to the end of the group that it stands in."""
        found = self._matched(_GROUP)
        if found is None:
            raise self._refused("(")
        flags = self._flags[-1]
        if found[2] is not None:
            more, _, fewer = found[1].partition("-")
            flags = (flags | set(more)) - set(fewer)
        if found[2] == ")":
            self._flags[-1] = flags
            return "(?:)"
        self._flags.append(flags)
        return "(?:"

    def _literal(self, sign: int) -> str:
        return self._folded(Class([(sign, sign)])).written()

    def _folded(self, found: Class, negated: bool = False) -> Class:
        """With other cases where they count; of what is negated these are out, too."""
        folded = found.folded() if "i" in self._flags[-1] else found
        return folded.complement() if negated else folded

    def _escaped(self) -> str:
        if self._left[0] == "Q":
            text, _, self._left = self._left[1:].partition(r"\E")
            return "".join(self._literal(ord(sign)) for sign in text)
        if self._left[0] in _PLACES:
            return _PLACES[self._take()]
        found = self._named_class()
        if found is not None:
            return found.written()
        return self._literal(self._sign())

    def _named_class(self) -> Class | None:
        """What stands behind a backslash, if it is the name of a class."""
        if self._left[0].lower() in PERL:
            sign = self._take()
            return self._folded(PERL[sign.lower()], negated=sign.isupper())
        found = self._matched(_PROPERTY)
        if found is None:
            return None
        negated = (found[1] == "P") is not bool(found[2])
        named = of_property(found[3] or found[4])
        if named is None or (named.names and "i" in self._flags[-1] and not named.folds):
            raise self._refused(f"\\{found[0]}")
        return self._folded(named, negated)

    def _sign(self) -> int:
        """The one character that stands behind a backslash."""
        found = self._matched(_HEX)
        if found is not None:
            return int(found[1] or found[2], 16)
        found = self._matched(_OCTAL)
        if found is not None:
            return int(found[0], 8)
        sign = self._take()
        if sign in _SIGNS:
            return _SIGNS[sign]
        if sign.isalnum():
            raise self._refused(f"\\{sign}")
        return ord(sign)

    def _class(self) -> Class:
        """What stands between brackets."""
        negated = self._left[:1] == "^" and bool(self._take())
        items: list[Class] = []
        while self._left[:1] != "]" or not items:
            items.append(self._item())
        self._take()
        found = Class.of(items)
        return found.complement() if negated else found

    def _item(self) -> Class:
        found = self._matched(_POSIX)
        if found is not None:
            return self._folded(POSIX[found[2]], negated=bool(found[1]))
        sign = self._take()
        named = self._named_class() if sign == "\\" else None
        if named is not None:
            return named
        low = self._sign() if sign == "\\" else ord(sign)
        if self._left[0] == "-" and self._left[1] != "]":
            self._take()
            return self._folded(Class([(low, self._end())]))
        return self._folded(Class([(low, low)]))

    def _end(self) -> int:
        sign = self._take()
        return self._sign() if sign == "\\" else ord(sign)

    def _refused(self, what: str) -> Otherwise:
        return Otherwise(f"{what} in a regular expression")
