"""What separates the columns of a text file, which may be compressed."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from mlgate.core.errors import GateError

if TYPE_CHECKING:
    from gzip import GzipFile

_LONGEST = 1 << 20


def separator(file: str) -> str:
    """Comma, semicolon, tab or bar, by the first line. Raises `GateError` for what is compressed by
    its name alone."""
    import zlib

    try:
        with opened(file) as stream:
            return of_line(stream.readline(_LONGEST))
    except (EOFError, zlib.error, OSError) as error:
        raise GateError(f"cannot be read: {error}", "write it again") from None


def of_line(line: bytes) -> str:
    """The same by the line itself, outside of quotes."""
    outside = b"".join(line.split(b'"')[::2])
    return max(",;\t|", key=lambda mark: outside.count(mark.encode()))


def opened(file: str) -> IO[bytes] | GzipFile:
    """The bytes of a file, unpacked where it is called `.gz`."""
    if not file.endswith(".gz"):
        return open(file, "rb")
    import gzip

    return gzip.open(file, "rb")
