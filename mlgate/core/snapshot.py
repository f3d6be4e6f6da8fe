"""What a snapshot is to a gate: paths, content ids, and a folder where those bytes lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Entry(NamedTuple):
    """A file's mode and content id, as git writes them."""

    mode: str
    """`100644`, `100755`, `120000` (symbolic link) or `160000` (submodule)."""
    id: str
    """Git's blob id of the content."""

    @property
    def is_file(self) -> bool:
        """True for a regular file: no link, no submodule."""
        return self.mode[:3] == "100"

    def is_program(self, path: str) -> bool:
        """True for an executable file whose name has no ending to tell what it is."""
        return self.mode == "100755" and "." not in path.rpartition("/")[2]


class Snapshot(Protocol):
    """The content that is judged: index, work tree or commit.

    Paths are relative, with forward slashes; bytes that are not UTF-8 are surrogate-escaped.
    """

    @property
    def label(self) -> str: ...

    @property
    def commit(self) -> str | None:
        """The commit it is, or (index, work tree) HEAD's; None on an unborn branch."""

    @property
    def files(self) -> Mapping[str, Entry]: ...

    def root(self, paths: Iterable[str]) -> str:
        """A folder in which exactly these bytes lie under the same relative paths.

        The repository itself where all of them are unchanged there, else a private folder.
        Nobody may write into it. Raises `GateError` where a file cannot be read.
        """

    def read(self, path: str) -> bytes:
        """The bytes of one file. Raises `GateError` where it cannot be read."""
