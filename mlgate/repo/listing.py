"""Reads what `git ls-files` says of index and work tree, as late and as little as possible."""

from __future__ import annotations

from typing import NamedTuple

from mlgate.core.patterns import later
from mlgate.core.snapshot import Entry
from mlgate.repo.git import Asked, Repository, decoded

_SPECIAL = later(rb"\0([^H][^\0]*)")


class Record(NamedTuple):
    """One line of `git ls-files -s -v`: its tag, and the index entry (None if untracked)."""

    tag: str
    path: str
    entry: Entry | None
    stage: str


class Listing:
    """The raw answer of one `git ls-files`, and what it says once it is asked for.

    With `work_tree` it names, beside every index entry, the files whose content differs from the
    index (`C`) and, with `untracked`, those that git neither tracks nor ignores (`?`). One process
    instead of `ls-files` and `diff-files`: the index is read once, and files that were touched but
    are equal do not appear.
    """

    def __init__(
        self, repo: Repository, *, work_tree: bool = False, untracked: bool = False
    ) -> None:
        self._width = 64 if repo.object_format == "sha256" else 40
        differing = ("-m",) if work_tree else ()
        others = ("-o", "--exclude-standard") if untracked else ()
        self._asked: Asked = repo.start("ls-files", "-s", "-v", "-c", *differing, *others, "-z")

    @property
    def raw(self) -> bytes:
        """Git's words, unparsed."""
        return self._asked.read()

    def special(self) -> list[Record]:
        """All records but those of plain entries (`H`)."""
        raw = self.raw
        if raw.count(b"\0H ") + raw.startswith(b"H ") == raw.count(b"\0"):
            return []
        return [self._record(decoded(match)) for match in _SPECIAL.findall(b"\0" + raw)]

    def plain(self) -> dict[str, Entry]:
        """Path to index entry, of every plain entry; those that differ are in it too."""
        end = 9 + self._width
        start = end + 3
        return {
            line[start:]: Entry(line[2:8], line[9:end])
            for line in decoded(self.raw).split("\0")
            if line[:2] == "H "
        }

    def _record(self, line: str) -> Record:
        if line[0] == "?":
            return Record("?", line[2:], None, "0")
        end = 9 + self._width
        return Record(line[0], line[end + 3 :], Entry(line[2:8], line[9:end]), line[end + 1])
