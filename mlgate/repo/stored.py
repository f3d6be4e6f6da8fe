"""A snapshot of what git stores: the index, or a commit."""

from __future__ import annotations

import functools
import os
import threading
from typing import TYPE_CHECKING, Protocol

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError, RepositoryError, UsageError
from mlgate.core.snapshot import Entry
from mlgate.core.text import counted, shown
from mlgate.repo import content
from mlgate.repo.conversion import Conversion, Settings, conversion, modes_count, settings
from mlgate.repo.git import Asked, Repository, decoded, encoded
from mlgate.repo.layout import Layout
from mlgate.repo.listing import Listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# From so many files on, asking git which are unchanged is cheaper than hashing them.
_MANY = 300
_EMPTY_TREES = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


class _Origin(Protocol):
    """Where the list of files comes from."""

    def identity(self) -> bytes: ...

    def files(self) -> dict[str, Entry]: ...


class Stored:
    """Files that lie unchanged in the work tree are read there, others laid out from git."""

    def __init__(
        self, repo: Repository, kind: str, label: str, commit: str | None, origin: _Origin
    ) -> None:
        self.kind = kind
        """`index` or `commit`."""
        self.label = label
        self.commit = commit
        self._repo = repo
        self._origin = origin
        self._layout = Layout(repo)
        self._links = content.Links(repo.root)
        self._lock = threading.RLock()
        self._in_place: dict[str, bool] = {}

    @property
    def files(self) -> Mapping[str, Entry]:
        """Path to entry."""
        with self._lock:
            return self._files

    @property
    def digest(self) -> bytes:
        """Equal digests mean equal files and equal bytes when checked out; nothing is parsed."""
        with self._lock:
            return digest_of(
                b"stored 1\0%s%s%s"
                % (
                    self._repo.object_format.encode(),
                    self._settings.digest,
                    self._origin.identity(),
                )
            ).digest()

    def read(self, path: str) -> bytes:
        """The bytes of one file. Raises `GateError` where it cannot be read."""
        entry = self._entry(path)
        if entry.mode == "160000":
            raise GateError(f"{shown(path)} is a submodule, not a file")
        with self._lock:
            smudges = self._conversion.smudges
        if smudges:
            return content.read(os.fspath(self.root((path,))), path)
        if not self._links.above(path):
            try:
                raw = content.read(self._repo.root, path)
                if content.blob_id(raw, self._repo.object_format) == entry.id:
                    return raw
            except GateError:
                pass
        return self._from_git(path, entry)

    def place(self, paths: Iterable[str]) -> tuple[list[str], list[str]]:
        """`paths`, parted into those that lie unchanged in the work tree and those that do not."""
        wanted = tuple(paths)
        with self._lock:
            self._compare([path for path in wanted if path not in self._in_place])
        in_place = [path for path in wanted if self._in_place[path]]
        return in_place, [path for path in wanted if not self._in_place[path]]

    def root(self, paths: Iterable[str]) -> str:
        """The repository if all `paths` lie there unchanged, else a private folder."""
        wanted = tuple(paths)
        _, laid_out = self.place(wanted)
        if not laid_out:
            modules = (path for path in wanted if self.files[path].mode != "160000")
            content.check_present(self._repo.root, modules)
            return self._repo.root
        files = self.files
        return self._layout.add({path: files[path] for path in wanted}, self._attributes)

    def _entry(self, path: str) -> Entry:
        entry = self.files.get(path)
        if entry is None:
            raise GateError(f"{shown(path)} is not in the {self.label}")
        return entry

    def _from_git(self, path: str, entry: Entry) -> bytes:
        try:
            return self._repo.git("cat-file", "blob", entry.id)
        except RepositoryError as error:
            raise GateError(f"git cannot read {shown(path)}: {error.message}") from None

    def _compare(self, paths: list[str]) -> None:
        """Settle for each path whether the work tree holds the very bytes git would check out."""
        entries = {path: self._entry(path) for path in paths}
        if self._conversion.smudges:
            self._in_place |= {path: entry.mode == "160000" for path, entry in entries.items()}
            return
        unchanged: Mapping[str, Entry] = {}
        if len(paths) > _MANY and not self._conversion.cleans:
            unchanged = self._unchanged()
        for path, entry in entries.items():
            self._in_place[path] = entry.mode == "160000" or (
                not self._links.above(path)
                and (unchanged.get(path) == entry or self._lies_there(path, entry))
            )

    def _unchanged(self) -> dict[str, Entry]:
        listing = Listing(self._repo, work_tree=True)
        entries = listing.plain()
        for record in listing.special():
            entries.pop(record.path, None)
        return entries

    def _lies_there(self, path: str, entry: Entry) -> bool:
        try:
            found = content.examine(self._repo.root, path, self._repo.object_format)
        except GateError:
            return False
        if found is None or found.id != entry.id:
            return False
        same_kind = found.mode[:3] == entry.mode[:3]
        return found.mode == entry.mode or (same_kind and not modes_count(self._settings))

    @functools.cached_property
    def _files(self) -> dict[str, Entry]:
        return self._origin.files()

    @functools.cached_property
    def _settings(self) -> Settings:
        return settings(self._repo)

    @functools.cached_property
    def _attributes(self) -> dict[str, Entry]:
        return {
            path: entry
            for path, entry in self.files.items()
            if path.endswith(".gitattributes") and entry.is_file
        }

    @functools.cached_property
    def _conversion(self) -> Conversion:
        return conversion(
            self._settings,
            (self._from_git(path, entry) for path, entry in self._attributes.items()),
        )


class Index:
    """What would be committed: the index without what is merely intended to be added."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._listing = Listing(repo)

    def identity(self) -> bytes:
        """Git's raw words, and the names that are to be left out."""
        return self._listing.raw + encoded("\0".join(sorted(self._intended)))

    def files(self) -> dict[str, Entry]:
        """Path to entry. Raises `UsageError` where a merge is unfinished."""
        files = self._listing.plain()
        special = self._listing.special()
        unmerged = sorted({record.path for record in special if record.stage != "0"})
        if unmerged:
            raise UsageError(
                f"{counted(len(unmerged), 'file')} with merge conflicts in the index, "
                f"first {shown(unmerged[0])}",
                "resolve the conflicts, then: git add -- FILE",
            )
        files |= {record.path: record.entry for record in special if record.entry}
        for path in self._intended:
            files.pop(path, None)
        return files

    @functools.cached_property
    def _intended(self) -> frozenset[str]:
        """Paths of `git add --intent-to-add`; only an extended index can hold any."""
        if not self._extended():
            return frozenset()
        empty = _EMPTY_TREES[self._repo.object_format]
        there = self._repo.git(
            *("diff-index", "--cached", "--ita-invisible-in-index"),
            *("--no-renames", "--name-only", "-z", empty, "--"),
        )
        listed = {*self._listing.plain(), *(r.path for r in self._listing.special())}
        return frozenset(listed.difference(decoded(there).split("\0")))

    def _extended(self) -> bool:
        """False where the index's format (version 2, in one piece) has no room for such marks."""
        try:
            with open(self._repo.index_file, "rb") as file:
                version = int.from_bytes(file.read(8)[4:], "big")
        except OSError:
            return False
        if version != 2:
            return True
        return any(name.startswith("sharedindex.") for name in os.listdir(self._repo.git_dir))


class Tree:
    """The files of a commit."""

    def __init__(self, repo: Repository, tree: str) -> None:
        self._tree = tree
        self._width = len(tree)
        self._repo = repo

    def identity(self) -> bytes:
        """The tree's id says it all."""
        return self._tree.encode()

    def files(self) -> dict[str, Entry]:
        """Path to entry."""
        asked: Asked = self._repo.start("ls-tree", "-r", "-z", "--full-tree", self._tree)
        files = {}
        for line in decoded(asked.read()).split("\0")[:-1]:
            start = 14 if line[7] == "c" else 12  # `160000 commit ID` or `100644 blob ID`
            end = start + self._width
            files[line[end + 1 :]] = Entry(line[:6], line[start:end])
        return files
