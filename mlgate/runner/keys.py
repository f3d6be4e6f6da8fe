"""Cache keys: digests of content, never of time stamps alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

import mlgate
from mlgate.core.digests import digest_of
from mlgate.core.gate import Inputs
from mlgate.core.snapshot import Entry

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def code_identity() -> bytes:
    """Digest of mlgate's own code: its installer's record, or in a source tree the files' stats."""
    record = os.path.join(
        os.path.dirname(_PACKAGE), f"mlgate-{mlgate.__version__}.dist-info", "RECORD"
    )
    try:
        with open(record, "rb") as file:
            return digest_of(file.read()).digest()
    except OSError:
        return digest_of(repr(sorted(_stats(_PACKAGE))).encode()).digest()


def _stats(folder: str) -> Iterable[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _stats(entry.path)
            elif entry.name.endswith(".py"):
                found = entry.stat()
                yield entry.path, found.st_size, found.st_mtime_ns


def digest(*parts: object) -> bytes:
    """Digest over the canonical encoding of plain values."""
    try:
        encoded = msgspec.msgpack.encode(parts, order="deterministic")
    except UnicodeEncodeError:  # names that are no UTF-8
        encoded = msgspec.msgpack.encode(_as_bytes(parts), order="deterministic")
    return digest_of(encoded).digest()


def _as_bytes(value: Any) -> Any:
    """`value` with every text in it as bytes."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, Mapping):
        return [[_as_bytes(key), _as_bytes(value[key])] for key in sorted(value)]
    if isinstance(value, list | tuple):
        return [_as_bytes(one) for one in value]
    return value


def gate_key(identity: bytes, kind: str, options: Mapping[str, object], inputs: Inputs) -> bytes:
    """What decides a gate's findings beside its files."""
    return digest(identity, kind, options, inputs.also, inputs.each)


def whole_key(gate: bytes, paths: Sequence[str], files: Mapping[str, Entry]) -> bytes:
    """The key of a gate's findings on all its files together."""
    key = digest_of(gate)
    for path in paths:
        mode, content = files[path]
        key.update(f"{mode} {content} {path}\0".encode("utf-8", "surrogateescape"))
    return key.digest()


def file_keys(gate: bytes, paths: Sequence[str], files: Mapping[str, Entry]) -> dict[bytes, str]:
    """The key of each file's own findings, and whose it is."""
    keys = {}
    for path in paths:
        mode, content = files[path]
        line = f"{mode} {content} {path}".encode("utf-8", "surrogateescape")
        keys[digest_of(gate + line).digest()] = path
    return keys
