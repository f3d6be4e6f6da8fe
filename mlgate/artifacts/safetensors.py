"""safetensors: a JSON header whose tensors fill the rest of the file without gap or overlap.

Format: https://github.com/huggingface/safetensors#format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.artifacts.outcome import malformed

if TYPE_CHECKING:
    from mlgate.artifacts.feed import Feed
    from mlgate.artifacts.outcome import Scan

_LARGEST_HEADER = 100_000_000
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16,
    "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64,
    "U64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


def begins(head: bytes) -> bool:
    """True where a small number and a JSON object follow each other."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _LARGEST_HEADER


def check(feed: Feed, scan: Scan) -> None:
    """Raises `Refused` unless every byte belongs to one tensor."""
    from mlgate.artifacts.boosters import strict_json

    scan.recognised("safetensors")
    header = strict_json(feed.take(int.from_bytes(feed.take(8), "little")), scan)
    if not isinstance(header, dict):
        raise malformed("its safetensors header is no object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise malformed("its safetensors metadata are not all text")
    end = 0
    for start, stop in sorted(_span(name, tensor) for name, tensor in header.items()):
        if start != end:
            raise malformed("tensors of it overlap or leave a gap")
        end = stop
    feed.skip(end)
    if not feed.ended():
        raise malformed("data follows its last tensor")


def _span(name: str, tensor: Any) -> tuple[int, int]:
    """The bytes of one tensor, which its type and shape must fill."""
    shape: Any = None
    offsets: Any = None
    if isinstance(tensor, dict) and tensor.keys() == {"dtype", "shape", "data_offsets"}:
        shape, offsets = tensor["shape"], tensor["data_offsets"]
    if not _counts(shape) or not _counts(offsets) or len(offsets) != 2:
        raise malformed(f"the tensor {name[:80]!r} is not described as safetensors does")
    bits = _BITS.get(str(tensor["dtype"]))
    if bits is None:
        raise malformed(f"the tensor {name[:80]!r} has an unknown type")
    for side in shape:
        bits *= side
        if bits > 1 << 60:
            raise malformed(f"the tensor {name[:80]!r} is larger than any memory")
    if bits % 8 or offsets[1] - offsets[0] != bits // 8:
        raise malformed(f"the tensor {name[:80]!r} has another length than its shape says")
    return offsets[0], offsets[1]


def _counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)
