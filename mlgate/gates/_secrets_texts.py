"""What is scanned for secrets: a file's text, a notebook's cells and what their runs left."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from mlgate.gates import _notebook_json as nb

LIMIT = 5_000_000
"""Characters of one text that are scanned in good time."""
_DATA_URI = re.compile(r"data:[\w/+.-]{1,80};base64,[A-Za-z0-9+/=]+")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# Text that people read, where a random-looking string may be a key; others hold ids and images.
_READ = ("text/plain", "text/markdown", "text/latex")
_ALSO = ("text/html", "application/json", "application/javascript")


class Part(NamedTuple):
    """A text, and where in its file it stands."""

    text: str
    ending: str
    """What is put after the path, to tell the detectors the language."""
    cell: int | None = None
    where: str = ""
    """In words, for what is no line of source: `output`, `metadata`."""
    entropy: bool = True


def parts(path: str, raw: bytes) -> Iterator[Part]:
    """The texts of a file; a notebook that cannot be parsed is scanned as it stands."""
    if path.endswith(".ipynb"):
        try:
            yield from _notebook(nb.parsed(raw))
            return
        except nb.Unreadable:
            pass
    yield Part(decoded(raw), "")


def decoded(raw: bytes) -> str:
    """Text of any encoding: UTF-16 by its mark, else UTF-8, else every byte a character."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def is_binary(raw: bytes) -> bool:
    """True for what is no text in any encoding we read."""
    marked = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return not marked and raw.find(b"\0", 0, 8192) >= 0


def _notebook(notebook: dict[str, Any]) -> Iterator[Part]:
    for number, cell in enumerate(nb.cells(notebook), 1):
        source = nb.text_of(cell.get("source", cell.get("input", "")))
        ending = ".py" if cell["cell_type"] == "code" else ".md"
        yield Part(_DATA_URI.sub("data:", source), ending, number)
        for output in cell.get("outputs", []):
            for text, entropy in _output(output):
                shown = _DATA_URI.sub("data:", _COLOUR.sub("", text))
                yield Part(shown, ".txt", number, "output", entropy)
        yield from _metadata(cell.get("metadata"), number)
    yield from _metadata(notebook.get("metadata"), None)


def _output(output: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    import json

    yield nb.text_of(output.get("text")), True
    yield nb.text_of(output.get("evalue")), True
    trace = output.get("traceback")
    lines = trace if isinstance(trace, list) else []
    yield "\n".join(line for line in lines if isinstance(line, str)), True
    data = output.get("data")
    if not isinstance(data, dict):
        return
    for mime in (*_READ, *_ALSO):
        value = data.get(mime)
        text = json.dumps(value, indent=0) if isinstance(value, dict) else nb.text_of(value)
        yield text, mime in _READ


def _metadata(metadata: Any, cell: int | None) -> Iterator[Part]:
    """Parameters of runs are kept there, among much that looks random."""
    import json

    if isinstance(metadata, dict) and metadata:
        yield Part(json.dumps(metadata, indent=0), ".json", cell, "metadata", entropy=False)
