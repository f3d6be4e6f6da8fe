"""A notebook as its JSON: read with bounds, and written back in the form it was written in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_INDENT = re.compile(r"\A\s*\{\r?\n([ \t]+)\"")


class Unreadable(Exception):
    """What is wrong with a notebook, and in which line of its JSON."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def parsed(raw: bytes) -> dict[str, Any]:
    """The notebook's JSON. Raises `Unreadable` for what is no notebook."""
    import json

    try:
        notebook = json.loads(raw)
    except json.JSONDecodeError as error:
        raise Unreadable(f"not JSON: {error.msg} (column {error.colno})", error.lineno) from None
    except UnicodeDecodeError:
        raise Unreadable("not JSON: the text is no UTF-8") from None
    except RecursionError:
        raise Unreadable("nested too deeply to be a notebook") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        raise Unreadable("not a notebook: there is no `nbformat`")
    for number, cell in enumerate(cells(notebook), 1):
        if not _is_cell(cell):
            raise Unreadable(f"cell {number} is not what a notebook's cell must be")
    return notebook


def cells(notebook: dict[str, Any]) -> Iterator[Any]:
    """All cells in order, also of the format before version 4."""
    sheets = [notebook] if "cells" in notebook else notebook.get("worksheets")
    if not isinstance(sheets, list):
        raise Unreadable("not a notebook: there are no `cells`")
    for sheet in sheets:
        inside = sheet.get("cells") if isinstance(sheet, dict) else None
        if not isinstance(inside, list):
            raise Unreadable("not a notebook: `cells` is no list")
        yield from inside


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        return False
    outputs, metadata = cell.get("outputs", []), cell.get("metadata", {})
    source = cell.get("source", cell.get("input", ""))
    return (
        isinstance(source, str | list)
        and isinstance(metadata, dict)
        and isinstance(outputs, list)
        and all(isinstance(output, dict) for output in outputs)
    )


def text_of(value: Any) -> str:
    """A multi-line string of the notebook format: one string, or a list of lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def written(notebook: dict[str, Any], like: bytes) -> bytes:
    """The notebook as JSON, with the indent, escapes and line endings of the bytes `like`."""
    import json

    text = like.decode("utf-8-sig", "replace")
    indent = _INDENT.match(text)
    separators = (",", ": ") if indent else (",", ":") if '": ' not in text[:200] else (", ", ": ")
    escapes = like.isascii() and "\\u" in text
    result = json.dumps(
        notebook,
        indent=indent[1] if indent else None,
        separators=separators,
        ensure_ascii=escapes,
    )
    result += text[len(text.rstrip("\r\n")) :].replace("\r\n", "\n")
    if b"\r\n" in like:
        result = result.replace("\n", "\r\n")
    mark = b"\xef\xbb\xbf" if like.startswith(b"\xef\xbb\xbf") else b""
    try:
        return mark + result.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can hold
        return mark + json.dumps(notebook, indent=indent[1] if indent else None).encode() + b"\n"
