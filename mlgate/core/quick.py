"""Imports msgspec without what it does not need; imported before the first part that uses it."""

from __future__ import annotations

import sys

# msgspec takes its type hints from typing_extensions where that is installed, although `typing` has
# had all of it since 3.11: 7 ms at the start of every check, for nothing.
if "typing_extensions" not in sys.modules:
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules["typing_extensions"]
