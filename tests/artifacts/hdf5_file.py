"""Writes a small HDF5 file as h5py does by default: one group, one array, attributes in texts."""

from __future__ import annotations

import struct

MAGIC = b"\x89HDF\r\n\x1a\n"
NOWHERE = 0xFFFFFFFFFFFFFFFF
_TEXTS = 4096
"""The least that HDF5 takes for a collection of texts."""
FLOAT = bytes.fromhex("11201f00 04000000 00002000 17080017 7f000000".replace(" ", ""))
TEXT = bytes.fromhex("19010000 10000000 13000000 01000000".replace(" ", ""))
TREE, HEAP, NAMES, LEAF, ARRAY, VALUES, TEXTS, ROOT = 96, 640, 672, 704, 1040, 1296, 1312, 5408


def message(kind: int, body: bytes, flags: int = 0) -> bytes:
    """One message of an object."""
    body += bytes(-len(body) % 8)
    return struct.pack("<2HB3x", kind, len(body), flags) + body


def header(*messages: bytes) -> bytes:
    """An object."""
    raw = b"".join(messages)
    return struct.pack("<BxHLL4x", 1, len(messages), 1, len(raw)) + raw


def entry(name: int, address: int, cached: int = 0, tree: int = 0, heap: int = 0) -> bytes:
    """A name of a group."""
    return struct.pack("<2Q2L2Q", name, address, cached, 0, tree, heap)


def attribute(name: bytes, length: int, index: int) -> bytes:
    """A text of its own length, which lies among the texts."""
    space = struct.pack("<4B4x", 1, 0, 0, 0)
    head = struct.pack("<2B3H", 1, 0, len(name) + 1, len(TEXT), len(space))
    padded = name + bytes(8 - len(name) % 8)
    return message(0xC, head + padded + TEXT + space + struct.pack("<LQL", length, TEXTS, index))


def space(*sides: int) -> bytes:
    """A shape."""
    return message(1, struct.pack(f"<4B4x{len(sides)}Q", 1, len(sides), 0, 0, *sides))


def layout(address: int, size: int) -> bytes:
    """Values that lie together."""
    return message(8, struct.pack("<2B2Q", 3, 1, address, size))


FLOATS = (space(4), message(3, FLOAT), layout(VALUES, 16))


def hdf5(
    texts: dict[bytes, bytes] | None = None,
    array: tuple[bytes, ...] = FLOATS,
    leaf: tuple[bytes, ...] = (entry(8, ARRAY),),
    names: bytes = bytes(8) + b"kernel\0\0b\0",
    root: tuple[int, int] = (TREE, HEAP),
    superblock: bytes = bytes([0, 0, 0, 0, 0, 8, 8, 0]),
    driver: int = NOWHERE,
) -> bytes:
    """The file; every argument but `texts` is a way to write it wrong."""
    texts = texts or {}
    out = bytearray(6400)
    held = b""
    for number, text in enumerate(texts.values(), 1):
        held += struct.pack("<2H4xQ", number, 1, len(text)) + text + bytes(-len(text) % 8)
    free = struct.pack("<2H4xQ", 0, 0, _TEXTS - 16 - len(held))
    told = [attribute(name, len(t), n) for n, (name, t) in enumerate(texts.items(), 1)]
    parts = {
        0: MAGIC + superblock + struct.pack("<2HL4Q", 4, 16, 0, 0, NOWHERE, len(out), driver)
        + entry(0, ROOT, 1, *root),
        TREE: struct.pack("<4s2BH5Q", b"TREE", 0, 0, 1, NOWHERE, NOWHERE, 0, LEAF, 8),
        HEAP: struct.pack("<4sB3x3Q", b"HEAP", 0, 32, 1, NAMES),
        NAMES: names.ljust(32, b"\0"),
        LEAF: struct.pack("<4sBxH", b"SNOD", 1, len(leaf)) + b"".join(leaf),
        ARRAY: header(*array),
        VALUES: struct.pack("<4f", 1, 2, 3, 4),
        TEXTS: struct.pack("<4sB3xQ", b"GCOL", 1, _TEXTS) + held + free,
        ROOT: header(message(0x11, struct.pack("<2Q", TREE, HEAP)), *told),
    }  # fmt: skip
    for at, raw in parts.items():
        out[at : at + len(raw)] = raw
    return bytes(out)
