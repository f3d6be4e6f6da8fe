"""Text: where it begins, whether it stays text, and what YAML has a loader make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.artifacts.outcome import Refused, malformed
from mlgate.core.patterns import later

if TYPE_CHECKING:
    from mlgate.artifacts.feed import Feed

_BOM = b"\xef\xbb\xbf"
_LONGEST_SPACE = 1 << 16
_LONGEST_TAG = 64
_NULL = later(rb"\0")
_NULL_OR_TAG = later(rb"\0|!!python|!!\w*%|!<tag|(?m:^%TAG)|tag:yaml\.org,2002:python")
"""Tags of YAML that make objects of Python, also as their escapes and longer forms write them."""


def first(feed: Feed) -> bytes:
    """The first bytes that are no white space, nor a mark of byte order, which is passed over.

    Raises `Refused` where they come late.
    """
    if feed.peek(len(_BOM)) == _BOM:
        feed.skip(len(_BOM))
    found = feed.peek(64).lstrip()
    if not found:
        found = feed.peek(_LONGEST_SPACE).lstrip()
        if not found and len(feed.peek(_LONGEST_SPACE)) == _LONGEST_SPACE:
            raise malformed("it begins with nothing but white space")
    return found[:64]


def ends_as_text(feed: Feed, *, yaml: bool) -> bool:
    """False where text ends somewhere, and something else begins. Raises `Refused` where YAML makes
    objects."""
    pattern = _NULL_OR_TAG if yaml else _NULL
    while True:
        found = pattern.search(feed.buffer, feed.at)
        if found is not None and found[0] != b"\0":
            tag = found[0].decode("ascii", "replace")
            raise Refused("runs-code", f"its YAML has a loader make objects of Python ({tag})")
        if found is not None:
            return False
        feed.at = max(feed.at, len(feed.buffer) - _LONGEST_TAG)
        if not feed.more():
            return True
