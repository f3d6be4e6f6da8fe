"""What a path holds in the commit that is judged: by git, by DVC, else in the work tree."""

from __future__ import annotations

import os
from collections.abc import Callable

from mlgate.core.errors import GateError
from mlgate.gates._dv_ground import Ground
from mlgate.gates._dv_work import ignorer
from mlgate.sources._dvc import manifests, objects
from mlgate.sources._dvc.facts import Out
from mlgate.sources._dvc.signatures import listed


class Now:
    """Remembers what it looked up; a dependency is often one of several stages."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._versions = {owned.out.path: owned.out for owned in ground.owned if owned.out.hash}
        self._known: dict[tuple[str, str], str | None] = {}

    def hash_of(self, out: Out) -> str | None:
        """The hash of `out.path` by the algorithm of `out`; None where nothing here tells it, and
        an empty text where the change took away what was at that path."""
        key = (out.path, out.algorithm)
        if key not in self._known:
            self._known[key] = self._find(out)
        return self._known[key]

    def _find(self, out: Out) -> str | None:
        if out.algorithm not in ("md5", "md5-dos2unix"):
            return None
        files = self._ground.ctx.subject.files
        entry = files.get(out.path)
        if entry is not None and entry.is_file:
            return objects.bytes_hash(self._ground.ctx.subject.read(out.path), out.algorithm)
        version = self._versions.get(out.path)
        if version is not None and out.kind != "git":
            return version.hash if version.algorithm == out.algorithm else None
        below = [name for name in files if name.startswith(out.path + "/")]
        if below:
            return self._folder(out, below)
        if self._is_member(out.path):
            return None
        return self._in_work_tree(out)

    def _is_member(self, path: str) -> bool:
        """True for what lies in a directory that DVC tracks, or holds one."""
        return any(
            path.startswith(other + "/") or other.startswith(path + "/") for other in self._versions
        )

    def _folder(self, out: Out, below: list[str]) -> str | None:
        """A directory of the commit; or as it lies in the work tree, with what git ignores."""
        if any(name.startswith(out.path + "/") for name in self._versions):
            return None
        subject = self._ground.ctx.subject
        ignored = ignorer(self._ground, out.path)
        members = {}
        for name in below:
            inner = name[len(out.path) + 1 :]
            if subject.files[name].is_file and not (ignored and ignored(inner, False)):
                members[inner] = objects.bytes_hash(subject.read(name), out.algorithm)
        hash_ = manifests.manifest_hash(members)
        if hash_ == out.hash:
            return hash_
        there = self._in_work_tree(out)
        return there if there == out.hash else hash_

    def _in_work_tree(self, out: Out) -> str | None:
        if self._ground.ctx.past:
            return None
        full = self._ground.full(out.path)
        if not os.path.lexists(full):
            return "" if self._was_there(out.path) else None
        try:
            ignored = ignorer(self._ground, out.path)
            return hash_there(self._ground, full, out.algorithm, ignored)
        except OSError as error:
            self._ground.errors.append(GateError(f"{full} cannot be read: {error.strerror}"))
            return None

    def _was_there(self, path: str) -> bool:
        """True if git or DVC had it at the base. What neither ever had is absent in every clone
        until somebody brings it, which says nothing of the change."""
        base, versions = self._ground.ctx.base, self._ground.base
        if base is None or versions is None:
            return False
        names = [*base.files, *(owned.out.path for owned in versions.owned())]
        return any(name == path or name.startswith(path + "/") for name in names)


def hash_there(
    ground: Ground, full: str, algorithm: str, ignored: Callable[[str, bool], bool] | None
) -> str:
    """The hash of the file or directory at the path `full`; empty where there is nothing.

    Raises `OSError`.
    """
    if not os.path.lexists(full):
        return ""
    if not os.path.isdir(full):
        return ground.signatures.file(full, algorithm)
    folder = listed(full, lambda _: True, ignored)
    return manifests.manifest_hash(ground.signatures.folder(full, folder, algorithm))
