"""Reads and hashes files of the work tree as git would, never through a link, never blocking."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from mlgate.core.digests import small_sha1, small_sha256
from mlgate.core.errors import GateError
from mlgate.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHUNK = 1 << 20
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
}

_SMALL = 1 << 20


class Found(NamedTuple):
    """What lies at a path: its git mode, blob id, and the id its LFS pointer would have."""

    mode: str
    id: str
    pointer: str


def blob_id(content: bytes, object_format: str) -> str:
    """Git's id of a blob with these bytes."""
    blob = b"blob %d\0" % len(content) + content
    if object_format == "sha1" and len(content) < _SMALL:
        return small_sha1(blob).hexdigest()
    import hashlib

    return hashlib.new(object_format, blob).hexdigest()


def examine(root: str, path: str, object_format: str) -> Found | None:
    """Hash the file or link at `path`; None if nothing lies there.

    Raises `GateError` for what is neither, or cannot be read.
    """
    full = os.path.join(root, path)
    try:
        kind = os.lstat(full).st_mode
        if stat.S_ISLNK(kind):
            return Found("120000", blob_id(os.fsencode(os.readlink(full)), object_format), "")
        if stat.S_ISDIR(kind):
            return None
        with _opened(full, path) as descriptor:
            return _hashed(descriptor.number, path, object_format)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, error) from None


def _hashed(descriptor: int, path: str, object_format: str) -> Found:
    status = os.fstat(descriptor)
    head = b"blob %d\0" % status.st_size
    if object_format == "sha1" and status.st_size < _SMALL:
        blob, plain = small_sha1(head), small_sha256()
    else:
        import hashlib

        blob, plain = hashlib.new(object_format, head), hashlib.sha256()
    size = 0
    while chunk := os.read(descriptor, _CHUNK):
        size += len(chunk)
        blob.update(chunk)
        plain.update(chunk)
    if size != status.st_size:
        raise GateError(f"{shown(path)} was written to while it was read", "run the check again")
    mode = "100755" if status.st_mode & stat.S_IXUSR else "100644"
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{plain.hexdigest()}\nsize {size}\n"
    )
    return Found(mode, blob.hexdigest(), blob_id(pointer.encode(), object_format))


def read(root: str, path: str) -> bytes:
    """The bytes of a regular file, or the target of a link. Raises `GateError`."""
    full = os.path.join(root, path)
    try:
        if os.path.islink(full):
            return os.fsencode(os.readlink(full))
        with _opened(full, path) as descriptor:
            chunks = []
            while chunk := os.read(descriptor.number, _CHUNK):
                chunks.append(chunk)
            return b"".join(chunks)
    except OSError as error:
        raise _unreadable(path, error) from None


def size(root: str, path: str) -> int:
    """Bytes of what lies at `path`; -1 if nothing does."""
    try:
        return os.lstat(os.path.join(root, path)).st_size
    except OSError:
        return -1


def copy(root: str, path: str, target: str) -> None:
    """Copy a file or link, with its executable bit, to `target`. Raises `GateError`."""
    full = os.path.join(root, path)
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.islink(full):
            os.symlink(os.readlink(full), target)
            return
        with _opened(full, path) as source:
            executable = os.fstat(source.number).st_mode & stat.S_IXUSR
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with open(os.open(target, flags, 0o700 if executable else 0o600), "wb") as out:
                while chunk := os.read(source.number, _CHUNK):
                    out.write(chunk)
    except OSError as error:
        raise _unreadable(path, error) from None


def check_present(root: str, paths: Iterable[str]) -> None:
    """Raise `GateError` for the first of `paths` that is not a file or link any more."""
    for path in paths:
        try:
            kind = stat.S_IFMT(os.lstat(os.path.join(root, path)).st_mode)
        except OSError as error:
            raise _unreadable(path, error) from None
        if kind not in (stat.S_IFREG, stat.S_IFLNK):
            raise GateError(f"{shown(path)} is {_KINDS.get(kind, 'no regular file')}, not a file")


class Links:
    """Knows which folders are reached through a symbolic link; nothing below them is read."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._known: dict[str, bool] = {"": False}

    def above(self, path: str) -> bool:
        """True if a folder above `path` is a symbolic link."""
        folder = path.rpartition("/")[0]
        known = self._known.get(folder)
        if known is None:
            known = self.above(folder) or os.path.islink(os.path.join(self._root, folder))
            self._known[folder] = known
        return known


class _opened:  # noqa: N801 - used as a function
    """A descriptor of a regular file, closed on leaving."""

    def __init__(self, full: str, path: str) -> None:
        self.number = os.open(full, _FLAGS)
        kind = stat.S_IFMT(os.fstat(self.number).st_mode)
        if kind != stat.S_IFREG:
            os.close(self.number)
            raise GateError(f"{shown(path)} is {_KINDS.get(kind, 'no regular file')}, not a file")

    def __enter__(self) -> _opened:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.number)


def _unreadable(path: str, error: OSError) -> GateError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return GateError(f"{shown(path)} disappeared while it was checked", "run the check again")
    return GateError(f"cannot read {shown(path)}: {error.strerror or error}")
