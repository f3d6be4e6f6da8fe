"""Hashes files of the work tree, and knows from their signatures which need no hashing again.

A signature is device, inode, size, mtime and ctime in nanoseconds. It is believed only where the
file was already older than two seconds when it was hashed (git's racy rule): a later change
within the clock's grain would leave no trace.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from mlgate.core.digests import digest_of
from mlgate.sources._dvc import objects
from mlgate.sources._dvc.manifests import manifest_hash

if TYPE_CHECKING:
    from mlgate.core.gate import Context

_GRAIN = 2_000_000_000
_TABLE = "signatures"
_NEVER = frozenset({".git", ".hg", ".dvc"})
"""Folders that DVC itself never tracks."""

Mark = tuple[int, int, int, int, int]
"""Device, inode, size, mtime and ctime in nanoseconds."""


class Row(Struct, frozen=True, array_like=True):
    """What is stored of a directory: its members, and the digest under which all were believed."""

    members: dict[str, tuple[Mark, str]]


class Folder(Struct, frozen=True):
    """A directory of the work tree, listed."""

    members: dict[str, Mark]
    """Relative path to signature."""
    odd: tuple[str, ...] = ()
    """Members that are no regular files, or links that lead out of the data."""

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(mark[2] for mark in self.members.values())


def mark_of(status: os.stat_result) -> Mark:
    """The signature of a file."""
    return (
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns,
    )  # fmt: skip


class Signatures:
    """What the store knows about files; nothing is believed where `strict`."""

    def __init__(self, ctx: Context, strict: bool, progress: Callable[[int], None]) -> None:
        self._store: Any = ctx.store
        self._strict = strict
        self._today = int(ctx.now.timestamp() // 86400)
        self._progress = progress

    def file(self, path: str, algorithm: str) -> str:
        """The hash of the file at `path`. Raises `OSError`."""
        key = _key("file", path, algorithm)
        mark = mark_of(os.stat(path))
        known = self._get(key)
        if known is not None:
            seen, hash_ = msgspec.msgpack.decode(known, type=tuple[Mark, str])
            if seen == mark:
                return hash_
        began = time.time_ns()
        hash_ = objects.file_hash(path, algorithm)
        self._progress(mark[2])
        if _settled(mark, began) and mark_of(os.stat(path)) == mark:
            self._put({key: msgspec.msgpack.encode((mark, hash_))})
        return hash_

    def is_known(self, path: str, folder: Folder, algorithm: str, hash_: str) -> bool:
        """True if the directory was seen exactly so before, with this hash: one short look-up."""
        known = self._get(_key("seen", path, algorithm))
        return known == _seen(folder) + hash_.encode()

    def folder(self, path: str, folder: Folder, algorithm: str) -> dict[str, str]:
        """Member to hash; only members whose signature is new are read. Raises `OSError`."""
        known = self._get(_key("members", path, algorithm))
        row = msgspec.msgpack.decode(known, type=Row).members if known else {}
        began = time.time_ns()
        hashes: dict[str, str] = {}
        kept: dict[str, tuple[Mark, str]] = {}
        for name, mark in folder.members.items():
            earlier = row.get(name)
            if earlier is not None and earlier[0] == mark:
                hashes[name] = earlier[1]
            else:
                hashes[name] = objects.file_hash(os.path.join(path, name), algorithm)
                self._progress(mark[2])
            if _settled(mark, began):
                kept[name] = (mark, hashes[name])
        if kept != row:
            self._put({_key("members", path, algorithm): msgspec.msgpack.encode(Row(kept))})
        if len(kept) == len(folder.members):
            seen = _seen(folder) + manifest_hash(hashes).encode()
            self._put({_key("seen", path, algorithm): seen})
        return hashes

    def _get(self, key: bytes) -> bytes | None:
        if self._store is None or self._strict:
            return None
        found: bytes | None = self._store.get(_TABLE, [key], self._today).get(key)
        return found

    def _put(self, rows: Mapping[bytes, bytes]) -> None:
        if self._store is not None:
            self._store.put(_TABLE, rows, self._today)


def _settled(mark: Mark, began: int) -> bool:
    """True if the file had been left alone long enough when its hashing began."""
    return max(mark[3], mark[4]) + _GRAIN < began


def _key(what: str, path: str, algorithm: str) -> bytes:
    text = f"{what}\0{algorithm}\0{os.path.abspath(path)}"
    digest: bytes = digest_of(text.encode("utf-8", "surrogateescape")).digest()
    return digest


def _seen(folder: Folder) -> bytes:
    """The digest of all names and signatures."""
    return digest_of(msgspec.msgpack.encode(folder.members, order="deterministic")).digest()


def listed(
    path: str, inside: Callable[[str], bool], ignored: Callable[[str, bool], bool] | None
) -> Folder:
    """Every file below the folder `path`, with its signature. Raises `OSError`.

    `inside` tells whether a link's target is still data of this repository; `ignored` whether
    DVC leaves a member (relative path, whether it is a folder) alone.
    """
    members: dict[str, Mark] = {}
    odd: list[str] = []
    folders = [""]
    with objects.uncollected():
        while folders:
            folder = folders.pop()
            with os.scandir(os.path.join(path, folder) if folder else path) as entries:
                for entry in entries:
                    name = folder + entry.name
                    if ignored is not None and ignored(name, entry.is_dir(follow_symlinks=False)):
                        continue
                    if entry.is_file(follow_symlinks=False):
                        members[name] = mark_of(entry.stat(follow_symlinks=False))
                    elif entry.is_dir(follow_symlinks=False):
                        if entry.name not in _NEVER:
                            folders.append(name + "/")
                    elif entry.is_file() and inside(entry.path):
                        members[name] = mark_of(entry.stat())
                    else:
                        odd.append(name)
    return Folder(members, tuple(sorted(odd)))
