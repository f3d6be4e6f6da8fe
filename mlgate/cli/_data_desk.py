"""Where the commands on tables stand: the repository around a table, its policy, and a worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlgate.tables._asking import Desk


def place(table: str) -> tuple[str, str]:
    """The folder below which the table lies, and its path from there."""
    from mlgate.tables.table import named

    file, query = named(table)
    path, here, asked = os.path.abspath(file), os.getcwd(), f"#{query}" if query else ""
    if path.startswith(here + os.sep):
        return here, os.path.relpath(path, here).replace(os.sep, "/") + asked
    return os.path.dirname(path), os.path.basename(path) + asked


def root(folder: str) -> str:
    """The repository around `folder`, or the folder itself where there is none."""
    at = folder
    while not os.path.exists(os.path.join(at, ".git")):
        at, before = os.path.dirname(at), at
        if at == before:
            return folder
    return at


@contextmanager
def desk(folder: str) -> Iterator[Desk]:
    """What asking a table below `folder` needs, with the engine that the policy names.

    Raises `PolicyError`.
    """
    from datetime import UTC, datetime
    from types import SimpleNamespace

    from mlgate.runner.workshop import Workshop
    from mlgate.store.store import open_store

    policies = {"head": {"tables": _tables(root(folder))}}
    workshop = Workshop(folder, os.environ, jobs=1)
    store = open_store(os.environ)
    made: Any = SimpleNamespace(
        store=store, now=datetime.now(UTC), worker=workshop.worker, policies=policies
    )
    try:
        yield made
    finally:
        workshop.close()
        store.close()


def _tables(folder: str) -> dict[str, Any]:
    """The policy's `[tables]`; nothing where there is no policy."""
    import msgspec

    from mlgate.policy.load import load

    found = load(lambda path: _read(os.path.join(folder, path)))
    return msgspec.to_builtins(found.tables) if found is not None else {}


def _read(file: str) -> bytes | None:
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
