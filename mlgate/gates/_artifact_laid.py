"""A model where a program can load it: one file or one folder, under the names that it has."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.scratch import private_folder, remove

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.gates._artifact_where import Place


@contextlib.contextmanager
def out(path: str, places: list[Place]) -> Iterator[str]:
    """The place of what was scanned: its own, or a private folder of links where it lies in pieces
    or under other names, as in DVC's cache. Raises `GateError`."""
    if any(place.path != path and not place.path.startswith(f"{path}/") for place in places):
        raise GateError("`predict` needs a `path` that is one file or one folder", "name it")
    within = {place.path[len(path) :].replace("/", os.sep): place.file for place in places}
    first, file = next(iter(within.items()))
    whole, called = file.removesuffix(first), os.path.basename(path)
    if os.path.basename(whole) == called and all(whole + n == f for n, f in within.items()):
        yield whole
        return
    folder = private_folder()
    try:
        model = os.path.join(folder, called)
        for name, file in within.items():
            os.makedirs(os.path.dirname(model + name), exist_ok=True)
            os.symlink(file, model + name)
        yield model
    finally:
        remove(folder)
