"""What every source answers: a private copy of some bytes, and where they came from."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable

_KEPT = 30 * 86400
"""Seconds that a file stays in the store after it was last read."""


class Source(Struct, frozen=True, kw_only=True):
    """Bytes that a gate asked for."""

    path: str
    """The absolute path at which they can be read; nobody may write there."""
    digest: str
    """Hex, of the bytes: `md5:...` where DVC names them, else mlgate's own digest."""
    origin: str
    """In words: `data/train.csv of commit 1a2b3c4, by DVC from the remote shared`."""


def kept(name: str, write: Callable[[str], None]) -> str:
    """The path of the file called `name` in our own store, made by `write(path)` if need be.

    `name` stands for its content (a digest), so what is there already is right.
    """
    path = stored(name)
    if os.path.exists(path):
        return path
    import tempfile

    try:
        descriptor, partial = tempfile.mkstemp(dir=scratch(), prefix=".partial-")
        os.close(descriptor)
        try:
            write(partial)
            return adopted(partial, name)
        finally:
            if os.path.exists(partial):
                os.unlink(partial)
    except OSError as error:
        raise GateError(f"{shown(path)} cannot be written: {error.strerror or error}") from None


def stored(name: str) -> str:
    """Where the file called `name` lies in our own store, if it does."""
    return os.path.join(store_folder(), name[:2], name[2:])


def adopted(partial: str, name: str) -> str:
    """Make the whole and proven file `partial`, of `scratch()`, the one called `name`; its path.

    Raises `OSError`.
    """
    path = stored(name)
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    os.chmod(partial, 0o400)
    os.replace(partial, path)
    return path


def scratch() -> str:
    """A folder for files that are not whole yet, on the disk of the store. What is old in the
    store is removed on the way: it is fetched again where it is asked for. Raises `OSError`."""
    folder = store_folder()
    os.makedirs(folder, mode=0o700, exist_ok=True)
    oldest = time.time() - _KEPT
    for top, _, names in os.walk(folder):
        for path in (os.path.join(top, name) for name in names):
            with contextlib.suppress(OSError):
                if os.lstat(path).st_atime < oldest:
                    os.unlink(path)
    return folder


def store_folder() -> str:
    """Where fetched objects are kept: beside the store, else in a folder of this process."""
    from mlgate.store.store import store_folder as beside

    folder = beside(os.environ)
    if folder is None:
        import tempfile

        folder = os.path.join(tempfile.gettempdir(), f"mlgate-{os.getpid()}")
    return os.path.join(folder, "objects")


def file_digest(path: str) -> str:
    """Our own digest of the file at `path`. Raises `GateError` where it cannot be read."""
    total = digest_of()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(1 << 20):
                total.update(chunk)
    except OSError as error:
        raise GateError(f"{shown(path)} cannot be read: {error.strerror or error}") from None
    return str(total.hexdigest())
