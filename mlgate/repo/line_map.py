"""Git's own word on which lines of a file stood in another snapshot, and where."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlgate.repo.git import Repository
    from mlgate.repo.stored import Stored
    from mlgate.repo.work_tree import WorkTree

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
    """Where the unchanged lines of one file stood before."""

    def __init__(self, source: str) -> None:
        self.source = source
        """The file's path at the base; another one where it was renamed."""
        self._starts: list[int] = []
        self._hunks: list[tuple[int, int, int]] = []

    def add(self, old: int, old_count: int, new: int, new_count: int) -> None:
        """A hunk, in the order of the file, numbered as in `git diff -U0`."""
        # Without lines of its own a hunk is numbered by the line before it.
        first = new if new_count else new + 1
        after_old = old + old_count if old_count else old + 1
        self._starts.append(first)
        self._hunks.append((first + new_count, after_old, first))

    def old(self, line: int) -> int | None:
        """The line's number at the base; None if the change made or altered it."""
        at = bisect_right(self._starts, line) - 1
        if at < 0:
            return line
        end, after_old, _ = self._hunks[at]
        return None if line < end else after_old + (line - end)


def line_maps(repo: Repository, base: str, subject: WorkTree | Stored) -> Mapping[str, LineMap]:
    """For each file of `subject` that the commit `base` has otherwise, the map to its lines there.

    Files that are new have none.
    """
    cached = ("--cached",) if subject.kind == "index" else ()
    commit = (subject.commit,) if subject.kind == "commit" and subject.commit else ()
    out = repo.git(
        *("diff", "--unified=0", "--find-renames", "--no-color", "--no-ext-diff", "--no-textconv"),
        *("--src-prefix=a/", "--dst-prefix=b/", "--diff-filter=MRT", "--no-indent-heuristic"),
        *("--ignore-submodules=all", *cached, base, *commit, "--"),
    )
    return _read(out)


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
