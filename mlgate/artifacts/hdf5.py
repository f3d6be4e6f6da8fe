"""HDF5 as Keras writes weights: every group, attribute and array of it lies in this very file.

Read is the form that h5py writes by default (superblock 0). All else is refused: links and arrays
that other files hold, filters and chunks (bombs), and what two readers may read differently.
Format: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from mlgate.artifacts import hdf5_values as values
from mlgate.artifacts.hdf5_parts import Parts
from mlgate.artifacts.outcome import Refused, malformed

if TYPE_CHECKING:
    from mlgate.artifacts.outcome import Scan

MAGIC = b"\x89HDF\r\n\x1a\n"
NOWHERE = 0xFFFFFFFFFFFFFFFF
_SUPERBLOCK = struct.Struct("<8s8B2HL4Q")
_ENTRY = struct.Struct("<2Q2L2Q")
_HEADER = struct.Struct("<BxHLL4x")
_MESSAGE = struct.Struct("<2HB3x")
_TREE = struct.Struct("<4s2BH2Q")
_HEAP = struct.Struct("<4sB3x3Q")
_DEEPEST = 100
_SHARED = 0x2
_SPACE, _TYPE, _LAYOUT, _ATTRIBUTE, _CONTINUATION, _TABLE = 0x1, 0x3, 0x8, 0xC, 0x10, 0x11
_IDLE = frozenset({0x0, 0x4, 0x5, 0xE, 0x12})
"""Messages that say where nothing lies: padding, fill values, times."""
_REFUSED = {
    0x2: "groups that may link to other files",
    0x6: "groups that may link to other files",
    0x7: "arrays that other files hold",
    0xB: "packed arrays, which Keras does not write",
}
_OUTSIDE = frozenset({0x2, 0x6, 0x7})


class _Group(NamedTuple):
    """Where the names of a group lie."""

    tree: int
    heap: int


def called_so(name: str) -> bool:
    """Whether Keras opens `name` with h5py, which also finds HDF5 behind other bytes."""
    return name.lower().endswith((".h5", ".hdf5"))


def check(file: BinaryIO, scan: Scan, where: str) -> None:
    """State the code that the model's description declares. Raises `Refused`."""
    scan.recognised("hdf5")
    _Reader(file, scan, where).read()


class _Reader:
    """One walk over a file, in which no two parts share a byte."""

    def __init__(self, file: BinaryIO, scan: Scan, where: str) -> None:
        self._parts = Parts(file)
        self._scan = scan
        self._where = where
        self._texts: dict[int, dict[int, bytes]] = {}

    def read(self) -> None:
        """Every object from the root on."""
        todo = [(*self._root(), 0)]
        seen = {todo[0][0]}
        while todo:
            address, cached, depth = todo.pop()
            if depth > _DEEPEST:
                raise Refused("limit", f"its groups nest deeper than {_DEEPEST} levels")
            for below, group in self._object(address, cached):
                if below in seen:
                    raise malformed("an object of it has two names")
                seen.add(below)
                todo.append((below, group, depth + 1))
        self._parts.refuse_overlaps(_SUPERBLOCK.size + _ENTRY.size)

    def _root(self) -> tuple[int, _Group | None]:
        raw = self._parts.peek(0, _SUPERBLOCK.size + _ENTRY.size)
        _, *told = _SUPERBLOCK.unpack_from(raw)
        if told[0]:
            raise Refused("unknown-format", f"it is HDF5 of a newer form ({told[0]}); h5py's "
                          "default, which Keras uses, is the first")  # fmt: skip
        base, free, end, driver = told[-4:]
        if told[1:8] != [0, 0, 0, 0, 8, 8, 0] or told[10] or base or free != NOWHERE:
            raise malformed("its HDF5 does not begin as h5py begins it")
        if driver != NOWHERE:
            raise Refused("external-data", "its HDF5 is spread over several files")
        if end != self._parts.size:
            raise malformed(f"its HDF5 is {end:,} bytes long, and the file {self._parts.size:,}")
        return self._entry(raw[_SUPERBLOCK.size :])[1:]

    def _entry(self, raw: bytes) -> tuple[int, int, _Group | None]:
        """A name's place, its object, and where that keeps names, if the entry says so."""
        self._scan.values(1)
        name, address, cached, _, tree, heap = _ENTRY.unpack(raw)
        if cached > 1:
            raise Refused("external-data", "a name of it is a link by path")
        return name, address, _Group(tree, heap) if cached else None

    def _object(self, address: int, cached: _Group | None) -> list[tuple[int, _Group | None]]:
        """What lies below one object: nothing where it is an array."""
        found: dict[int, bytes] = {}
        for kind, body in self._messages(address):
            if kind == _ATTRIBUTE:
                self._attribute(body)
            elif kind in found:
                raise malformed("an object of its HDF5 says one thing twice")
            elif kind not in _IDLE:
                found[kind] = body
        if found.keys() == {_TABLE} and len(found[_TABLE]) >= 16:
            group = _Group(*struct.unpack_from("<2Q", found[_TABLE]))
            if cached not in (None, group):
                raise malformed("a group of its HDF5 has two lists of names")
            return self._names(group)
        if found.keys() != {_SPACE, _TYPE, _LAYOUT} or cached is not None:
            raise malformed("an object of its HDF5 is neither a group nor an array")
        self._array(found)
        return []

    def _messages(self, address: int) -> list[tuple[int, bytes]]:
        version, count, _, size = _HEADER.unpack(self._parts.peek(address, _HEADER.size))
        if version != 1:
            raise Refused("unknown-format", "its HDF5 has objects of a newer form than h5py's "
                          "default")  # fmt: skip
        found: list[tuple[int, bytes]] = []
        blocks = [self._parts.take(address, _HEADER.size + size)[_HEADER.size :]]
        for block in blocks:  # grows
            at = 0
            while at + _MESSAGE.size <= len(block):
                self._scan.values(1)
                kind, length, flags = _MESSAGE.unpack_from(block, at)
                body = block[at + _MESSAGE.size : at + _MESSAGE.size + length]
                at += _MESSAGE.size + length
                _known(kind, flags)
                if len(body) != length:
                    raise malformed("an object of its HDF5 is cut")
                if kind == _CONTINUATION:
                    blocks.append(
                        self._parts.take(*struct.unpack_from("<2Q", body.ljust(16, b"\xff")))
                    )
                found.append((kind, body))
        if len(found) != count:
            raise malformed("an object of its HDF5 has another length than it says")
        return [(kind, body) for kind, body in found if kind != _CONTINUATION]

    def _names(self, group: _Group) -> list[tuple[int, _Group | None]]:
        """The objects of a group, by the leaves of its tree."""
        mark, version, size, _, start = _HEAP.unpack(self._parts.take(group.heap, _HEAP.size))
        if mark != b"HEAP" or version:
            raise malformed("a group of its HDF5 has no names")
        heap = self._parts.take(start, size)
        names: set[bytes] = set()
        found = []
        for raw in self._leaves(group.tree):
            at, address, below = self._entry(raw)
            name = heap[at:].partition(b"\0")[0] if at < len(heap) else b""
            if not name or name in names or b"/" in name or name == b".":
                raise malformed("a group of its HDF5 has a name twice, or none")
            names.add(name)
            found.append((address, below))
        return found

    def _leaves(self, tree: int) -> list[bytes]:
        """The entries of a group's tree."""
        mark, kind, level, used, _, _ = _TREE.unpack(self._parts.take(tree, _TREE.size))
        if mark != b"TREE" or kind or level > _DEEPEST:
            raise malformed("a group of its HDF5 has no tree")
        children = struct.unpack(
            f"<{2 * used + 1}Q", self._parts.take(tree + _TREE.size, 16 * used + 8)
        )
        if level:
            deeper = [self._level(child, level - 1) for child in children[1::2]]
            return [raw for leaves in deeper for raw in leaves]
        return [raw for child in children[1::2] for raw in self._leaf(child)]

    def _level(self, tree: int, level: int) -> list[bytes]:
        if self._parts.peek(tree, 6)[5] != level:
            raise malformed("a tree of its HDF5 leads back")
        return self._leaves(tree)

    def _leaf(self, at: int) -> list[bytes]:
        mark, version, count = struct.unpack("<4sBxH", self._parts.take(at, 8))
        if mark != b"SNOD" or version != 1:
            raise malformed("a tree of its HDF5 leads to no names")
        raw = self._parts.take(at + 8, count * _ENTRY.size)
        return [raw[n : n + _ENTRY.size] for n in range(0, len(raw), _ENTRY.size)]

    def _array(self, found: dict[int, bytes]) -> None:
        """Its values must lie here, as many as its shape says: loaders make room by the shape."""
        element = values.element(found[_TYPE])
        if element.vlen:
            raise malformed("an array of its HDF5 holds texts, which Keras does not write")
        size = values.count(found[_SPACE]) * element.size
        at, told = values.place(found[_LAYOUT])
        if told != size:
            raise malformed("an array of its HDF5 has another length than its shape says")
        if size and at is not None:
            self._parts.claim(at, size)

    def _attribute(self, body: bytes) -> None:
        """What describes a model is read as its loader reads it; all else must only be there."""
        from mlgate.artifacts import boosters, declared

        attribute = values.attribute(body)
        texts = [attribute.data]
        if attribute.element.vlen:
            texts = [self._text(*held) for held in struct.iter_unpack("<LQL", attribute.data)]
        if not attribute.name.endswith(b"_config"):
            return
        for text in texts:
            model = boosters.strict_json(text.rstrip(b"\0"), self._scan)
            declared.check(model, self._scan, self._where)

    def _text(self, length: int, collection: int, index: int) -> bytes:
        if not length:
            return b""
        if collection not in self._texts:
            self._texts[collection] = self._parts.texts(collection, self._scan)
        held = self._texts[collection].get(index, b"")
        if len(held) != length:
            raise malformed("a text of its HDF5 is not where it says")
        return held


def _known(kind: int, flags: int) -> None:
    """Raises `Refused` for what an object must not say."""
    if kind in _REFUSED:
        rule = "external-data" if kind in _OUTSIDE else "malformed"
        raise Refused(rule, f"its HDF5 has {_REFUSED[kind]}")
    known = kind in _IDLE or kind in (_SPACE, _TYPE, _LAYOUT, _ATTRIBUTE, _CONTINUATION, _TABLE)
    if not known or flags & _SHARED:
        raise malformed(f"an object of its HDF5 says what Keras does not write ({kind:#x})")
