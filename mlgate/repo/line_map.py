"""Git's own word on which lines of a file stood in another snapshot, and where."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlgate.repo.git import Repository
    from mlgate.repo.stored import Stored
    from mlgate.repo.work_tree import WorkTree

_LONGEST = 60_000
_BEHIND = 1 << 62
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abfnrtv"\\])')
_ESCAPED = {
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
    b'"': b'"',
    b"\\": b"\\",
}


class LineMap:
    """Where the unchanged lines of one file stood before, and where those of before stand now."""

    def __init__(self, source: str = "") -> None:
        self.source = source
        """The file's path at the base; another one where it was renamed."""
        self._old: list[tuple[int, int]] = []
        self._new: list[tuple[int, int]] = []

    def add(self, old: int, old_count: int, new: int, new_count: int) -> None:
        """A hunk, in the order of the file, numbered as in `git diff -U0`."""
        # Without lines of its own a hunk's side is numbered by the line before it.
        for side, first, count in ((self._old, old, old_count), (self._new, new, new_count)):
            start = first if count else first + 1
            side.append((start, start + count))

    def old(self, line: int) -> int | None:
        """The line's number at the base; None if the change made or altered it."""
        return _across(self._new, self._old, line)

    def new(self, line: int) -> int | None:
        """The number today of a line of the base; None if the change removed or altered it."""
        return _across(self._old, self._new, line)


def _across(here: list[tuple[int, int]], there: list[tuple[int, int]], line: int) -> int | None:
    """From one side of the hunks to the other."""
    at = bisect_right(here, (line, _BEHIND)) - 1
    if at < 0:
        return line
    end = here[at][1]
    return None if line < end else there[at][1] + (line - end)


def line_maps(
    repo: Repository, base: str, subject: WorkTree | Stored, sources: Mapping[str, str]
) -> dict[str, LineMap]:
    """The maps of the changed files that `sources` names, each with its path in the commit `base`.

    Files are left out that git pairs otherwise, or does not know: there is no map to be trusted.
    """
    cached = ("--cached",) if subject.kind == "index" else ()
    commit = (subject.commit,) if subject.kind == "commit" and subject.commit else ()
    maps: dict[str, LineMap] = {}
    for batch in _batches(sources):
        out = repo.git(
            *("diff", "--unified=0", "--inter-hunk-context=0", "--find-renames", "--no-color"),
            *("--no-ext-diff", "--no-textconv", "--text", "--diff-algorithm=histogram"),
            *("--src-prefix=a/", "--dst-prefix=b/", "--diff-filter=MRT", "--no-indent-heuristic"),
            *("--ignore-submodules=all", *cached, base, *commit, "--", *batch),
        )
        maps.update(_read(out))
    return {path: found for path, found in maps.items() if sources.get(path) == found.source}


def _batches(sources: Mapping[str, str]) -> Iterator[list[str]]:
    """Paths of both sides, as many at once as a command line holds."""
    batch: dict[str, None] = {}
    length = 0
    for path, source in sources.items():
        batch |= {path: None, source: None}
        length += len(path) + len(source)
        if length > _LONGEST:
            yield list(batch)
            batch, length = {}, 0
    if batch:
        yield list(batch)


def _read(patch: bytes) -> dict[str, LineMap]:
    maps: dict[str, LineMap] = {}
    source: bytes | None = None
    current: LineMap | None = None
    left = [0, 0]  # lines of the hunk's two sides still to come
    for line in patch.split(b"\n"):
        if left[0] and line[:1] == b"-":
            left[0] -= 1
        elif left[1] and line[:1] == b"+":
            left[1] -= 1
        elif line.startswith(b"diff --git "):
            source, current = None, None
        elif line.startswith(b"rename from "):
            source = _unquoted(line[12:])
        elif line.startswith(b"rename to "):
            current = maps.setdefault(_path(_unquoted(line[10:])), LineMap(_path(source or b"")))
        elif line.startswith(b"--- "):
            source = source or _unquoted(line[4:])[2:]
        elif line.startswith(b"+++ "):
            current = maps.setdefault(_path(_unquoted(line[4:])[2:]), LineMap(_path(source or b"")))
        elif current is not None and (hunk := _HUNK.match(line)):
            old, old_count, new, new_count = (int(g) if g else 1 for g in hunk.groups())
            current.add(old, old_count, new, new_count)
            left = [old_count, new_count]
    return maps


def _unquoted(name: bytes) -> bytes:
    """A name as git writes it in a patch: odd bytes escaped between quotes, a tab after a space."""
    name = name.rstrip(b"\t")
    if not name.startswith(b'"'):
        return name
    return _ESCAPE.sub(_unescaped, name[1:-1])


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return _ESCAPED[code] if code in _ESCAPED else bytes([int(code, 8)])


def _path(name: bytes) -> str:
    return os.fsdecode(name)
