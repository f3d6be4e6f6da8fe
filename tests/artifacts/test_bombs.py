"""What is made to be costly is refused, and quickly."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_files import npy, zipped

from mlgate.artifacts.content import scan_file
from mlgate.artifacts.outcome import Limits

ZEROS = bytes(1 << 20)
SECONDS = 5.0


def _bomb(packer: zlib._Compress | bz2.BZ2Compressor | lzma.LZMACompressor) -> bytes:  # type: ignore[name-defined]
    head = b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40)
    parts = [packer.compress(head), *(packer.compress(ZEROS) for _ in range(300))]
    return b"".join(parts) + packer.flush()


def _nested_zips() -> bytes:
    content = b"text"
    for _ in range(20):
        content = zipped({"a": content})
    return content


def _nested_gzips() -> bytes:
    content = b"text"
    for _ in range(20):
        content = gzip.compress(content)
    return content


def _zip_bomb() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("a.npy", npy(ZEROS * 300, "|u1", f"({300 << 20},)"))
    return written.getvalue()


def _folded_tuples() -> bytes:
    return b"\x80\x02N\x85" + b"2\x86" * 64 + b"."


BOMBS: dict[str, Callable[[], bytes]] = {
    "zlib": lambda: _bomb(zlib.compressobj(1)),
    "gzip": lambda: _bomb(zlib.compressobj(1, wbits=31)),
    "bz2": lambda: _bomb(bz2.BZ2Compressor(1)),
    "xz": lambda: _bomb(lzma.LZMACompressor(preset=0)),
    "zip": _zip_bomb,
    "zips in zips": _nested_zips,
    "gzips in gzips": _nested_gzips,
    "many members": lambda: zipped({f"{n}.txt": b"" for n in range(1200)}),
    "memo far away": lambda: b"\x80\x02Nr\xff\xff\xff\xff.",
    "memo grown in steps": lambda: b"\x80\x02N" + b"r\x00\x00\x00\x70" * 9 + b".",
    "tuples folded": _folded_tuples,
    "marks": lambda: b"\x80\x02" + b"(" * 3_000_000 + b".",
    "opcodes": lambda: b"\x80\x02" + b"N0" * 300_000 + b"N.",
    "text without end": lambda: b"\x80\x02X\xff\xff\xff\x7f" + ZEROS,
    "line without end": lambda: b"\x80\x02I" + b"1" * 30_000_000,
    "json": lambda: b"{" + b'"a":{' * 500_000,
    "npy header": lambda: b"\x93NUMPY\x02\x00" + struct.pack("<I", 9000) + b"(" * 9000,
    "npy larger than memory": lambda: npy(b"", "<f8", f"({1 << 62}, {1 << 62})"),
    "safetensors of brackets": lambda: struct.pack("<Q", 40_000_000)
    + b'{"a":['
    + b"[]," * 13_333_333,
    "json of numbers": lambda: b'{"a":[' + b"1," * 20_000_000 + b"1]}",
    "onnx of fields": lambda: b"\x08\x08\x12\x01a" + b"\x28\x01" * 10_000_000,
    "a line of lightgbm": lambda: b"tree\nversion=v4\n" + b"x" * (100 << 20),
    "opcodes that are text": lambda: b"I1\n0" * 300_000 + b"c",
    "safetensors header": lambda: struct.pack("<Q", 90_000_000) + b"{" * 1000,
    "ubj": lambda: b"{L" + b"\0" * 7 + b"\x01a" + b"[" * 100_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_refused_in_time(tmp_path: Path, bomb: str) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(BOMBS[bomb]())
    started = time.process_time()
    scan = scan_file(str(path), path.name, Limits(opcodes=500_000, members=1000), frozenset())
    assert scan.problems
    assert time.process_time() - started < SECONDS
