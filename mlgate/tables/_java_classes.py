"""Classes of characters: named as RE2 does, with other cases, and listed as Java reads them."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from msgspec import Struct

_LAST = 0x10FFFF
_CASED = 0x20000
"""Beyond it no letter has cases."""
_CATEGORIES = re.compile("C[cfo]|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?")
_TURKISH = "\u0130\u0131"
"""Letters that are no case of `i` to RE2."""

Range = tuple[int, int]


class Class(Struct, frozen=True):
    """Characters in ranges, and of properties that only Java knows the characters of; or others."""

    ranges: Sequence[Range]
    names: tuple[str, ...] = ()
    negated: tuple[Class, ...] = ()
    """Whose complements are in it too."""
    folds: bool = True
    """Whether the other cases of its properties are known."""

    @staticmethod
    def of(items: Sequence[Class]) -> Class:
        """All of them together."""
        return Class(
            _joined([one for item in items for one in item.ranges]),
            tuple(name for item in items for name in item.names),
            tuple(one for item in items for one in item.negated),
        )

    def complement(self) -> Class:
        """All other characters."""
        if self.names or self.negated:
            return Class([], negated=(self,))
        gaps, begin = [], 0
        for low, high in [*_joined(self.ranges), (_LAST + 1, _LAST + 1)]:
            if low > begin:
                gaps.append((begin, low - 1))
            begin = high + 1
        return Class(gaps)

    def folded(self) -> Class:
        """With the other cases of all its letters."""
        more = [
            (other, other)
            for sign, others in _orbits().items()
            if any(low <= sign <= high for low, high in self.ranges) or _has(self.names, sign)
            for other in others
        ]
        return Class(_joined([*self.ranges, *more]), self.names, self.negated)

    def written(self) -> str:
        """As Java reads it."""
        if len(self.negated) == 1 and not (self.ranges or self.names):
            (one,) = self.negated
            if one.negated:
                return f"(?:(?!{one.written()}){ANY.written()})"
            return f"[^{one._listed()}]"
        listed = self._listed()
        kept = [listed if listed == _sign(self._first) else f"[{listed}]"] if listed else []
        ways = [*kept, *(Class([], negated=(one,)).written() for one in self.negated)]
        if not ways:
            return "(?!)"
        return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"

    @property
    def _first(self) -> int:
        return self.ranges[0][0] if self.ranges else 0

    def _listed(self) -> str:
        spans = (_sign(low) + (f"-{_sign(high)}" if high > low else "")
                 for low, high in self.ranges)  # fmt: skip
        return "".join(spans) + "".join(f"\\p{{{name}}}" for name in self.names)


def _sign(number: int) -> str:
    sign = chr(number)
    return sign if sign.isascii() and sign.isalnum() else f"\\x{{{number:X}}}"


def _joined(ranges: Sequence[Range]) -> list[Range]:
    joined: list[Range] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined


def _has(names: Sequence[str], sign: int) -> bool:
    import unicodedata

    return bool(names) and any(unicodedata.category(chr(sign)).startswith(name) for name in names)


@functools.cache
def _orbits() -> dict[int, tuple[int, ...]]:
    """Of each letter that has another case: all of its cases, by simple case folding."""
    alike: dict[str, list[int]] = {}
    for number in range(_CASED):
        sign = chr(number)
        if sign not in _TURKISH and (sign.lower() != sign or sign.upper() != sign):
            alike.setdefault(_plain(sign), []).append(number)
    return {one: tuple(all_) for all_ in alike.values() if len(all_) > 1 for one in all_}


def _plain(sign: str) -> str:
    """One letter that stands for all cases of it."""
    upper = sign.upper()
    lower = (upper if len(upper) == 1 else sign).lower()
    return lower if len(lower) == 1 else sign


def of_property(name: str) -> Class | None:
    """The class of a general category or a script; None where Java has none of that name."""
    if name == "Any":
        return ANY
    if name == "C":
        return Class([], ("Cc", "Cf", "Co"))
    if _CATEGORIES.fullmatch(name):
        return Class([], (name,))
    return Class([], (f"Is{name}",), folds=False) if len(name) > 2 else None


def _ascii(*spans: str) -> Class:
    return Class([(ord(span[0]), ord(span[-1])) for span in spans])


ANY = Class([(0, _LAST)])
POSIX = {
    "alnum": _ascii("0-9", "A-Z", "a-z"), "alpha": _ascii("A-Z", "a-z"), "ascii": _ascii("\0-\x7f"),
    "blank": _ascii("\t", " "), "cntrl": _ascii("\0-\x1f", "\x7f"), "digit": _ascii("0-9"),
    "graph": _ascii("!-~"), "lower": _ascii("a-z"), "print": _ascii(" -~"),
    "punct": _ascii("!-/", ":-@", "[-`", "{-~"), "space": _ascii("\t-\r", " "),
    "upper": _ascii("A-Z"), "word": _ascii("0-9", "A-Z", "a-z", "_"),
    "xdigit": _ascii("0-9", "A-F", "a-f"),
}  # fmt: skip
PERL = {"d": POSIX["digit"], "s": _ascii("\t-\n", "\f-\r", " "), "w": POSIX["word"]}
