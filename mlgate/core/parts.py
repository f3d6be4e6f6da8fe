"""The folder is the registry: lists and loads the parts (gates, tools, reporters, ...) by name.

`gates/data_version.py` is the gate `data-version`; `_name.py` is shared by its folder and is no
part. Packages from elsewhere add parts through entry points `mlgate.<folder>`, which are asked
only for names that are not ours, because reading them costs 30 ms.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

from mlgate.core.errors import UsageError

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def names(folder: str) -> tuple[str, ...]:
    """Our own parts in `mlgate/<folder>`, sorted, in kebab-case."""
    found = os.listdir(os.path.join(_PACKAGE, *folder.split("/")))
    return tuple(
        sorted(
            name[:-3].replace("_", "-")
            for name in found
            if name.endswith(".py") and not name.startswith("_")
        )
    )


def foreign_names(folder: str) -> tuple[str, ...]:
    """Names that installed packages add under the entry point group `mlgate.<folder>`."""
    from importlib.metadata import entry_points

    return tuple(sorted({point.name for point in entry_points(group=f"mlgate.{folder}")}))


def has(folder: str, name: str) -> bool:
    """True if `name` is a part of `folder`, ours or a package's."""
    return name in names(folder) or name in foreign_names(folder)


def load(folder: str, name: str) -> Any:
    """The part called `name`: a module of ours, or whatever object an entry point gives.

    Raises `UsageError` with the nearest known name.
    """
    if name in names(folder):
        return importlib.import_module(
            f"mlgate.{folder.replace('/', '.')}.{name.replace('-', '_')}"
        )
    from importlib.metadata import entry_points

    for point in entry_points(group=f"mlgate.{folder}"):
        if point.name == name:
            return point.load()
    known = [*names(folder), *foreign_names(folder)]
    raise UsageError(f"no {folder.rstrip('s')} is called {name!r}", nearest(name, known))


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    """A hint that names the closest match among `known`, else lists them."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else "known: " + ", ".join(known)
