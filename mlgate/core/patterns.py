"""Regular expressions that are compiled when they are first used, not when mlgate starts."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Later:
    """Stands in for a pattern; every method is the compiled one's."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self._source = pattern, flags

    def __getattr__(self, name: str) -> Any:
        pattern, flags = self._source
        compiled: re.Pattern[Any] = re.compile(pattern, flags)
        for method in ("match", "fullmatch", "search", "sub", "split", "findall", "finditer"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def later(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """`re.compile(pattern, flags)`, put off: 20 of them were a tenth of a warm check."""
    return cast("re.Pattern[AnyStr]", _Later(pattern, flags))
