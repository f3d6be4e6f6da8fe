"""Tells which of some modules an interpreter cannot find, without importing any.

Started as a script, by any Python from 3.8 on: names as a JSON list in, those not found out."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec


def main() -> None:
    """Answer for the names on standard input."""
    names = json.loads(sys.stdin.readline())
    print(json.dumps([name for name in names if not _found(name)]))


def _found(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return name in sys.modules


if __name__ == "__main__":
    main()
