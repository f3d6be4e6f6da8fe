"""Makes IPython's cell source plain Python: what only IPython understands becomes a mark."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Cell magics whose body is Python that runs in the notebook's own namespace.
_PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun", "lprun"})
_MAGIC = re.compile(r"[ \t]*(?:[!%?]|[^#\n]*[^\s?#]\?{1,2}[ \t]*\Z)")
_ASSIGNED = re.compile(r"[ \t]*([\w.,\[\]'\"*() \t]+?)[ \t]*=[ \t]*[!%](?!=)")
_STARTS = re.compile(rf"(?:[ \t]*[!%?]|{_ASSIGNED.pattern})(?:\\\n|[^\n])*")
_TIMED = re.compile(r"%(?:time|timeit)\s+(?=[^-\s])")
_TOKEN = re.compile(
    r"""(?P<triple>[\"]{3}|[']{3})|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
    r"""|\#[^\n]*|(?P<open>[\[({])|(?P<close>[\])}])|\\\n|.""",
    re.DOTALL,
)
_MARK = re.compile(r"([ \t]*)(?:(.*)  )?# mlgate (\d+)")


class Marks:
    """What was taken out of a notebook, by number, so that it can be put back."""

    def __init__(self) -> None:
        self._texts: list[tuple[str, bool]] = []

    def put(self, line: str, statement: str = "") -> str:
        """A line of Python that stands for `line`: a comment, after `statement` if there is one."""
        text = line.lstrip()
        return self._put(line[: len(line) - len(text)], text, statement, False)

    def put_before(self, indent: str, start: str, statement: str) -> str:
        """A line that keeps `statement`, which `start` stood before."""
        return self._put(indent, start, statement, True)

    def _put(self, indent: str, text: str, statement: str, kept: bool) -> str:
        self._texts.append((text, kept))
        gap = "  " if statement else ""
        return f"{indent}{statement}{gap}# mlgate {len(self._texts) - 1}"

    def restored(self, text: str, view: str) -> str | None:
        """`text`, an edited `view`, with every mark replaced by what it stands for, indented as
        the mark is; None where the edit lost a mark or broke what it belongs to."""
        lines, found = [], []
        for line in text.split("\n"):
            mark = _MARK.fullmatch(line)
            if mark is None or int(mark[3]) >= len(self._texts):
                lines.append(line)
                continue
            original, kept = self._texts[int(mark[3])]
            if kept and not _parses(mark[2] or "("):
                return None
            found.append(mark[3])
            lines.append(mark[1] + original + (mark[2] if kept else ""))
        wanted = [mark[3] for mark in map(_MARK.fullmatch, view.split("\n")) if mark]
        return "\n".join(lines) if found == wanted else None


def python(source: str, marks: Marks) -> str:
    """`source` with as many lines, all of them Python."""
    if not re.search(r"^\s*[!%?]|\?\s*$|=\s*[!%]", source, re.MULTILINE) or _parses(source):
        return source
    first, _, rest = source.partition("\n")
    if first.startswith("%%"):
        name = (first[2:].split() or [""])[0]
        if name not in _PYTHON_MAGICS:
            return "\n".join(marks.put(line) for line in source.split("\n"))
        head = marks.put(first)
        return f"{head}\n{python(rest, marks)}" if rest else head
    return "\n".join(_line(line, marks) for line in _logical_lines(source))


def _parses(source: str) -> bool:
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _line(logical: str, marks: Marks) -> str:
    """One logical line, which may be several physical ones."""
    assigned = _ASSIGNED.match(logical)
    if not assigned and not _MAGIC.match(logical):
        return logical
    first, *rest = logical.split("\n")
    text = first.lstrip()
    indent = first[: len(first) - len(text)]
    timed = _TIMED.match(text)
    if timed and not rest and _parses(text[timed.end() :]):
        return marks.put_before(indent, timed[0], text[timed.end() :])
    statement = f"{assigned[1].strip()} = None" if assigned else "pass" if indent else ""
    return "\n".join([marks.put(first, statement), *(marks.put(line) for line in rest)])


def _logical_lines(source: str) -> Iterator[str]:
    """Physical lines, joined where a string, a bracket or a backslash goes on."""
    start = 0
    while True:
        end = _end_of_line(source, start)
        yield source[start:end]
        if end >= len(source):
            return
        start = end + 1


def _end_of_line(source: str, start: int) -> int:
    """Where the logical line that begins at `start` ends."""
    magic = _STARTS.match(source, start)
    if magic:
        return magic.end()
    depth, position = 0, start
    while position < len(source):
        token = _TOKEN.match(source, position)
        if token is None or (token[0] == "\n" and depth == 0):
            break
        position = token.end()
        if token["triple"]:
            closing = re.compile(rf"(?s)(?:[^\\]|\\.)*?{token['triple']}").match(source, position)
            position = closing.end() if closing else len(source)
        elif token["open"]:
            depth += 1
        elif token["close"]:
            depth = max(0, depth - 1)
    return position
