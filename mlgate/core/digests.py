"""The one digest of everything that mlgate itself addresses by content: BLAKE2b of 32 bytes.

Taken from the interpreter's own module: `hashlib` would load OpenSSL, which is 5 ms on the way of
a check that has nothing to do, and SHA-256 without it is slower. `small_sha1`, likewise, is for
git's ids of small files; large ones are worth OpenSSL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


__all__ = ["blake2b", "digest_of", "small_sha1"]
