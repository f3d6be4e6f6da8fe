"""Reads `.dir` manifests: the members of a directory version, each with its hash."""

from __future__ import annotations

import re
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


_ESCAPING = re.compile(r"\n(?:[^\n]*/)?\.{0,2}(?:/[^\n]*)?(?=\n|\Z)|\0")
"""A part that is empty, `.` or `..`, in members that are set each on a line of its own."""
_HASHES = re.compile("(?:[0-9a-f]{32}\n)*")

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
    if escaping := _ESCAPING.search("\n" + "\n".join(found)) if found else None:
        path = escaping[0].strip("\n")
        raise Broken(f"its member {path!r} lies outside of the directory")
    if found and not _HASHES.fullmatch("\n".join(found.values()) + "\n"):
        raise Broken("a member has no md5")
    folders = {path.rpartition("/")[0] for path in found}
    if clash := next((path for path in found if path in folders), None):
        raise Broken(f"its member {clash!r} is a file and a folder")
    return found


def manifest_hash(members: Mapping[str, str]) -> str:
    """The hash, with `.dir`, that DVC gives a directory with these members."""
    import json

    rows = [{"md5": members[path], "relpath": path} for path in sorted(members)]
    return md5(json.dumps(rows).encode(), usedforsecurity=False).hexdigest() + ".dir"
