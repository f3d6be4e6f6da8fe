"""Runs in bandit's own interpreter: bandit's own main, without the library that draws its progress.

Standard library only.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterable
from typing import Any

_DRAWS = "rich.progress"


def main() -> None:
    """`bandit ARGS`. It draws no progress under `-q`, but imports what could: a quarter of all that
    it imports."""
    if _DRAWS not in sys.modules:
        sys.modules[_DRAWS] = _Undrawn(_DRAWS)
    try:
        bandit = importlib.import_module("bandit.cli.main")
    finally:
        if isinstance(sys.modules.get(_DRAWS), _Undrawn):
            del sys.modules[_DRAWS]  # who comes next in this interpreter has the real one
    bandit.main()


class _Undrawn(types.ModuleType):
    """`rich.progress` as far as bandit needs it; whatever else is asked of it is the real one's."""

    @staticmethod
    def track(files: Iterable[Any], *_: object, **__: object) -> Iterable[Any]:
        """The files, one after another, unseen."""
        return files

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        del sys.modules[_DRAWS]
        return getattr(importlib.import_module(_DRAWS), name)


if __name__ == "__main__":
    main()
