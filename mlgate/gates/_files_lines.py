"""Rules of the `files` gate on the lines of a text: whitespace, line endings, merge marks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

from mlgate.gates._files_file import File, Found

MOST = 500
"""Findings of one rule in one file that are listed; the rest is named as not judged."""

_BOM = b"\xef\xbb\xbf"
_MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".qmd", ".rmd"})
# There a space or a tab at the end is content: a diff's context line, a table's empty field.
_MEANINGFUL = frozenset({".diff", ".patch", ".tsv", ".csv"})
_LAST = re.compile(rb"[ \t](?=\r?(?:\n|\Z)|\r)")
_QUICK = (b" \n", b"\t\n", b" \r", b"\t\r")
_BREAK = re.compile(rb"\r\n|\n|\r")
_MARK = re.compile(rb"^(?:<{7}|>{7})(?: [^\r\n]*)?\r?$|^={7}\r?$", re.MULTILINE)
_ENDINGS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}


def trailing_whitespace(file: File) -> Iterator[Found]:
    """Lines that end in blanks; Markdown's two-space line break is none."""
    raw = file.raw
    if file.suffix in _MEANINGFUL:
        return
    if not raw.endswith((b" ", b"\t")) and not any(blank in raw for blank in _QUICK):
        return
    line, position, listed = 1, 0, 0
    for match in _LAST.finditer(raw):
        line += raw.count(b"\n", position, match.start())
        position = match.start()
        if file.suffix in _MARKDOWN and _is_break(raw, match.end()):
            continue
        listed += 1
        if listed > MOST:
            yield Found("not-judged", line, "trailing whitespace from this line on is not listed")
            return
        yield Found("trailing-whitespace", line, "whitespace at the end of the line")


def _is_break(raw: bytes, end: int) -> bool:
    """True if the line that ends at `end` has content and exactly two spaces after it."""
    start = max(raw.rfind(b"\n", 0, end), raw.rfind(b"\r", 0, end)) + 1
    content = raw[start:end].rstrip(b" \t")
    return bool(content) and raw[start + len(content) : end] == b"  "


def end_of_file(file: File) -> Iterator[Found]:
    """A text that ends in no newline, or in more than one."""
    raw = file.raw
    if not raw:
        return
    if not raw.endswith((b"\n", b"\r")):
        yield Found("end-of-file", file.line_at(len(raw)), "no newline at the end of the file")
    elif _ended(raw) != raw:
        kept = len(raw.rstrip(b"\r\n"))
        yield Found("end-of-file", file.line_at(kept) + bool(kept), "blank lines at the end")


def mixed_line_ending(file: File, wanted: str) -> Iterator[Found]:
    """Lines that end in more than one way, or in another than `wanted`."""
    counts = _endings(file.raw)
    if wanted != "auto":
        others = [name for name, count in counts.items() if count and name != wanted]
        if others:
            names = " and ".join(name.upper() for name in others)
            yield Found("mixed-line-ending", None, f"lines end in {names}, not {wanted.upper()}")
    elif sum(count > 0 for count in counts.values()) > 1:
        seen = ", ".join(f"{count:,} {name.upper()}" for name, count in counts.items() if count)
        yield Found("mixed-line-ending", None, f"line endings are mixed: {seen}")


def _endings(raw: bytes) -> dict[str, int]:
    crlf = raw.count(b"\r\n")
    return {"lf": raw.count(b"\n") - crlf, "crlf": crlf, "cr": raw.count(b"\r") - crlf}


def byte_order_mark(file: File) -> Iterator[Found]:
    """A UTF-8 byte-order mark."""
    if file.raw.startswith(_BOM):
        yield Found("byte-order-mark", 1, "the file starts with a byte-order mark")


def merge_conflict(file: File) -> Iterator[Found]:
    """Git's marks: an opening or a closing one together with its partner or a separator.

    Seven `=` alone underline a title, and a quoted `>>>>>>>` alone is somebody's mail.
    """
    raw = file.raw
    if b"<<<<<<<" not in raw and b">>>>>>>" not in raw:
        return
    marks = [(match[0][:1], match.start()) for match in _MARK.finditer(raw)]
    before = b""
    for (kind, offset), (after, _) in pairwise(marks):
        opens = kind == b"<" and after != b"<"
        closes = kind == b"=" and after == b">" and before != b"<"
        if opens or closes:
            yield Found("merge-conflict", file.line_at(offset), "unresolved merge conflict")
        before = kind


def mended(raw: bytes, suffix: str, rules: Collection[str], wanted: str) -> bytes:
    """`raw` as the rules that are on would have it; all else stays byte for byte."""
    if "byte-order-mark" in rules:
        raw = raw.removeprefix(_BOM)
    if "mixed-line-ending" in rules:
        raw = _with_ending(raw, wanted)
    if "trailing-whitespace" in rules and suffix not in _MEANINGFUL:
        raw = _stripped(raw, suffix in _MARKDOWN)
    if "end-of-file" in rules:
        raw = _ended(raw)
    return raw


def _with_ending(raw: bytes, wanted: str) -> bytes:
    counts = _endings(raw)
    if wanted == "auto":
        if sum(count > 0 for count in counts.values()) < 2:
            return raw
        wanted = max(counts, key=lambda name: counts[name])
    return _BREAK.sub(_ENDINGS[wanted], raw)


def _stripped(raw: bytes, markdown: bool) -> bytes:
    lines = re.split(rb"(\r\n|\n|\r)", raw)
    for index in range(0, len(lines), 2):
        bare = lines[index].rstrip(b" \t")
        if markdown and bare and lines[index].endswith(b"  "):
            bare += b"  "
        lines[index] = bare
    return b"".join(lines)


def _ended(raw: bytes) -> bytes:
    """`raw` with exactly one line ending at its end, of the kind it uses; blank text is empty."""
    content = raw.rstrip(b"\r\n")
    if not content:
        return b""
    first = _BREAK.match(raw, len(content))
    if first is None:
        any_break = _BREAK.search(raw)
        return content + (any_break[0] if any_break else b"\n")
    return content + first[0]
