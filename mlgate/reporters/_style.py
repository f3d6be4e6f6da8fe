"""How text looks: width, colour, marks, and the words for durations."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from mlgate.core.report import Verdict
from mlgate.core.words import Outcome

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
        room = max(self.width - indent, 24)
        if len(text) <= room - end and "\n" not in text:
            return [text]
        import textwrap

        lines: list[str] = []
        for part in text.split("\n"):
            lead = "" if lines else "\0" * min(end, room - 12)
            lines += textwrap.wrap(
                lead + part, room, break_long_words=False, break_on_hyphens=False
            ) or [""]
        return [line.strip("\0") for line in lines]

    def hung(self, line: str, indent: int) -> str:
        """`line` behind `indent` columns, or fewer where a word too long to break, such as a
        digest to be copied, would not fit."""
        return " " * max(min(indent, self.width - len(line)), 0) + line


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
    return min(max((len(name) for name in names), default=0), 28)


def took(verdict: Verdict) -> str:
    """A verdict's time, or the word that it cost none."""
    return "cached" if verdict.cached else lasted(verdict.duration)
