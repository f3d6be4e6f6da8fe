"""The one digest of everything that mlgate itself addresses by content: BLAKE2b of 32 bytes.

Taken from the interpreter's own module: `hashlib` would load OpenSSL, which is 5 ms on the way of
a check that has nothing to do, and SHA-256 without it is slower. `small_sha1` and `small_sha256`,
likewise, are for git's ids of small files; large ones are worth OpenSSL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import hashlib
    from hashlib import blake2b
    from hashlib import sha1 as small_sha1
else:
    try:
        from _blake2 import blake2b
        from _sha1 import sha1 as small_sha1
    except ImportError:  # an interpreter that keeps them elsewhere
        from hashlib import blake2b
        from hashlib import sha1 as small_sha1


def digest_of(content: bytes = b"") -> blake2b:
    """A running digest of 32 bytes, with `update`, `digest` and `hexdigest`."""
    return blake2b(content, digest_size=32)


def small_sha256() -> hashlib._Hash:
    """A running SHA-256, again without OpenSSL."""
    from importlib import import_module

    for name in ("_sha2", "_sha256"):  # since Python 3.12, and before
        try:
            return import_module(name).sha256()  # type: ignore[no-any-return]
        except ImportError:
            continue
    return import_module("hashlib").sha256()  # type: ignore[no-any-return]


__all__ = ["blake2b", "digest_of", "small_sha1", "small_sha256"]
