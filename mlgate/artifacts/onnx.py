"""ONNX: the protobuf read by its wire format, for what reaches beyond the file.

Fields: `onnx.proto3` (ModelProto, GraphProto, NodeProto, TensorProto, FunctionProto).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlgate.artifacts.outcome import Problem, Refused, malformed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.artifacts.feed import Feed
    from mlgate.artifacts.outcome import Scan

_DEEPEST = 64
_KNOWN_DOMAINS = frozenset(
    {"", "ai.onnx", "ai.onnx.ml", "ai.onnx.preview.training", "ai.onnx.training"}
)
_MESSAGES = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "function": {7: "node", 9: "opset", 11: "attribute"},
    "sparse": {1: "tensor", 2: "tensor"},
    "training": {1: "graph", 2: "graph"},
    "tensor": {},
    "opset": {},
}  # fmt: skip
"""Which fields of which message hold which message."""
_DOMAIN = {"node": 7, "opset": 1}
_WORDS = frozenset({2, 3, 4})
"""Fields of the model that are a name or a version. Protobufs of TensorFlow and Core ML have
messages there, which are not to pass for names."""
_LONGEST_WORD = 1024
_OF_MODEL = frozenset({1, 5, 6, 7, 8, 14, 20, 25, 26}) | _WORDS
_GRAPH = 7
_HIGHEST = (1 << 29) - 1
_EXTERNAL, _LOCATION = 13, 14


class Field(NamedTuple):
    """One field: where its bytes end, and its number if it is one."""

    number: int
    wire: int
    value: int


def begins(head: bytes) -> bool:
    """True for a model that begins with its version, as all that are written do."""
    return (
        head[:1] == b"\x08" and 1 <= head[1] <= 32 and head[2:3] in (b"\x12", b":", b"B", b"\x1a")
    )


def check(feed: Feed, scan: Scan) -> None:
    """State external data and operators of others. Raises `Refused` where it is damaged."""
    scan.recognised("onnx")
    if not _message(feed, scan, "model", None, 0):
        raise malformed("it holds no graph")


def _message(feed: Feed, scan: Scan, kind: str, end: int | None, depth: int) -> bool:
    """Whether the message holds a graph."""
    graph = False
    if depth > _DEEPEST:
        raise Refused("limit", f"its graphs nest deeper than {_DEEPEST} levels")
    for field in _fields(feed, end):
        scan.values(1)
        graph = graph or field.number == _GRAPH
        if kind == "model":
            _of_model(feed, field)
        inner = _MESSAGES[kind].get(field.number)
        if field.wire != 2:
            if kind == "tensor" and field.number == _LOCATION and field.value:
                _external(scan)
            continue
        if inner is not None:
            _message(feed, scan, inner, feed.position + field.value, depth + 1)
        elif _DOMAIN.get(kind) == field.number:
            _domain(scan, feed.take(min(field.value, 1 << 16)).decode("utf-8", "replace"))
        else:
            if kind == "tensor" and field.number == _EXTERNAL:
                _external(scan)
            feed.skip(field.value)
    return graph


def _of_model(feed: Feed, field: Field) -> None:
    """Refuse what another format of protobufs has in a field of the model."""
    if field.number not in _OF_MODEL:
        raise malformed(f"it has a field {field.number}, which no ONNX model has")
    if field.number in _WORDS:
        word = feed.peek(field.value) if field.value <= _LONGEST_WORD else b"\0"
        try:
            fits = field.wire == 2 and word.decode("utf-8").isprintable()
        except UnicodeDecodeError:
            fits = False
        if not fits:
            raise malformed("it has a message where an ONNX model has a name")


def _fields(feed: Feed, end: int | None) -> Iterator[Field]:
    while not (feed.ended() if end is None else feed.position >= end):
        tag = _varint(feed)
        number, wire = tag >> 3, tag & 7
        if not 0 < number <= _HIGHEST or wire not in (0, 1, 2, 5):
            raise malformed("its protobuf is damaged")
        if wire in (1, 5):
            feed.skip(8 if wire == 1 else 4)
        value = _varint(feed) if wire in (0, 2) else 0
        stop = feed.position + (value if wire == 2 else 0)
        if end is not None and stop > end:
            raise malformed("a field of its protobuf is longer than what holds it")
        yield Field(number, wire, value)


def _varint(feed: Feed) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = feed.take(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
    raise malformed("a number in its protobuf does not end")


def _external(scan: Scan) -> None:
    scan.state(Problem("external-data", "its weights lie in other files, which the verdict misses"))


def _domain(scan: Scan, domain: str) -> None:
    if domain not in _KNOWN_DOMAINS and f"onnx:{domain}" not in scan.allow:
        message = f"it needs operators of {domain[:80]!r}, which are code of others"
        scan.state(Problem("custom-operator", message, "", f"onnx:{domain}"))
