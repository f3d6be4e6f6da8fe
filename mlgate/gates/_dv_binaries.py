"""Files that belong in DVC but are added to git: large ones, and those with data or models."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from mlgate.core.finding import Finding
from mlgate.core.text import shown
from mlgate.gates._dv_ground import Ground, quoted, stated

_DATA = frozenset(
    [
        ".pkl",
        ".pickle",
        ".joblib",
        ".pt",
        ".pth",
        ".ckpt",
        ".npy",
        ".npz",
        ".parquet",
        ".feather",
        ".arrow",
        ".h5",
        ".hdf5",
        ".onnx",
        ".safetensors",
        ".tfrecord",
        ".pb",
        ".keras",
        ".gguf",
        ".skops",
        ".cbm",
        ".orc",
        ".avro",
        ".sqlite",
        ".db",
    ]
)
_SMALL = 64 << 10
"""Up to here a data file may well be a test's fixture."""
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "Parquet"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"ARROW1\0\0", "Arrow"),
    (b"GGUF", "a GGUF model"),
    (b"Obj\x01", "Avro"),
    (b"ORC", "ORC"),
    (b"SQLite format 3\0", "SQLite"),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05](?:\x95.{8}|[\x28\x5d\x63\x7d\x8a-\x8c\x4d\x71\x58])", re.S)
_SAFETENSORS = re.compile(rb".{3}\0{5}\{\"", re.S)
_LFS = b"version https://git-lfs.github.com/spec/v1"


def check(ground: Ground) -> Iterator[Finding]:
    """Files that the base has not in this form."""
    ctx = ground.ctx
    base = ctx.base.files if ctx.base else {}
    added = [
        path
        for path in ctx.files
        if ctx.subject.files[path].is_file
        and base.get(path) != ctx.subject.files[path]
        and (ctx.changed is None or path in ctx.changed)
    ]
    if not added:
        return
    root = os.fspath(ctx.subject.root(added))
    for path in added:
        full = os.path.join(root, *path.split("/"))
        size = os.lstat(full).st_size
        suffix = os.path.splitext(path)[1].lower()
        if size < min(_SMALL, ctx.options.limit):
            continue
        with open(full, "rb") as file:
            head = file.read(64)
        what = kind_of(head) or ("data or a model" if suffix in _DATA else None)
        if head.startswith(_LFS) or (what is None and size < ctx.options.limit):
            continue
        if _kept_by_lfs(ground, path):
            continue
        holds = f" and holds {what}" if what else ""
        text = f"{shown(path)} has {size / (1 << 20):,.1f} MiB{holds}: git keeps every version"
        mend = f"git rm --cached -- {quoted(path)} && dvc add {quoted(path)}"
        yield stated("binary-in-git", text, path, None, mend)


def _kept_by_lfs(ground: Ground, path: str) -> bool:
    """True where git keeps a pointer of Git LFS instead: the last attributes that match count."""
    import pathspec

    subject, folders = ground.ctx.subject, path.split("/")[:-1]
    kept = False
    for depth in range(len(folders) + 1):
        folder = "".join(f"{one}/" for one in folders[:depth])
        entry = subject.files.get(f"{folder}.gitattributes")
        if entry is None or not entry.is_file:
            continue
        text = subject.read(f"{folder}.gitattributes").decode("utf-8", "replace")
        for line in text.splitlines():
            pattern, *attributes = line.split() or [""]
            told = [one for one in attributes if one.lstrip("-!").partition("=")[0] == "filter"]
            if told and not pattern.startswith("#"):
                spec = pathspec.GitIgnoreSpec.from_lines([pattern])
                if spec.match_file(path.removeprefix(folder)):
                    kept = told[-1] == "filter=lfs"
    return kept


def kind_of(head: bytes) -> str | None:
    """What a file with these first bytes holds, where they tell."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head.startswith(b"PK\x03\x04"):
        if b".data/pkl" in head or b"archive/" in head or b"data.pkl" in head:
            return "a torch model"
        return "NumPy arrays" if b".npy" in head else None
    if _PICKLE.match(head):
        return "a pickle"
    if _SAFETENSORS.match(head):
        return "safetensors"
    # ONNX is a bare protobuf: ir_version, then the producer's name.
    if re.match(rb"\x08[\x01-\x14]\x12.(?:pytorch|tf2onnx|skl2onnx|onnx|keras)", head, re.S):
        return "an ONNX model"
    return None
