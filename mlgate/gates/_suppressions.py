"""Comments that hide findings: found by Python's tokenizer, compared with the base's."""

from __future__ import annotations

import io
import os
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Entry, Snapshot

_SUFFIXES = (".py", ".pyi", ".pyw", ".ipynb")
_CANDIDATE = re.compile(
    rb"#.*(noqa|nosec|type:\s*ignore|pyright:\s*ignore|pylint:\s*(disable|skip)|allowlist)", re.I
)
# Each as its tool reads it; the group is what it names.
_KINDS = {
    "noqa": re.compile(
        r"#\s*(?:flake8[:=]\s*|ruff:\s*)?noqa\b(?::\s*(?P<rules>[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*))?",
        re.IGNORECASE,
    ),
    "nosec": re.compile(
        r"#\s*nosec\b:?[ \t]*(?P<rules>(?:B\d{3}|[a-z]+(?:_[a-z]+)+)"
        r"(?:[\s,]+(?:B\d{3}|[a-z]+(?:_[a-z]+)+))*)?",
        re.IGNORECASE,
    ),
    "type-ignore": re.compile(r"#\s*(?:type|pyright):\s*ignore\b(?:\[(?P<rules>[^\]]+)\])?"),
    "pylint": re.compile(
        r"#\s*pylint:\s*(?:skip-file|disable(?:-next)?\s*=\s*(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*))"
    ),
    "allowlist": re.compile(r"#?\s*pragma:\s*(?P<rules>allowlist\s+(?:nextline\s+)?secret)", re.I),
}
_SAMPLE = {
    "noqa": "# noqa: E501  why",
    "nosec": "# nosec B101 - why",
    "type-ignore": "# type: ignore[arg-type]  # why",
    "pylint": "# pylint: disable=broad-except  # why",
    "allowlist": "# pragma: allowlist secret  why",
}
_EVERYTHING = frozenset({"all"})


class Suppression(Struct, frozen=True, kw_only=True):
    """One comment that hides findings."""

    kind: str
    path: str
    line: int
    cell: int | None = None
    text: str
    """The suppression as it is written, without the reason."""
    rules: str
    reason: str
    source: str
    """The whole line, normalised."""

    @property
    def fault(self) -> str | None:
        """What it lacks."""
        if not self.rules or self.rules.lower() in _EVERYTHING:
            return "names no rule, so it hides all that is said of its place"
        return None if self.reason else "gives no reason"

    @property
    def mend(self) -> str:
        """How such a comment is written."""
        return f"correct what it hides, or say what and why: `{_SAMPLE[self.kind]}`"


def _may_suppress(path: str, entry: Entry) -> bool:
    """True for a source, and for a program whose first line may say that it is one."""
    return entry.is_file and (path.endswith(_SUFFIXES) or entry.is_program(path))


def changed(ctx: Context) -> tuple[str, ...]:
    """The sources that the base has not, or has otherwise; none without a base."""
    if ctx.base is None:
        return ()
    files, old = ctx.subject.files, ctx.base.files
    return tuple(
        path
        for path in ctx.files
        if _may_suppress(path, files[path]) and old.get(path) != files[path]
    )


def new(ctx: Context, paths: Iterable[str]) -> list[Suppression]:
    """Suppressions in the changed files `paths` whose line did not stand at the base, there or
    elsewhere in what the change touches."""
    if ctx.base is None:
        return []
    found = [one for path in paths for one in _read(path, ctx.subject.read(path))]
    maps = ctx.lines() if found else {}
    open_ = []
    taken: set[tuple[str, int]] = set()
    for one in found:
        lines = maps.get(one.path)
        line = lines.old(one.line) if lines and one.cell is None else None
        if lines and line is not None:
            taken.add((lines.source, line))
        else:
            open_.append(one)
    if not open_:
        return []
    there = Counter(
        (old.kind, old.source) for old in _at_base(ctx) if (old.path, old.line) not in taken
    )
    return [one for one in open_ if not _moved(one, there)]


def _moved(one: Suppression, there: Counter[tuple[str, str]]) -> bool:
    """True if an equal line is left at the base; it then counts as used up."""
    if not there[one.kind, one.source]:
        return False
    there[one.kind, one.source] -= 1
    return True


def _at_base(ctx: Context) -> Iterator[Suppression]:
    """Those of the base in the files that the change touches."""
    base: Snapshot | None = ctx.base
    if base is None:
        return
    files = ctx.subject.files
    paths = [
        path
        for path, entry in base.files.items()
        if _may_suppress(path, entry) and files.get(path) != entry
    ]
    root = os.fspath(base.root(paths)) if paths else ""
    for path in paths:
        with open(os.path.join(root, *path.split("/")), "rb") as file:
            yield from _read(path, file.read())


def _read(path: str, content: bytes) -> list[Suppression]:
    if not _CANDIDATE.search(content) or not (path.endswith(_SUFFIXES) or content[:2] == b"#!"):
        return []
    if path.endswith(".ipynb"):
        return _in_notebook(path, content)
    lines = content.decode("utf-8", "replace").splitlines()
    return list(_in_source(path, content, lines))


def _in_notebook(path: str, content: bytes) -> list[Suppression]:
    from msgspec.structs import replace

    from mlgate.repo import notebooks

    book = notebooks.view(content)
    if isinstance(book, notebooks.Broken):
        return []
    found = []
    source = book.source
    for one in _in_source(path, source.encode("utf-8", "replace"), source.splitlines()):
        cell, line = book.locate(one.line)
        found.append(replace(one, cell=cell, line=line))
    return found


def _in_source(path: str, content: bytes, lines: list[str]) -> Iterator[Suppression]:
    for number, comment in _comments(content, lines):
        source = " ".join(lines[number - 1].split()) if number <= len(lines) else ""
        matches = {kind: m for kind, form in _KINDS.items() if (m := form.search(comment))}
        reason = _reason(comment, [m.span() for m in matches.values()])
        for kind, match in matches.items():
            yield Suppression(
                kind=kind,
                path=path,
                line=number,
                text=" ".join(match[0].split()),
                rules=(match["rules"] or "").strip(),
                reason=reason,
                source=source,
            )


def _reason(comment: str, spans: list[tuple[int, int]]) -> str:
    """What a comment says besides its suppressions."""
    left = "".join(
        char for at, char in enumerate(comment) if not any(a <= at < b for a, b in spans)
    )
    words = " ".join(left.replace("#", " ").split()).strip(" -:;,.—–")
    return words if re.search(r"[^\W\d_]{2}", words) else ""


def _comments(content: bytes, lines: list[str]) -> Iterator[tuple[int, str]]:
    """The comments with their lines; where Python cannot read on, whatever looks like one."""
    last = 0
    try:
        for token in tokenize.tokenize(io.BytesIO(content).readline):
            last = token.start[0]
            if token.type == tokenize.COMMENT:
                yield last, token.string
    except (tokenize.TokenError, SyntaxError, ValueError):
        for number in range(last + 1, len(lines) + 1):
            _, hash_, text = lines[number - 1].partition("#")
            if hash_:
                yield number, hash_ + text
