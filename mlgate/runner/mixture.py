"""The subject with some files as the base has them: what legacy findings are made on."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from mlgate.core.snapshot import Entry, Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from mlgate.runner.workshop import Workshop


class Mixture:
    """The head's files, in which those of `sources` hold the base's content.

    So an old version is judged under today's name, with today's configuration beside it. `sources`
    maps a path to its path at the base, `absent` are files of the head that are left out.
    """

    def __init__(
        self,
        head: Snapshot,
        base: Snapshot,
        sources: Mapping[str, str],
        absent: frozenset[str],
        workshop: Workshop,
    ) -> None:
        self.label = f"{head.label} with files of {base.label}"
        self.commit = base.commit
        self._head = head
        self._base = base
        self._sources = sources
        self._workshop = workshop
        self._folder: str | None = None
        self._there: set[str] = set()
        self._lock = threading.Lock()
        old = {path: base.files[source] for path, source in sources.items()}
        kept = {path: entry for path, entry in head.files.items() if path not in absent}
        self.files: Mapping[str, Entry] = {**kept, **old}

    def read(self, path: str) -> bytes:
        """The bytes of one file."""
        source = self._sources.get(path)
        return self._head.read(path) if source is None else self._base.read(source)

    def place(self, paths: Iterable[str]) -> tuple[list[str], list[str]]:
        """All is laid out."""
        return [], list(paths)

    def root(self, paths: Iterable[str]) -> Path:
        """The private folder, in which `paths` are laid out now."""
        with self._lock:
            if self._folder is None:
                self._folder = os.path.join(self._workshop.scratch(), f"mixture-{id(self)}")
            missing = [path for path in paths if path not in self._there]
            old = {path: self._sources[path] for path in missing if path in self._sources}
            new = {path: path for path in missing if path not in self._sources}
            for snapshot, names in ((self._base, old), (self._head, new)):
                if names:
                    self._copy(snapshot.root(names.values()), names)
            self._there.update(missing)
        from pathlib import Path

        return Path(self._folder)

    def _copy(self, root: Path, names: Mapping[str, str]) -> None:
        import shutil

        for path, source in names.items():
            target = os.path.join(self._folder or "", path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.join(root, source), target, follow_symlinks=False)
