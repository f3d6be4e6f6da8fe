"""Which columns are read of those that a table has; in the worker of the `model` gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mlgate.gates._model_refused import NoColumn, Refused


def with_optional(
    place: dict[str, Any], wanted: Sequence[str], head: Iterable[str]
) -> Sequence[str]:
    """What is wanted, and the column that is read where it is there."""
    name: str = place.get("optional") or ""
    return [*wanted, name] if name in head and name not in wanted else wanted


def check_columns(path: str, head: Sequence[str], wanted: Iterable[str]) -> None:
    """Raise `Refused` where a wanted column is missing or stands there twice."""
    from mlgate.core.parts import nearest

    for name in wanted:
        if name not in head:
            raise NoColumn(f"{path} has no column {name!r}", nearest(name, list(head)))
        if list(head).count(name) > 1:
            raise Refused(f"{path} has {list(head).count(name)} columns called {name!r}")
