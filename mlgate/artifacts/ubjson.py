"""UBJSON as XGBoost writes it, read whole and strictly; of numbers only integers are kept.

Format: https://ubjson.org, draft 12.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlgate.artifacts.outcome import Refused, malformed

if TYPE_CHECKING:
    from mlgate.artifacts.feed import Feed
    from mlgate.artifacts.outcome import Scan

_DEEPEST = 100
_LARGEST = 1 << 30
_WEIGHT = 10
"""What a value outside of an array of numbers costs, beside one of JSON: XGBoost writes few."""
_INTEGERS = {b"i": "b", b"U": "B", b"I": "h", b"l": "i", b"L": "q"}
"""By marker: the type of `array` that holds them."""
_SIZES = {b"i": 1, b"U": 1, b"I": 2, b"l": 4, b"L": 8, b"d": 4, b"D": 8, b"C": 1}
_CONSTANTS = {b"Z": None, b"N": None, b"T": True, b"F": False}


def read(feed: Feed, scan: Scan) -> Any:
    """The one value that the feed holds. Raises `Refused`."""
    found = _value(feed, scan, 0)
    if not feed.ended():
        raise Refused("trailing", "data follows its end")
    return found


def _value(feed: Feed, scan: Scan, depth: int, marker: bytes | None = None) -> Any:
    if depth > _DEEPEST:
        raise Refused("limit", f"its UBJSON nests deeper than {_DEEPEST} levels")
    scan.values(_WEIGHT)
    marker = feed.take(1) if marker is None else marker
    if marker in _INTEGERS:
        return int.from_bytes(feed.take(_SIZES[marker]), "big", signed=marker != b"U")
    if marker in _SIZES:
        feed.skip(_SIZES[marker])
        return None
    if marker in (b"S", b"H"):
        return _text(feed)
    if marker in (b"[", b"{"):
        return _container(feed, scan, depth, marker)
    if marker not in _CONSTANTS:
        raise malformed("its UBJSON is damaged")
    return _CONSTANTS[marker]


def _container(feed: Feed, scan: Scan, depth: int, opened: bytes) -> Any:
    kind = count = None
    if feed.peek(1) == b"$":
        kind = feed.take(2)[1:]
    if feed.peek(1) == b"#":
        feed.skip(1)
        count = _length(feed)
    elif kind is not None:
        raise malformed("its UBJSON has a type without a count")
    if kind in _CONSTANTS and count:
        raise malformed("its UBJSON counts values that take no bytes")
    if opened == b"{":
        return _object(feed, scan, depth, kind, count)
    if kind in _SIZES and count is not None:
        return _numbers(feed, kind, count)
    found: list[Any] = []
    while count != len(found) and not _closed(feed, count, b"]"):
        found.append(_value(feed, scan, depth + 1, kind))
    return found


def _object(
    feed: Feed, scan: Scan, depth: int, kind: bytes | None, count: int | None
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while count != len(found) and not _closed(feed, count, b"}"):
        name = _text(feed)
        if name in found:
            raise malformed("its UBJSON names a key twice")
        found[name] = _value(feed, scan, depth + 1, kind)
    return found


def _closed(feed: Feed, count: int | None, mark: bytes) -> bool:
    """Pass over the mark that ends a container without a count."""
    if count is not None or feed.peek(1) != mark:
        return False
    feed.skip(1)
    return True


def _numbers(feed: Feed, kind: bytes, count: int) -> Any:
    """An array of integers, or the place numbers of an array of others."""
    from array import array

    size = _SIZES[kind] * count
    if kind not in _INTEGERS:
        feed.skip(size)
        return range(count)
    if size > _LARGEST:
        raise Refused("limit", "an array in its UBJSON is too large to be read whole")
    found = array(_INTEGERS[kind], feed.take(size))
    if sys.byteorder == "little":
        found.byteswap()
    return found


def _text(feed: Feed) -> str:
    size = _length(feed)
    if size > _LARGEST:
        raise Refused("limit", "a text in its UBJSON is too large to be read whole")
    try:
        return feed.take(size).decode("utf-8")
    except UnicodeDecodeError:
        raise malformed("a text in its UBJSON is none") from None


def _length(feed: Feed) -> int:
    marker = feed.take(1)
    size = _SIZES[marker] if marker in _INTEGERS else 0
    value = int.from_bytes(feed.take(size), "big", signed=marker != b"U") if size else -1
    if value < 0:
        raise malformed("a length in its UBJSON is none")
    return value
