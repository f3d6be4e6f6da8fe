"""Rows in aligned columns, of which the last one wraps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlgate.core.text import plain
from mlgate.reporters._style import Style, columns, padded


def table(
    rows: Sequence[Sequence[str]], style: Style, head: Sequence[str] = (), indent: int = 0
) -> Iterator[str]:
    """Lines; `head` is dim. Text is made plain, so that it may come from a repository."""
    cells = [
        [plain(cell).replace("\n", " ") for cell in row] for row in (*filter(None, [head]), *rows)
    ]
    if not cells:
        return
    widths = [max(columns(row[i]) for row in cells) for i in range(len(cells[0]) - 1)]
    last = indent + sum(widths) + 2 * len(widths)
    for number, row in enumerate(cells):
        lead = " " * indent + "".join(
            f"{padded(cell, width)}  " for cell, width in zip(row, widths, strict=False)
        )
        first, *more = style.wrapped(row[-1], last)
        line = (lead + first).rstrip()
        yield style.paint(line, "dim") if head and number == 0 else line
        for text in more:
            yield " " * last + text
