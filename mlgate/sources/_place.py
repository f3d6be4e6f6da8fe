"""What every source answers: a private copy of some bytes, and where they came from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable


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
    folder = store_folder()
    path = os.path.join(folder, name[:2], name[2:])
    if os.path.exists(path):
        return path
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    import tempfile

    descriptor, partial = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".partial-")
    os.close(descriptor)
    try:
        write(partial)
        os.chmod(partial, 0o400)
        os.replace(partial, path)
    except OSError as error:
        raise GateError(f"{shown(path)} cannot be written: {error.strerror or error}") from None
    finally:
        if os.path.exists(partial):
            os.unlink(partial)
    return path


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
