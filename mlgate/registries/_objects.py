"""Makes git objects, and hands them to the repository in one pack, by one process."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping

from mlgate.repo.git import Repository

_KINDS = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}
_FILE = "100644"


class Objects:
    """Objects that are not written yet, each with the id that git will know it by."""

    def __init__(self, object_format: str) -> None:
        self._format = object_format
        self._made: dict[str, tuple[str, bytes]] = {}

    def add(self, kind: str, content: bytes) -> str:
        """The id of a blob, tree, commit or tag of that content."""
        head = f"{kind} {len(content)}\0".encode()
        id_ = hashlib.new(self._format, head + content, usedforsecurity=False).hexdigest()
        self._made[id_] = kind, content
        return id_

    def tree(self, files: Mapping[str, str]) -> str:
        """A tree of plain files: name to blob."""
        rows = sorted((name.encode(), bytes.fromhex(id_)) for name, id_ in files.items())
        return self.add("tree", b"".join(b"%s %s\0%s" % (_FILE.encode(), *row) for row in rows))

    def commit(self, tree: str, parent: str | None, who: str, text: str) -> str:
        """A commit by `who`: `NAME <MAIL> SECONDS +0000`."""
        parents = f"parent {parent}\n" if parent else ""
        head = f"tree {tree}\n{parents}author {who}\ncommitter {who}\n\n{text}\n"
        return self.add("commit", head.encode())

    def tag(self, name: str, commit: str, who: str, text: str) -> str:
        """An annotated tag; no ref names it yet."""
        head = f"object {commit}\ntype commit\ntag {name}\ntagger {who}\n\n{text}\n"
        return self.add("tag", head.encode())

    def write(self, repo: Repository) -> None:
        """Put them all into `repo`, which checks them and what they name. Raises
        `RepositoryError`."""
        repo.git("unpack-objects", "-q", "--strict", stdin=self._pack())

    def _pack(self) -> bytes:
        """https://git-scm.com/docs/pack-format"""
        pack = b"PACK" + (2).to_bytes(4, "big") + len(self._made).to_bytes(4, "big")
        for kind, content in self._made.values():
            pack += _header(_KINDS[kind], len(content)) + zlib.compress(content)
        return pack + hashlib.new(self._format, pack, usedforsecurity=False).digest()


def _header(kind: int, size: int) -> bytes:
    """The kind and the size: four bits of it in the first byte, seven in each that follows."""
    first, size = kind << 4 | size & 15, size >> 4
    found = bytearray()
    while size:
        found.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    return bytes(found) + bytes([first])
