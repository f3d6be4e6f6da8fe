"""A small file of a snapshot that the policy names: its content, or what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.text import shown

if TYPE_CHECKING:
    from mlgate.core.snapshot import Snapshot


def content(snapshot: Snapshot, path: str, megabytes: int, smaller: str) -> bytes:
    """The file. Raises `GateError` if it is missing, or is larger and should be `smaller`."""
    found = content_if_there(snapshot, path, megabytes, smaller)
    if found is None:
        raise GateError(
            f"{shown(path)} is not in the {snapshot.label}", "commit it, or correct the policy"
        )
    return found


def content_if_there(snapshot: Snapshot, path: str, megabytes: int, smaller: str) -> bytes | None:
    """The file, or None where there is none. Raises `GateError` if it is too large."""
    entry = snapshot.files.get(path)
    if entry is None or not entry.is_file:
        return None
    found = snapshot.read(path)
    if len(found) > megabytes << 20:
        raise GateError(f"{shown(path)} has more than {megabytes} MiB", smaller)
    return found
