"""What the place can show to which standard output goes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from mlgate.reporters._style import Style

_PIPED_WIDTH = 100
_NARROWEST = 40
_WIDEST = 160


def is_live(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """True where lines can be drawn anew: a terminal that understands escape sequences."""
    return stream.isatty() and environ.get("TERM") != "dumb"


def style(stream: TextIO, environ: Mapping[str, str]) -> Style:
    """Width, colour and characters for `stream`."""
    from mlgate.reporters._style import Style

    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    return Style(
        width=width(stream, environ),
        color=colored(stream, environ),
        unicode=encoding.startswith("utf"),
    )


def colored(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """True if `stream` gets colours; NO_COLOR wins over FORCE_COLOR."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_live(stream, environ)


def width(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Columns of `stream`, within what reads well; COLUMNS wins."""
    columns = environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        found = int(columns)
    elif stream.isatty():
        try:
            found = os.get_terminal_size(stream.fileno()).columns or _PIPED_WIDTH
        except (OSError, ValueError):
            found = _PIPED_WIDTH
    else:
        found = _PIPED_WIDTH
    return max(_NARROWEST, min(found, _WIDEST))
