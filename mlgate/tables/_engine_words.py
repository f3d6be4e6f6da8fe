"""What an engine's error says to whoever must mend the file: reason, place and next step."""

from __future__ import annotations

import os
import re

from mlgate.core.text import plain

_QUOTED = re.compile(r"""(["'])(/[^"']*)\1""")
_KIND = re.compile(r"^(?:[A-Z]\w+ )+Error: ")
_NOISE = ("Possible", "LINE ", "*", " ", "Did you mean")
_CUT = "it is cut off, or no Parquet file"
_AGAIN = "write it again, or bring it anew (dvc pull, git lfs pull)"
_UNEVEN = "its rows cannot be told apart: a quote is left open, or rows are of different length"
_QUOTE = "give every row the header's columns, and quote values that hold a separator or a line end"
_ROOM = 'free some space where TMPDIR points, or allow more memory: [tables] memory = "2GB"'
_SEEN: tuple[tuple[str, str | None, str], ...] = (
    ("No magic bytes", _CUT, _AGAIN),
    ("don't know what type", _CUT, _AGAIN),
    ("too small to be a Parquet", _CUT, _AGAIN),
    ("not a Parquet", _CUT, _AGAIN),
    ("TProtocolException", _CUT, _AGAIN),
    ("sniffing file", _UNEVEN, _QUOTE),
    ("Expected Number of Columns", None, _QUOTE),
    ("not utf-8", None, "save it as UTF-8: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW"),
    ("converting column", None, "mend that value, or give the column texts only"),
    ("Malformed JSON", None, "write one whole JSON object on each line"),
    ("Out of Memory", None, _ROOM),
    ("max_temp_directory_size", None, _ROOM),
    ("No space left", None, _ROOM),
    ("File too large", None, _ROOM),
)  # fmt: skip
"""What DuckDB says in the case, what we say instead if that says it better, and what mends it."""


def told(error: Exception) -> tuple[str, str | None]:
    """The reason, and what mends it where that is known.

    Without the rows that the engine quotes, which may hold what nobody should see, and without
    the folders of the machine.
    """
    said = _reason(error)
    for seen, better, mend in _SEEN:
        if seen in said:
            return better or said, mend
    return said, None


def _reason(error: Exception) -> str:
    lines: list[str] = []
    for line in plain(str(error)).splitlines():
        if line.startswith(_NOISE) or not line.strip():
            break
        if not line.startswith("Original Line"):
            lines.append(line.strip())
    said = _KIND.sub("", " ".join(lines))
    said = _QUOTED.sub(lambda found: os.path.basename(found[2]), said)
    return said[:500] or type(error).__name__
