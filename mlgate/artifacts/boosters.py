"""Models that are JSON, UBJSON or text: XGBoost's and LightGBM's, read whole and strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.artifacts import declared, trees, ubjson
from mlgate.artifacts.feed import of_bytes
from mlgate.artifacts.outcome import Refused, malformed

if TYPE_CHECKING:
    from mlgate.artifacts.feed import Feed
    from mlgate.artifacts.outcome import Scan

_DEEPEST = 100
_LARGEST_JSON = 256 << 20
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_LONGEST_LINE = 64 << 20
_LIGHTGBM = b"tree\nversion=v"
_UBJ = (b"{L", b"{i", b"{U", b"{I", b"{l", b"{$", b"{#")


def begins(head: bytes) -> bool:
    """True for a JSON object, a UBJSON object, or LightGBM's first line."""
    return head[:1] == b"{" or head.startswith(_LIGHTGBM)


def check(feed: Feed, scan: Scan) -> None:
    """Raises `Refused` unless it is whole, and its trees are trees."""
    head = feed.peek(64)
    if head.startswith(_LIGHTGBM):
        _lightgbm(feed, scan)
    elif head.startswith(_UBJ):
        scan.recognised("xgboost ubj")
        trees.of_xgboost(ubjson.read(feed, scan))
    else:
        json(feed, scan)


def json(feed: Feed, scan: Scan) -> None:
    """Read JSON to its end, and state the code that it declares. Raises `Refused`."""
    model = _parsed(_counted(feed, scan))
    booster = isinstance(model, dict) and {"learner", "version"} <= model.keys()
    scan.recognised("xgboost json" if booster else "json")
    trees.of_xgboost(model)
    declared.check(model, scan)


def strict_json(raw: bytes, scan: Scan) -> Any:
    """JSON whose objects name nothing twice. Raises `Refused`."""
    return _parsed(_counted(of_bytes(raw), scan))


def _counted(feed: Feed, scan: Scan) -> str:
    """All of the feed as text, refused as soon as it holds or nests more than it may."""
    from json import detect_encoding

    raw, depth = bytearray(), 0
    while part := feed.peek(1) and feed.take(len(feed.buffer) - feed.at):
        brackets = part.translate(None, _NO_BRACKETS)
        scan.values(len(brackets) + part.count(b","))
        depth = _depth(brackets, depth)
        raw += part
        if len(raw) > _LARGEST_JSON:
            raise Refused("limit", f"its JSON has more than {_LARGEST_JSON >> 20} MB")
    try:
        return raw.decode(detect_encoding(raw[:4]), "surrogatepass")
    except UnicodeDecodeError as error:
        raise malformed(f"its JSON is damaged: {error.reason}") from None


def _parsed(text: str) -> Any:
    """Of numbers with a point only that they are there (True): nothing hangs on them, and millions
    of them would fill the memory."""
    import json

    try:
        return json.loads(text, object_pairs_hook=_once, parse_float=bool)
    except (ValueError, RecursionError) as error:
        raise malformed(f"its JSON is damaged: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise malformed("its JSON names a key twice")
    return found


def _depth(brackets: bytes, depth: int) -> int:
    """How deep they nest in the end, from `depth` on; those inside strings count, too. Raises
    `Refused` where that is too deep."""
    for at in brackets:
        depth += 1 if at in b"[{" else -1
        if depth > _DEEPEST:
            raise Refused("limit", f"its JSON nests deeper than {_DEEPEST} levels")
    return depth


def _lightgbm(feed: Feed, scan: Scan) -> None:
    """Every tree that the header counts is there, and the end is marked."""
    scan.recognised("lightgbm text")
    told, count, ended = None, 0, False
    head: dict[str, str] = {}
    lines = head
    while not feed.ended():
        line = feed.line(_LONGEST_LINE).decode("utf-8", "replace").rstrip("\r")
        name, _, value = line.partition("=")
        if not ended and (name == "Tree" or line == "end of trees"):
            _tree(head, lines)
            count, lines = count + (name == "Tree"), {}
            ended = name != "Tree"
        elif name in lines and not ended:
            raise malformed(f"its text says {name[:40]!r} twice")
        elif value and not ended:
            lines[name] = value
    told = len(head.get("tree_sizes", "").split())
    if not ended or told != count:
        raise malformed(f"its header counts {told} trees, and {count} are there")


def _tree(head: dict[str, str], lines: dict[str, str]) -> None:
    if lines is head:
        return
    highest = head.get("max_feature_idx", "")
    if not highest.isdecimal() or len(highest) > 18:
        raise malformed("its header does not tell how many features it has")
    trees.of_lightgbm(lines, int(highest) + 1)
