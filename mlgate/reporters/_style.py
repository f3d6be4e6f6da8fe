"""How text looks: width, colour, marks, and the words for durations."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from mlgate.core.report import Verdict
from mlgate.core.words import Outcome

_NARROWEST = 16
"""Columns into which text is wrapped even where it then goes beyond the edge."""
_GLUE = "\x01"
"""A space at which no line ends: no line begins with the dot between two facts."""
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_MARKS = {
    Outcome.PASSED: ("✓", "+", "green"),
    Outcome.FAILED: ("✗", "x", "red"),
    Outcome.INCONCLUSIVE: ("?", "?", "yellow"),
    Outcome.ERRORED: ("!", "!", "red"),
    Outcome.SKIPPED: ("–", "-", "dim"),
}


class Style(Struct, frozen=True, kw_only=True):
    """What the place can show to which the text goes."""

    width: int = 100
    color: bool = False
    unicode: bool = True

    def paint(self, text: str, *looks: str) -> str:
        """`text` in a colour or weight, if the place has any."""
        if not self.color or not text or not looks:
            return text
        return f"\x1b[{';'.join(_CODES[look] for look in looks)}m{text}\x1b[0m"

    def mark(self, outcome: Outcome, blocks: bool = True) -> str:
        """One painted character for an outcome; what does not block is never red."""
        fancy, simple, color = _MARKS[outcome]
        look = "yellow" if color == "red" and not blocks else color
        return self.paint(fancy if self.unicode else simple, look)

    @property
    def dot(self) -> str:
        """What stands between two facts on a line."""
        return " · " if self.unicode else ", "

    @property
    def more(self) -> str:
        """What stands for something left out."""
        return "…" if self.unicode else "..."

    @property
    def rule(self) -> str:
        """What a line across is made of."""
        return "─" if self.unicode else "-"

    def wrapped(self, text: str, indent: int, end: int = 0) -> list[str]:
        """`text` in lines that fit behind `indent` columns, words and paths kept whole; on the
        first line `end` columns are kept free. The lines carry no indentation."""
        room = max(self.width - indent, _NARROWEST)
        if columns(text) <= room - end and "\n" not in text:
            return [text]
        import textwrap

        lines: list[str] = []
        for part in text.split("\n"):
            lead = "" if lines else "\0" * min(end, room - 12)
            lines += textwrap.wrap(
                lead + _spaced(part).replace(" · ", f"{_GLUE}· "),
                room,
                break_long_words=False,
                break_on_hyphens=False,
            ) or [""]
        return [line.replace("\0", "").replace(_GLUE, " ") for line in lines]

    def hung(self, line: str, indent: int) -> str:
        """`line` behind `indent` columns, or fewer where a word too long to break, such as a
        digest to be copied, would not fit."""
        return " " * max(min(indent, self.width - columns(line)), 0) + line


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes: two for each wide character, such as those of
    Chinese, Japanese and Korean, none for accents that stand on the one before
    (Unicode Standard Annex 11)."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(2 if east_asian_width(one) in "WF" else 0 if combining(one) else 1 for one in text)


def padded(text: str, width: int) -> str:
    """`text` and spaces, `width` columns together, or more where the text is wider."""
    return text + " " * (width - columns(text))


def clipped(text: str, width: int) -> str:
    """As much of the beginning of `text` as `width` columns hold."""
    text = text[:width]
    while columns(text) > width:
        text = text[:-1]
    return text


def _spaced(text: str) -> str:
    """`text` with a filler behind each wide character, so that its length is its width."""
    if text.isascii():
        return text
    return "".join(f"{one}\0" if columns(one) == 2 else one for one in text)


def lasted(seconds: float) -> str:
    """`0.12 s`, `38 s`, `2 min 04 s`, `1 h 03 min`."""
    if seconds < 9.95:
        return f"{seconds:.2f} s" if seconds < 0.995 else f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def name_width(names: Iterable[str]) -> int:
    """The column in which the names of gates stand."""
    return min(max((columns(name) for name in names), default=0), 28)


def took(verdict: Verdict) -> str:
    """A verdict's time, or the word that it cost none."""
    return "cached" if verdict.cached else lasted(verdict.duration)
