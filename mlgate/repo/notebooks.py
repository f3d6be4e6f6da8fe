"""Notebooks as Python: a view of all code cells with a line map, and the way back."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mlgate.core.errors import GateError
from mlgate.repo._cells import Marks, python
from mlgate.repo.git import encoded
from mlgate.scratch import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlgate.core.snapshot import Snapshot

_LIMIT = 64 << 20
_SEPARATOR = re.compile(r"^# %% mlgate cell (\d+)\n", re.MULTILINE)


class Broken(NamedTuple):
    """Why a file is no notebook that can be read."""

    reason: str
    line: int | None = None


class Cell(NamedTuple):
    """A code cell."""

    number: int
    """Counted from 1 over all cells, text cells too."""
    source: str
    start: int
    """The line of the view on which its first line stands."""
    view: str
    """Its source as the view holds it."""


class Notebook:
    """All code cells of a notebook as one Python module."""

    def __init__(self, language: str, cells: tuple[Cell, ...], source: str, marks: Marks) -> None:
        self.language = language
        """`python`, or what the kernel runs instead; the view is then empty."""
        self.cells = cells
        self.source = source
        self._marks = marks
        self._starts = [cell.start for cell in cells]

    def locate(self, line: int) -> tuple[int, int]:
        """The cell and the line in it, both from 1, of a line of the view."""
        if not self.cells:
            return 1, 1
        cell = self.cells[max(0, bisect_right(self._starts, line) - 1)]
        inside = line - cell.start + 1
        return cell.number, min(max(1, inside), cell.source.count("\n") + 1)

    def edited(self, source: str) -> dict[int, str]:
        """Cell number to new source, of the cells that differ in an edited view.

        A cell whose IPython magic the edit tore apart stays as it is.
        Raises `GateError` if the view does not hold the same cells any more.
        """
        parts = _SEPARATOR.split(source)[1:]
        numbers = [int(number) for number in parts[::2]]
        if numbers != [cell.number for cell in self.cells]:
            raise GateError("the tool did not leave the notebook's cells in place")
        found = {}
        for cell, part in zip(self.cells, parts[1::2], strict=True):
            text = part.strip("\n")
            if text != cell.view.strip("\n"):
                restored = self._marks.restored(text, cell.view)
                if restored is not None:
                    ending = "\n" if cell.source.endswith("\n") else ""
                    found[cell.number] = restored + ending
        return found


def view(raw: bytes) -> Notebook | Broken:
    """The notebook in `raw` as Python; never raises, whatever the bytes are."""
    found = _decoded(raw)
    if isinstance(found, Broken):
        return found
    language = _language(found)
    marks = Marks()
    cells = []
    text: list[str] = []
    line = 1
    for number, cell in enumerate(found["cells"] if language == "python" else (), 1):
        source = _source(cell)
        if source is None:
            return Broken(f"cell {number} has no readable source")
        if cell.get("cell_type") != "code" or _foreign(cell):
            continue
        shown = python(source, marks)
        gap = "\n\n" if text else ""
        line += len(gap) + 1
        cells.append(Cell(number, source, line, shown))
        ending = "" if shown.endswith("\n") or not shown else "\n"
        text.append(f"{gap}# %% mlgate cell {number}\n{shown}{ending}")
        line += shown.count("\n") + len(ending)
    return Notebook(language, tuple(cells), "".join(text), marks)


class Views(NamedTuple):
    """Notebooks laid out as Python files."""

    folder: str
    """Holds `PATH.py` for every notebook PATH."""
    notebooks: dict[str, Notebook]
    broken: dict[str, Broken]


def lay_out(snapshot: Snapshot, paths: Iterable[str]) -> Views:
    """Write the views of the notebooks at `paths` into a private folder."""
    views = Views(private_folder(), {}, {})
    for path in paths:
        found = view(snapshot.read(path))
        if isinstance(found, Broken):
            views.broken[path] = found
            continue
        views.notebooks[path] = found
        target = os.path.join(views.folder, f"{path}.py")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "xb") as file:
            file.write(encoded(found.source))
    return views


def rewrite(raw: bytes, sources: Mapping[int, str]) -> bytes:
    """`raw` with new sources for the cells named by number; every other byte stays.

    Raises `GateError` where a cell is not there.
    """
    text = raw.decode("utf-8")
    ascii_only = text.isascii() and bool(re.search(r"\\u0*[89a-f][0-9a-f]", text, re.IGNORECASE))
    spans = _source_spans(text)
    for number in sorted(sources, reverse=True):
        if number not in spans:
            raise GateError(f"the notebook has no cell {number} with a source")
        start, end = spans[number]
        text = text[:start] + _formatted(sources[number], text[start:end], ascii_only) + text[end:]
    return text.encode("utf-8")


def _decoded(raw: bytes) -> dict[str, Any] | Broken:
    if len(raw) > _LIMIT:
        return Broken(f"larger than {_LIMIT >> 20} MiB, not read")
    try:
        found = msgspec.json.decode(raw)
    except RecursionError:
        return Broken("nested too deeply")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        at = re.search(r"byte (\d+)", str(error))
        line = raw.count(b"\n", 0, int(at[1])) + 1 if at else None
        return Broken(f"not valid JSON: {error}", line)
    if not isinstance(found, dict):
        return Broken("not a notebook: no JSON object")
    major = found.get("nbformat")
    if isinstance(major, int) and major < 4:
        return Broken(
            f"nbformat {major} is too old; convert it with: "
            "jupyter nbconvert --to notebook --inplace FILE"
        )
    if not isinstance(found.get("cells"), list):
        return Broken("not a notebook: no list of cells")
    return found


def _language(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    for table, key in (("language_info", "name"), ("kernelspec", "language")):
        found = metadata.get(table) if isinstance(metadata, dict) else None
        name = found.get(key) if isinstance(found, dict) else None
        if isinstance(name, str) and name:
            return "python" if name.lower() in ("python", "ipython", "xpython") else name.lower()
    return "python"


def _foreign(cell: dict[str, Any]) -> bool:
    """True for a cell that an editor marks as another language."""
    metadata = cell.get("metadata")
    found = metadata.get("vscode") if isinstance(metadata, dict) else None
    language = found.get("languageId") if isinstance(found, dict) else None
    return isinstance(language, str) and language != "python"


def _source(cell: Any) -> str | None:
    source = cell.get("source") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    return source.replace("\r\n", "\n").replace("\r", "\n")


_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+')


def _source_spans(text: str) -> dict[int, tuple[int, int]]:
    """Cell number to where the value of its `source` stands in the JSON text."""
    spans: dict[int, tuple[int, int]] = {}
    depth = cell = 0
    in_cells = is_source = False
    key, previous, start = "", "", -1
    for token in _JSON.finditer(text):
        mark = token[0]
        if mark in ("{", "["):
            in_cells = in_cells or (depth == 1 and mark == "[" and key == '"cells"')
            if depth == 2 and in_cells and mark == "{":
                cell += 1
            if depth == 3 and is_source:
                start = token.start()
            depth += 1
        elif mark in ("}", "]"):
            depth -= 1
            if depth == 3 and start >= 0:
                spans[cell] = (start, token.end())
                start, is_source = -1, False
            if depth == 1:
                in_cells = False
        elif mark == ":":
            key = previous if depth <= 3 else key
            is_source = in_cells and depth == 3 and key == '"source"'
        elif is_source and depth == 3 and mark.startswith('"'):
            spans[cell] = token.span()
            is_source = False
        previous = mark
    return spans


def _formatted(source: str, old: str, ascii_only: bool) -> str:
    """`source` as JSON in the form of `old`: one string, or a list with its line breaks."""
    import json

    if old.startswith('"'):
        return json.dumps(source, ensure_ascii=ascii_only)
    lines = [json.dumps(line, ensure_ascii=ascii_only) for line in source.splitlines(True)]
    if not lines:
        return "[]"
    shape = re.match(r'\[(\s*)"', old)
    end = re.search(r'"(\s*)\]$', old)
    before, after = (shape[1], end[1]) if shape and end else ("", "")
    between = before if "\n" in before else " "
    return f"[{before}{f',{between}'.join(lines)}{after}]"
