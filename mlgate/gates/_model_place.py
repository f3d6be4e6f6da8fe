"""A file that a `model` gate reads, and the digest of its bytes."""

from __future__ import annotations

import os
from functools import lru_cache

from msgspec import Struct

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.text import shown

_PART = 1 << 20


class Place(Struct, frozen=True, kw_only=True):
    """A file that can be read."""

    path: str
    """As messages name it."""
    file: str
    """Where its bytes lie; of several files, the first one's."""
    suffix: str
    """Of the name that the policy gives it, in lower case: `.csv`."""
    identity: str
    """Equal for equal bytes, as far as it can be told without reading both."""
    tracked: bool = True
    """False for a file that no commit holds."""
    parts: tuple[str, ...] = ()
    """Where the bytes of a table of several files lie, in the order of their names."""
    names: tuple[str, ...] = ()
    """The names of these, as messages have them."""
    partitioned: bool = False
    """True if folders named `key=value` add columns."""
    stale: str = ""
    """Of a baseline's predictions: why they are not of the model that lies beside them."""

    @property
    def files(self) -> tuple[str, ...]:
        """All of its files."""
        return self.parts or (self.file,)


class NoBaseline(Struct, frozen=True):
    """There is nothing to compare with yet, and why; unreachable baselines are errors instead."""

    why: str
    held: bool = False
    """True if the source does name a version, which lacks the file."""


def content(place: Place) -> str:
    """The digest of a table's bytes."""
    found = [digest(file) for file in place.files]
    return found[0] if len(found) == 1 else together(found)


def together(told: list[str]) -> str:
    """One digest of what was told of several files."""
    return digest_of("\0".join(told).encode("utf-8", "surrogateescape")).hexdigest()


def digest(file: str) -> str:
    """The digest of a file's bytes, read once a run unless the file changes."""
    try:
        found = os.stat(file)
        return _digest(file, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    except OSError as error:
        raise GateError(f"{shown(file)} cannot be read: {error.strerror}") from None


@lru_cache(maxsize=256)
def _digest(file: str, *_unchanged: int) -> str:
    total = digest_of()
    with open(file, "rb") as opened:
        while part := opened.read(_PART):
            total.update(part)
    return total.hexdigest()
