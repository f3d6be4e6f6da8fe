"""Models that are JSON, UBJSON or text: XGBoost's and LightGBM's, read whole and strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.artifacts import declared
from mlgate.artifacts.outcome import Refused, malformed

if TYPE_CHECKING:
    from mlgate.artifacts.feed import Feed
    from mlgate.artifacts.outcome import Scan

_DEEPEST = 100
_LARGEST_JSON = 1 << 30
_LIGHTGBM = b"tree\nversion=v"
_NUMBERS = {b"i": 1, b"U": 1, b"I": 2, b"l": 4, b"L": 8, b"d": 4, b"D": 8, b"C": 1}
_CONSTANTS = (b"Z", b"N", b"T", b"F")


def begins(head: bytes) -> bool:
    """True for a JSON object, a UBJSON object, or LightGBM's first line."""
    return head.lstrip()[:1] == b"{" or head.startswith(_LIGHTGBM)


def check(feed: Feed, scan: Scan) -> None:
    """Raises `Refused` unless it is whole."""
    head = feed.peek(64)
    if head.startswith(_LIGHTGBM):
        _lightgbm(feed, scan)
    elif head[1:2] in (b"L", b"i", b"U", b"I", b"l", b"$", b"#"):
        scan.recognised("xgboost ubj")
        _ubj(feed, 0)
        if not feed.ended():
            raise Refused("trailing", "data follows its end")
    else:
        _json(feed, scan)


def strict_json(raw: bytes) -> Any:
    """JSON whose objects name nothing twice. Raises `Refused`."""
    import json

    if _depth(raw) > _DEEPEST:
        raise Refused("limit", f"its JSON nests deeper than {_DEEPEST} levels")
    try:
        return json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise malformed(f"its JSON is damaged: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise malformed("its JSON names a key twice")
    return found


def _depth(raw: bytes) -> int:
    """How deep brackets nest, at most; those inside strings count too."""
    deepest = depth = 0
    for at in raw.translate(None, bytes(set(range(256)) - set(b"[]{}"))):
        depth += 1 if at in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _json(feed: Feed, scan: Scan) -> None:
    raw = feed.peek(_LARGEST_JSON + 1)
    if len(raw) > _LARGEST_JSON:
        raise Refused("limit", "its JSON is too large to be read whole")
    model = strict_json(raw)
    booster = isinstance(model, dict) and {"learner", "version"} <= model.keys()
    scan.recognised("xgboost json" if booster else "json")
    declared.check(model, scan)


def _lightgbm(feed: Feed, scan: Scan) -> None:
    """Every tree that the header counts is there, and the end is marked."""
    scan.recognised("lightgbm text")
    told, trees, ended = None, 0, False
    while not feed.ended():
        line = feed.line()
        if line.startswith(b"tree_sizes="):
            told = len(line.split(b"=")[1].split())
        trees += line.startswith(b"Tree=")
        ended = ended or line == b"end of trees"
    if not ended or told != trees:
        raise malformed(f"its header counts {told} trees, and {trees} are there")


def _ubj(feed: Feed, depth: int, marker: bytes | None = None) -> None:
    """Pass over one UBJSON value."""
    if depth > _DEEPEST:
        raise Refused("limit", f"its UBJSON nests deeper than {_DEEPEST} levels")
    marker = feed.take(1) if marker is None else marker
    if marker in _NUMBERS:
        feed.skip(_NUMBERS[marker])
    elif marker in (b"S", b"H"):
        feed.skip(_length(feed))
    elif marker in (b"[", b"{"):
        _container(feed, depth, marker)
    elif marker not in _CONSTANTS:
        raise malformed("its UBJSON is damaged")


def _container(feed: Feed, depth: int, opened: bytes) -> None:
    kind = count = None
    if feed.peek(1) == b"$":
        kind = feed.take(2)[1:]
    if feed.peek(1) == b"#":
        feed.skip(1)
        count = _length(feed)
    elif kind is not None:
        raise malformed("its UBJSON has a type without a count")
    if opened == b"[" and kind in _NUMBERS and count is not None:
        feed.skip(_NUMBERS[kind] * count)
        return
    if kind in _CONSTANTS and count:
        raise malformed("its UBJSON counts values that take no bytes")
    closed = b"]" if opened == b"[" else b"}"
    while count is None or count > 0:
        if count is None and feed.peek(1) == closed:
            feed.skip(1)
            return
        if opened == b"{":
            feed.skip(_length(feed))
        _ubj(feed, depth + 1, kind)
        count = None if count is None else count - 1


def _length(feed: Feed) -> int:
    size = {b"i": 1, b"U": 1, b"I": 2, b"l": 4, b"L": 8}.get(feed.take(1))
    value = -1 if size is None else int.from_bytes(feed.take(size), "big", signed=True)
    if value < 0:
        raise malformed("a length in its UBJSON is none")
    return value
