"""The work tree as a snapshot: tracked files as they lie there, and untracked, unignored ones."""

from __future__ import annotations

import functools
import os
import threading
from typing import TYPE_CHECKING

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.snapshot import Entry
from mlgate.core.text import shown
from mlgate.repo import content
from mlgate.repo.conversion import Conversion, Settings, conversion, modes_count, settings
from mlgate.repo.git import decoded, encoded
from mlgate.repo.layout import Layout
from mlgate.repo.listing import Listing, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlgate.repo.content import Found
    from mlgate.repo.git import Repository

_ENVIRONMENT = "pyvenv.cfg"


class WorkTree:
    """Nothing is parsed before it is asked for; the index is never refreshed."""

    kind = "work tree"

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._listing = Listing(repo, work_tree=True, untracked=True)
        self._links = content.Links(repo.root)
        self._layout = Layout(repo)
        self._lock = threading.RLock()
        self._unreadable: dict[str, GateError] = {}
        self._absent: set[str] = set()
        self._nothing = "0" * (64 if repo.object_format == "sha256" else 40)

    @property
    def commit(self) -> str | None:
        """HEAD's commit; None on an unborn branch."""
        return self._repo.head

    @functools.cached_property
    def label(self) -> str:
        """`work tree`, or `work tree +3 uncommitted`."""
        uncommitted = {path for path in self._examined if self._differs(path)}
        if self._repo.head:
            staged = self._repo.git(
                "diff-index", "--cached", "--no-renames", "--name-only", "-z", "HEAD", "--"
            )
            uncommitted.update(decoded(staged).split("\0")[:-1])
        else:
            uncommitted.update(self.files)
        return f"work tree +{len(uncommitted):,} uncommitted" if uncommitted else "work tree"

    @property
    def files(self) -> Mapping[str, Entry]:
        """Path to entry; a file that cannot be read has an id of zeros."""
        with self._lock:
            return self._files

    @property
    def digest(self) -> bytes:
        """Equal digests mean equal files and equal bytes; costs no parsing on a clean tree."""
        with self._lock:
            return self._digest

    def read(self, path: str) -> bytes:
        """The bytes of one file. Raises `GateError` where it cannot be read."""
        in_place, _ = self.place((path,))
        if self.files[path].mode == "160000":
            raise GateError(f"{shown(path)} is a submodule, not a file")
        if in_place:
            return content.read(self._repo.root, path)
        return content.read(os.fspath(self.root((path,))), path)

    def place(self, paths: Iterable[str]) -> tuple[list[str], list[str]]:
        """`paths`, parted into those that can be read in place and those to be laid out."""
        files = self.files
        in_place: list[str] = []
        laid_out: list[str] = []
        for path in paths:
            if path in self._unreadable:
                raise self._unreadable[path]
            if path not in files:
                raise GateError(f"{shown(path)} is not in the {self.label}")
            elsewhere = path in self._absent or self._links.above(path)
            (laid_out if elsewhere else in_place).append(path)
        return in_place, laid_out

    def root(self, paths: Iterable[str]) -> str:
        """The repository, or a private folder if some of `paths` do not lie there."""
        in_place, laid_out = self.place(paths)
        if not laid_out:
            modules = (p for p in in_place if self.files[p].mode != "160000")
            content.check_present(self._repo.root, modules)
            return self._repo.root
        files = self.files
        attributes = {p: e for p, e in files.items() if p.endswith(".gitattributes")}
        stored = {path: files[path] for path in laid_out}
        stored |= {p: files[p] for p in in_place if files[p].mode == "160000"}
        copied = (path for path in in_place if path not in stored)
        return self._layout.add(stored, attributes, copied)

    @functools.cached_property
    def _special(self) -> dict[str, Record]:
        """Path to record, of everything that is not a plain, unchanged index entry."""
        special = {r.path: r for r in self._listing.special() if not r.path.endswith("/")}
        environments = _environments(special.values())
        if not environments:
            return special
        return {
            path: record
            for path, record in special.items()
            if record.tag != "?" or not path.startswith(environments)
        }

    @functools.cached_property
    def _examined(self) -> dict[str, Found | None]:
        """What lies at the paths that git does not vouch for; None if nothing does."""
        return {path: self._examine(record) for path, record in self._special.items()}

    def _examine(self, record: Record) -> Found | None:
        path, entry = record.path, record.entry
        if entry is not None and entry.mode == "160000":
            return content.Found(entry.mode, entry.id, "")
        found = None
        if not self._links.above(path):
            try:
                found = content.examine(self._repo.root, path, self._repo.object_format)
            except GateError as error:
                self._unreadable[path] = error
                return content.Found(entry.mode if entry else "100644", self._nothing, "")
        if found is None and entry is not None and record.tag in "Ss":
            self._absent.add(path)
            return content.Found(entry.mode, entry.id, "")
        if found and entry and entry.is_file and not self._modes_count:
            return found._replace(mode=entry.mode)
        return found

    @functools.cached_property
    def _digest(self) -> bytes:
        total = digest_of(b"work tree 1\0" + self._repo.object_format.encode())
        total.update(self._settings.digest)
        total.update(digest_of(self._listing.raw).digest())
        for path, found in self._examined.items():
            seen = f"{found.mode} {found.id}" if found else "gone"
            total.update(encoded(f"{seen} {path}\0"))
        if self._conversion.cleans:  # equal blobs, but perhaps other line endings: other sizes
            for path in self._files:
                if path not in self._examined:
                    total.update(b"%d " % content.size(self._repo.root, path))
        return total.digest()

    @functools.cached_property
    def _files(self) -> dict[str, Entry]:
        files = self._listing.plain()
        cleaned = self._cleaned()
        for path, found in self._examined.items():
            if found is None:
                files.pop(path, None)
                continue
            indexed = self._special[path].entry
            id_ = cleaned.get(path, found.id)
            if indexed is not None and found.pointer == indexed.id:
                id_ = indexed.id  # the content that a git-lfs pointer stands for
            files[path] = Entry(found.mode, id_)
            if indexed is None and found.mode == "120000":
                for below in [p for p in files if p.startswith(f"{path}/")]:
                    del files[below]
        return files

    def _cleaned(self) -> dict[str, str]:
        """The ids that git would store files under, where it would convert them."""
        if not self._conversion.cleans:
            return {}
        paths = [
            path
            for path, found in self._examined.items()
            if found
            and found.mode[:3] == "100"
            and path not in self._unreadable
            and path not in self._absent
        ]
        if not paths:
            return {}
        names = b"".join(_quoted(path) + b"\n" for path in paths)
        ids = self._repo.git("hash-object", "--stdin-paths", stdin=names)
        return dict(zip(paths, ids.decode("ascii").split(), strict=True))

    def _differs(self, path: str) -> bool:
        return self._special[path].entry != self.files.get(path)

    @functools.cached_property
    def _settings(self) -> Settings:
        return settings(self._repo)

    @functools.cached_property
    def _modes_count(self) -> bool:
        return modes_count(self._settings)

    @functools.cached_property
    def _conversion(self) -> Conversion:
        raw = self._listing.raw
        if b".gitattributes\0" not in raw:
            return conversion(self._settings, ())
        lines = (decoded(line) for line in raw.split(b"\0") if line.endswith(b".gitattributes"))
        start = 12 + len(self._nothing)
        paths = {line[2:] if line[0] == "?" else line[start:] for line in lines}
        return conversion(self._settings, (self._attributes(path) for path in sorted(paths)))

    def _attributes(self, path: str) -> bytes:
        try:
            return content.read(self._repo.root, path)
        except GateError:
            return b"* filter=unknown"  # cannot be read: take the exact way


def _environments(records: Iterable[Record]) -> tuple[str, ...]:
    """Folders, with a slash, of Python environments that somebody forgot to ignore.

    `python -m venv .venv` writes no .gitignore before Python 3.13; nobody means its thousands of
    files to be judged. One that is tracked is not such a folder.
    """
    return tuple(
        record.path[: -len(_ENVIRONMENT)]
        for record in records
        if record.tag == "?" and record.path.endswith(f"/{_ENVIRONMENT}")
    )


def _quoted(path: str) -> bytes:
    """A path as one line of `--stdin-paths`."""
    raw = encoded(path)
    if b"\n" not in raw and not raw.startswith(b'"'):
        return raw
    return b'"' + b"".join(b"\\%03o" % byte for byte in raw) + b'"'
