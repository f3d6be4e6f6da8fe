"""Zip archives read in the one way in which all readers agree; every other archive is refused.

Format: PKWARE's APPNOTE 6.3. The members must lie one after another from the first byte, and the
central directory must say of each what its own header says.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from mlgate.artifacts.feed import Feed
from mlgate.artifacts.outcome import malformed

if TYPE_CHECKING:
    from mlgate.artifacts.outcome import Scan

MAGIC = b"PK\x03\x04"
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LARGEST_DIRECTORY = 64 << 20
_FULL = 0xFFFFFFFF
_DESCRIPTOR, _UTF8 = 0x8, 0x800
_LINK = 0o120000


class Member(NamedTuple):
    """One member, as both its headers describe it."""

    name: str
    stored: bool
    packed: int
    size: int
    crc: int
    flags: int
    header: int
    """Where its local header begins."""


class Zip:
    """An archive whose whole structure has been checked."""

    def __init__(self, file: BinaryIO, scan: Scan) -> None:
        self._file = file
        self._scan = scan
        self._size = file.seek(0, os.SEEK_END)
        start, count = self._find_directory()
        self.members = self._read_directory(start, count)
        self._data = self._check_layout(start)

    def _at(self, offset: int, size: int) -> bytes:
        if offset < 0 or offset + size > self._size:
            raise malformed("its zip directory points outside it")
        self._file.seek(offset)
        return self._file.read(size)

    def _find_directory(self) -> tuple[int, int]:
        end = self._size - _END.size
        magic, disk, first, here, count, size, start, comment = _END.unpack(self._at(end, 22))
        if magic != b"PK\x05\x06" or comment:
            raise malformed("its zip directory is not at its very end")
        before = end - _LOCATOR.size
        if before > 0 and (raw := self._at(before, _LOCATOR.size))[:4] == b"PK\x06\x07":
            _, _, end, disks = _LOCATOR.unpack(raw)
            magic, rest, _, _, disk, first, here, count, size, start = _END64.unpack(
                self._at(end, _END64.size)
            )
            if magic != b"PK\x06\x06" or rest != 44 or end + _END64.size != before or disks > 1:
                raise malformed("its zip64 directory is out of place")
        if disk or first or here != count or start + size != end:
            raise malformed("its zip directory does not lie where it says")
        if size > _LARGEST_DIRECTORY:
            raise malformed("its zip directory is too large")
        return start, count

    def _read_directory(self, start: int, count: int) -> list[Member]:
        raw = self._at(start, self._size - start)[: _LARGEST_DIRECTORY + 1024]
        members, names, at = [], set(), 0
        for _ in range(count):
            self._scan.member()
            if len(raw) < at + _CENTRAL.size or raw[at : at + 4] != b"PK\x01\x02":
                raise malformed("its zip directory has fewer members than it says")
            member, at = _central(raw, at)
            if member.name.casefold() in names:
                raise malformed(f"two of its members are called {member.name[:80]!r}")
            names.add(member.name.casefold())
            members.append(member)
        if raw[at : at + 4] not in (b"PK\x05\x06", b"PK\x06\x06"):
            raise malformed("its zip directory has more members than it says")
        return sorted(members, key=lambda member: member.header)

    def _check_layout(self, end: int) -> dict[str, int]:
        """Where each member's bytes begin; every byte before the directory is accounted for."""
        found, expected = {}, 0
        for member in self.members:
            if member.header != expected:
                raise malformed("bytes of it belong to no member, or to two")
            raw = self._at(expected, _LOCAL.size)
            magic, _, flags, method, _, _, crc, packed, size, name, extra = _LOCAL.unpack(raw)
            more = self._at(expected + _LOCAL.size, name + extra)
            sizes = _sizes64(more[name:], size, packed)
            same = flags == member.flags and method == (0 if member.stored else 8)
            if magic != MAGIC or not same or _name(more[:name], flags) != member.name:
                raise malformed(f"the headers of {member.name[:80]!r} differ")
            later = bool(flags & _DESCRIPTOR)
            told = (crc, *sizes) == (member.crc, member.size, member.packed)
            if not told and not (later and (crc, size, packed) in ((0, 0, 0), (0, _FULL, _FULL))):
                raise malformed(f"the headers of {member.name[:80]!r} differ")
            found[member.name] = expected + _LOCAL.size + name + extra
            expected = found[member.name] + member.packed
            expected += self._descriptor(expected, member) if later else 0
        if expected != end:
            raise malformed("bytes of it belong to no member")
        return found

    def _descriptor(self, at: int, member: Member) -> int:
        """The size of the descriptor after a member's bytes, in any of its four forms."""
        raw = self._file.read(24) if self._file.seek(at) == at else b""
        for magic in (b"PK\x07\x08", b""):
            for form in ("<LLL", "<LQQ"):
                told = magic + struct.pack(form, member.crc, member.packed, member.size)
                if raw.startswith(told):
                    return len(told)
        raise malformed(f"the sizes after {member.name[:80]!r} differ from the directory's")

    def open(self, member: Member) -> Feed:
        """The bytes of a member; the end checks their number and checksum."""
        return Feed(_Reading(self._file, self._data[member.name], member, self._scan).read)


def _central(raw: bytes, at: int) -> tuple[Member, int]:
    fields = _CENTRAL.unpack_from(raw, at)
    _, _, _, flags, method, _, _, crc, packed, size, name, extra, comment = fields[:13]
    disk, _, attributes, header = fields[13:]
    at += _CENTRAL.size
    size, packed, header = _sizes64(raw[at + name : at + name + extra], size, packed, header)
    text = _name(raw[at : at + name], flags)
    if comment or disk or method not in (0, 8) or flags & ~(_DESCRIPTOR | _UTF8 | 0x6):
        raise malformed(f"the member {text[:80]!r} is encrypted, split or packed in a rare way")
    if attributes >> 16 & 0o170000 == _LINK:
        raise malformed(f"the member {text[:80]!r} is a link")
    if text.endswith("/") and size:
        raise malformed(f"the folder {text[:80]!r} holds bytes")
    if method == 0 and size != packed:
        raise malformed(f"the member {text[:80]!r} has two sizes")
    member = Member(text, method == 0, packed, size, crc, flags, header)
    return member, at + name + extra


def _sizes64(extra: bytes, *values: int) -> tuple[int, ...]:
    """`values` with those taken from the zip64 field that are marked to lie there."""
    at, given = 0, b""
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if at + 4 + size > len(extra):
            raise malformed("an extra field of its zip directory does not end")
        if kind == 1:
            given = extra[at + 4 : at + 4 + size]
        elif kind == 0x7075:
            raise malformed("a member of it has a second name")
        at += 4 + size
    found = []
    for value in values:
        if value == _FULL and len(given) >= 8:
            value, given = int.from_bytes(given[:8], "little"), given[8:]
        found.append(value)
    return tuple(found)


def _name(raw: bytes, flags: int) -> str:
    """The member's name, which must be a plain path below the archive's root."""
    try:
        name = raw.decode("utf-8" if flags & _UTF8 else "ascii")
    except UnicodeDecodeError:
        raise malformed("the name of a member reads in two ways") from None
    steps = name.removesuffix("/").split("/")
    if "\\" in name or "\0" in name or ":" in name or not {"", ".", ".."}.isdisjoint(steps):
        raise malformed(f"the member {name[:80]!r} would leave its folder")
    return name


class _Reading:
    """Reads one member forward."""

    def __init__(self, file: BinaryIO, at: int, member: Member, scan: Scan) -> None:
        import zlib

        self._file, self._at, self._member, self._scan = file, at, member, scan
        self._left = member.packed
        self._total = self._crc = 0
        self._checksum, self._error = zlib.crc32, zlib.error
        self._unpacker = None if member.stored else zlib.decompressobj(-15)

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end, where number and checksum are compared."""
        part = b""
        while not part and not self._ended():
            part = self._part(size)
        if not part:
            if (self._total, self._crc) != (self._member.size, self._member.crc):
                raise malformed(f"the member {self._member.name[:80]!r} fails its checksum")
            return b""
        self._total += len(part)
        self._crc = self._checksum(part, self._crc)
        packed = self._member.packed - self._left
        self._scan.unpacked(len(part), self._total, packed)
        return part

    def _ended(self) -> bool:
        if self._unpacker is None:
            return not self._left
        if self._unpacker.eof and (self._unpacker.unused_data or self._left):
            raise malformed(f"data follows the end of the member {self._member.name[:80]!r}")
        return self._unpacker.eof

    def _part(self, size: int) -> bytes:
        packed = b"" if self._unpacker is None else self._unpacker.unconsumed_tail
        if not packed:
            self._file.seek(self._at)
            packed = self._file.read(min(size, self._left))
            self._at += len(packed)
            self._left -= len(packed)
        part = packed
        if self._unpacker is not None:
            try:
                part = self._unpacker.decompress(packed, size)
            except self._error:
                raise malformed(f"the member {self._member.name[:80]!r} is damaged") from None
        if not packed and not part and not self._ended():
            raise malformed(f"the member {self._member.name[:80]!r} ends too early")
        return part
