"""Untrusted text in Markdown that other people's platforms render: no mention, link or HTML of it.

A code span keeps all of that out on GitHub, GitLab, Azure, Bitbucket and Buildkite alike, which no
escaping does: they look for mentions and references after Markdown has been read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mlgate.core.patterns import later
from mlgate.reporters._problems import line

_TICKS = later(r"`+")
_HARMLESS = later(r"(?:[^\W_]|[ ,;%()=…·+]|(?<!w)\.(?!\w)|(?<=\d)\.(?=\d))*", re.ASCII)


def code(text: str, most: int = 300) -> str:
    """The first line of `text` as a code span; a bar becomes a broken one, since tables would be
    torn by it, each platform in its own way."""
    text = line(text, most).replace("|", "¦")
    if not text:
        return ""
    fence = "`" * (max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def words(text: str, most: int = 120) -> str:
    """Text as it is where it is but words and numbers, else as a code span."""
    text = line(text, most)
    return text if _HARMLESS.fullmatch(text) else code(text, most)


def size(text: str) -> int:
    """Bytes in UTF-8, by which every limit is met, also those that count characters."""
    return len(text.encode("utf-8", "backslashreplace"))


def fitted(lines: Iterable[str], room: int) -> list[str]:
    """The first of `lines` that fit into so many bytes, each with its line end."""
    kept = []
    for one in lines:
        room -= size(one) + 1
        if room < 0:
            break
        kept.append(one)
    return kept


def row(cells: Sequence[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def head(titles: Sequence[str]) -> list[str]:
    """The head of a table; columns whose title ends in a colon are aligned right."""
    names = [title.removesuffix(":") for title in titles]
    return [row(names), row(["---:" if title.endswith(":") else "---" for title in titles])]
