"""Streams the records of an OSV database, a folder or a zip, within bounds."""

from __future__ import annotations

import os
from collections.abc import Iterator

from mlgate.core.errors import GateError
from mlgate.core.text import plain

_LARGEST = 16 << 20
_MOST = 2_000_000
_HINT = "fetch https://storage.googleapis.com/osv-vulnerabilities/PyPI/all.zip and name it"


def contents(database: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every `.json` file, one at a time. Raises `GateError`."""
    if os.path.isdir(database):
        yield from _in_folder(database)
    elif os.path.isfile(database):
        yield from _in_zip(database)
    else:
        raise GateError(f"the OSV database {plain(database)} is not there", _HINT)


def digest(database: str) -> bytes:
    """SHA-256 over the zip, or over names and contents of a folder. Raises `GateError`."""
    import hashlib

    if os.path.isfile(database):
        with open(database, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    total = hashlib.sha256()
    for name, content in contents(database):
        head = name.encode("utf-8", "surrogateescape")
        total.update(b"%d %d " % (len(head), len(content)) + head + content)
    return total.digest()


def _in_folder(folder: str) -> Iterator[tuple[str, bytes]]:
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(top, name)
            if name.endswith(".json") and os.path.isfile(path):
                try:
                    with open(path, "rb") as file:
                        yield os.path.relpath(path, folder), _bounded(path, file.read(_LARGEST + 1))
                except OSError as error:
                    raise GateError(f"{plain(path)} cannot be read: {error.strerror}") from None


def _in_zip(path: str) -> Iterator[tuple[str, bytes]]:
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if m.filename.endswith(".json")]
            if len(members) > _MOST:
                raise GateError(f"{plain(path)} holds more than {_MOST:,} records", _HINT)
            for member in members:
                with archive.open(member) as file:
                    yield member.filename, _bounded(member.filename, file.read(_LARGEST + 1))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise GateError(f"{plain(path)} is no zip that can be read: {error}", _HINT) from None
    except OSError as error:
        raise GateError(f"{plain(path)} cannot be read: {error.strerror}", _HINT) from None


def _bounded(name: str, content: bytes) -> bytes:
    if len(content) > _LARGEST:
        raise GateError(f"{plain(name)} is larger than {_LARGEST >> 20} MiB", _HINT)
    return content
