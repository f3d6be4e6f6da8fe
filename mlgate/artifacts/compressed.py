"""Unpacks what joblib and others compress with: zlib, gzip, bzip2, LZMA, xz, LZ4; forward only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from mlgate.artifacts.feed import Feed
from mlgate.artifacts.outcome import Refused, malformed

if TYPE_CHECKING:
    from mlgate.artifacts.outcome import Scan

_CHUNK = 256 << 10
_MEMORY = 256 << 20


class Unpacker(Protocol):
    """What bz2's, lzma's and lz4's decompressors have in common."""

    eof: bool
    needs_input: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _Deflate:
    """zlib's decompressor in the form of the others."""

    def __init__(self) -> None:
        import zlib

        self._inner = zlib.decompressobj(wbits=47)  # either header
        self.error = zlib.error

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def _bz2() -> Any:
    import bz2

    return bz2.BZ2Decompressor()


def _lzma() -> Any:
    import lzma

    return lzma.LZMADecompressor(memlimit=_MEMORY)


def _lz4() -> Any:
    try:
        import importlib

        frame = importlib.import_module("lz4.frame")
    except ImportError:
        raise Refused("unreadable", "it is packed with LZ4: pip install 'mlgate[model]'") from None
    return frame.LZ4FrameDecompressor()


def _is_zlib(head: bytes) -> bool:
    """A header without a preset dictionary, whose bit would make it plain text (`x = 1`)."""
    return len(head) > 1 and head[0] == 0x78 and (0x7800 | head[1]) % 31 == 0 and not head[1] & 0x20


_FORMS: tuple[tuple[str, Callable[[bytes], bool], Callable[[], Any]], ...] = (
    ("gzip", lambda head: head[:2] == b"\x1f\x8b", _Deflate),
    ("zlib", _is_zlib, _Deflate),
    ("bzip2", lambda head: head[:3] == b"BZh", _bz2),
    ("xz", lambda head: head[:6] == b"\xfd7zXZ\0", _lzma),
    ("lzma", lambda head: head[:3] == b"\x5d\0\0", _lzma),
    ("lz4", lambda head: head[:4] == b"\x04\x22\x4d\x18", _lz4),
)


def is_old_joblib(head: bytes) -> bool:
    """What joblib wrote before 0.10 and still reads: `ZF`, a length, zlib, which may be all text.
    The length is read as joblib reads it."""
    if not head.startswith(b"ZF"):
        return False
    try:
        return int(head[2:21], 16) >= 0
    except ValueError:
        return False


def form_of(head: bytes) -> str | None:
    """What `head` begins, if it is a compressed stream."""
    return next((name for name, begins, _ in _FORMS if begins(head)), None)


def unpacked(feed: Feed, form: str, scan: Scan) -> Feed:
    """A feed of what `feed` unpacks to; reading to its end checks that nothing follows."""
    unpacker: Unpacker = next(make() for name, _, make in _FORMS if name == form)
    return Feed(_Reading(feed, unpacker, scan).read)


class _Reading:
    """Reads on as the reader asks, so that no more than a chunk is ever unpacked."""

    def __init__(self, feed: Feed, unpacker: Unpacker, scan: Scan) -> None:
        self.feed = feed
        self.unpacker = unpacker
        self.scan = scan
        self.total = 0

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        part = b""
        while not part:
            if self.unpacker.eof:
                self._end()
                return b""
            part = self._step(min(size, _CHUNK))
        self.total += len(part)
        self.scan.unpacked(len(part), self.total, self.feed.position)
        return part

    def _step(self, size: int) -> bytes:
        packed = b""
        if self.unpacker.needs_input and self.feed.peek(1):
            packed = self.feed.take(min(len(self.feed.buffer) - self.feed.at, _CHUNK))
        starved = self.unpacker.needs_input and not packed
        try:
            part = self.unpacker.decompress(packed, size)
        except Exception as error:  # zlib.error, LZMAError, OSError, RuntimeError: all say the same
            if isinstance(error, (MemoryError, Refused)):
                raise
            raise malformed(f"its compressed stream is damaged: {error}") from None
        if starved and not part and not self.unpacker.eof:
            raise malformed("its compressed stream ends too early")
        return part

    def _end(self) -> None:
        if self.unpacker.unused_data or not self.feed.ended():
            raise Refused("trailing", "data follows the end of its compressed stream")
