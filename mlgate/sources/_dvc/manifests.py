"""Reads `.dir` manifests: the members of a directory version, each with its hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import md5

import msgspec
from msgspec import Struct

LARGEST = 1 << 30


class Broken(ValueError):
    """Why the manifest is none."""


class _Member(Struct):
    md5: str
    relpath: str


_decoder = msgspec.json.Decoder(list[_Member])


def read_manifest(raw: bytes, hash_: str) -> dict[str, str]:
    """Member to hash, of the manifest that `hash_` (with `.dir`) names.

    Raises `Broken` where its bytes are not those, or a member is named twice or lies outside.
    """
    if md5(raw, usedforsecurity=False).hexdigest() != hash_.removesuffix(".dir"):
        raise Broken(f"its {len(raw):,} bytes are not those that {hash_} stands for")
    try:
        members = _decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise Broken(f"it is no manifest: {error}") from None
    found = {member.relpath: member.md5 for member in members}
    if len(found) < len(members):
        raise Broken("it names a member twice")
    if escaping := next((path for path in found if _leaves(path)), None):
        raise Broken(f"its member {escaping!r} lies outside of the directory")
    if not all(map(_is_md5, found.values())):
        raise Broken("a member has no md5")
    folders = {path.rpartition("/")[0] for path in found}
    if clash := next((path for path in found if path in folders), None):
        raise Broken(f"its member {clash!r} is a file and a folder")
    return found


def manifest_hash(members: Mapping[str, str]) -> str:
    """The hash, with `.dir`, that DVC gives a directory with these members."""
    rows = [{"md5": members[path], "relpath": path} for path in sorted(members)]
    return md5(json.dumps(rows).encode(), usedforsecurity=False).hexdigest() + ".dir"


def _leaves(path: str) -> bool:
    if "." not in path and "//" not in path and path[:1] != "/" and path[-1:] not in ("", "/"):
        return False
    if not path or path[0] == "/" or "\0" in path:
        return True
    return any(part in ("", ".", "..") for part in path.split("/"))


def _is_md5(text: str) -> bool:
    return len(text) == 32 and text.isalnum()
