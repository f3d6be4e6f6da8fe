"""Tar archives, read forward: plain files only, every header's checksum and every block's place.

Format: POSIX.1-1988 ustar and GNU's long names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.artifacts.feed import Feed
from mlgate.artifacts.outcome import malformed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.artifacts.outcome import Scan

_BLOCK = 512
_LONG_NAME = b"L"
_PAX = (b"x", b"g")


def is_tar(head: bytes) -> bool:
    """True if `head` begins with a header whose checksum holds."""
    return len(head) >= _BLOCK and head[257:262] == b"ustar" and _checks(head[:_BLOCK])


def _checks(header: bytes) -> bool:
    told = header[148:156].strip(b" \0")
    total = sum(header[:148]) + 8 * 32 + sum(header[156:512])
    return told.isdigit() and int(told, 8) == total if _octal(told) else False


def _octal(text: bytes) -> bool:
    return bool(text) and not text.strip(b"01234567")


def members(feed: Feed, scan: Scan) -> Iterator[tuple[str, Feed]]:
    """Each file with its bytes; what the caller leaves of them is passed over."""
    longer = None
    while (header := feed.take(_BLOCK)).strip(b"\0"):
        scan.member()
        if not _checks(header):
            raise malformed("a header of its tar archive is damaged")
        size, kind = _size(header), header[156:157]
        padding = -size % _BLOCK
        if kind == _LONG_NAME or kind in _PAX:
            if size > 1 << 20:
                raise malformed("a name in its tar archive is too long")
            raw = feed.take(size + padding)[:size]
            longer = raw.rstrip(b"\0") if kind == _LONG_NAME else longer
            _no_second_name(raw, kind)
            continue
        name = _name(header, longer)
        longer = None
        if kind == b"5" and not size:
            continue
        if kind not in (b"0", b"\0"):
            raise malformed(f"the member {name[:80]!r} is no plain file")
        part = _Part(feed, size)
        yield name, Feed(part.read)
        feed.skip(part.left + padding)
    _zeros(feed)


def _size(header: bytes) -> int:
    told = header[124:136].strip(b" \0")
    if not _octal(told):
        raise malformed("a size in its tar archive cannot be read")
    return int(told, 8)


def _no_second_name(raw: bytes, kind: bytes) -> None:
    """Refuse pax records that change where a member lies or how long it is."""
    if kind in _PAX and any(key in raw for key in (b" path=", b" size=", b" linkpath=", b" GNU.")):
        raise malformed("a member of its tar archive has a second name or size")


def _name(header: bytes, longer: bytes | None) -> str:
    raw = longer
    if raw is None:
        prefix = header[345:500].rstrip(b"\0") if header[257:263] == b"ustar\0" else b""
        raw = (prefix + b"/" if prefix else b"") + header[:100].rstrip(b"\0")
    name = raw.decode("utf-8", "surrogateescape").removeprefix("./")
    steps = name.removesuffix("/").split("/")
    if name and ("\\" in name or not {"", ".", ".."}.isdisjoint(steps)):
        raise malformed(f"the member {name[:80]!r} would leave its folder")
    return name


def _zeros(feed: Feed) -> None:
    while not feed.ended():
        if feed.take(min(len(feed.buffer) - feed.at, _BLOCK)).strip(b"\0"):
            raise malformed("data follows the end of its tar archive")


class _Part:
    """The bytes of one member."""

    def __init__(self, feed: Feed, size: int) -> None:
        self._feed = feed
        self.left = size

    def read(self, size: int) -> bytes:
        part = self._feed.take(min(size, self.left))
        self.left -= len(part)
        return part
