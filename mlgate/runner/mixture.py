"""Files of two snapshots as one: what legacy findings are made on."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping

from mlgate.core.snapshot import Entry, Snapshot
from mlgate.scratch import private_folder


class Mixture:
    """The base's files, under the paths that they have today or had then, and some of the head's.

    So an old version is judged under today's name, with today's configuration beside it.
    `from_base` maps a path to its path at the base.
    """

    def __init__(
        self,
        head: Snapshot,
        base: Snapshot,
        from_base: Mapping[str, str],
        from_head: Iterable[str],
    ) -> None:
        self.label = f"{base.label} with files of {head.label}"
        self.commit = base.commit
        self._head = head
        self._base = base
        self._sources = from_base
        self._folder: str | None = None
        self._there: set[str] = set()
        self._lock = threading.Lock()
        self.files: Mapping[str, Entry] = {path: head.files[path] for path in from_head} | {
            path: base.files[source] for path, source in from_base.items()
        }

    def read(self, path: str) -> bytes:
        """The bytes of one file."""
        source = self._sources.get(path)
        return self._head.read(path) if source is None else self._base.read(source)

    def place(self, paths: Iterable[str]) -> tuple[list[str], list[str]]:
        """All is laid out."""
        return [], list(paths)

    def root(self, paths: Iterable[str]) -> str:
        """The private folder, in which `paths` are laid out now."""
        with self._lock:
            if self._folder is None:
                self._folder = private_folder()
            missing = [path for path in paths if path not in self._there]
            old = {path: self._sources[path] for path in missing if path in self._sources}
            new = {path: path for path in missing if path not in self._sources}
            for snapshot, names in ((self._base, old), (self._head, new)):
                if names:
                    self._copy(snapshot.root(names.values()), names)
            self._there.update(missing)
        return self._folder

    def _copy(self, root: str, names: Mapping[str, str]) -> None:
        import shutil

        for path, source in names.items():
            target = os.path.join(self._folder or "", path)
            if self.files[path].mode == "160000":  # an empty folder, as git itself leaves it
                os.makedirs(target, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.join(root, source), target, follow_symlinks=False)
