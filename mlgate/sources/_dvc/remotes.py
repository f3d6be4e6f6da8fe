"""Asks a remote which objects it holds: a folder by itself, all else through the project's dvc."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

import msgspec

from mlgate.sources._dvc import asking, objects
from mlgate.sources._dvc.asking import LARGEST, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlgate.core.gate import Context
    from mlgate.sources._dvc.config import Config, Remote


class Held(msgspec.Struct, frozen=True):
    """What a remote holds of what was asked for."""

    sizes: objects.Sizes
    """Of those that are there."""
    contents: dict[objects.Key, bytes]
    """Of those that were to be fetched and are there."""


def ask(
    ctx: Context,
    config: Config,
    remote: Remote,
    wanted: objects.Wanted,
    fetch: Iterable[objects.Key] = (),
    jobs: int = 16,
    *,
    save: Mapping[objects.Key, str] = {},
) -> Held:
    """Sizes of the `wanted` objects, and the content of those in `fetch`; objects of any size are
    written to the paths in `save`, where they are there.

    Raises `Unreachable` where the remote does not answer, with what mends it.
    """
    fetch = list(dict.fromkeys(fetch))
    if remote.is_folder:
        return _folder(remote, wanted, fetch, save)
    return _through_dvc(ctx, config, remote, wanted, fetch, jobs, save)


def ask_versions(
    ctx: Context,
    config: Config,
    remote: Remote,
    wanted: Iterable[tuple[str, str]],
    jobs: int = 16,
) -> dict[tuple[str, str], int]:
    """The bytes of each wanted path (below the remote's top) and version id that is there.

    Raises `Unreachable`.
    """
    wanted = list(dict.fromkeys(wanted))
    request = {**asking.request(config, jobs), "remote": remote.name, "versions": wanted}
    found: dict[tuple[str, str], int] = {}
    for line in asking.answers(ctx, request, asking.place_of(remote)):
        for at, size in line.get("versions", {}).items():
            if size is not None:
                found[wanted[int(at)]] = size
    return found


def _folder(
    remote: Remote,
    wanted: objects.Wanted,
    fetch: list[objects.Key],
    save: Mapping[objects.Key, str],
) -> Held:
    if not os.path.isdir(remote.url) and not os.path.isdir(os.path.dirname(remote.url)):
        raise Unreachable(
            f"the remote {remote.name} ({remote.url}) is not there, nor is the folder above it",
            f"mount it, or correct its path: dvc remote modify {remote.name} url PATH",
        )
    try:
        contents = {
            key: raw
            for key in fetch
            if (raw := objects.read(remote.url, *key, LARGEST)) is not None
        }
        for key, target in save.items():
            objects.copy(remote.url, key, target)
        return Held(objects.sizes(remote.url, wanted), contents)
    except OSError as error:
        raise Unreachable(
            f"the remote {remote.name} ({remote.url}) cannot be read: {error.strerror or error}",
            f"see who may read it: ls -ld {error.filename or remote.url}",
        ) from None


def _through_dvc(
    ctx: Context,
    config: Config,
    remote: Remote,
    wanted: objects.Wanted,
    fetch: list[objects.Key],
    jobs: int,
    save: Mapping[objects.Key, str],
) -> Held:
    asked = [(algorithm, hash_) for algorithm in wanted for hash_ in wanted[algorithm]]
    places = {objects.place(*key): key for key in [*asked, *fetch]}
    request = {
        **asking.request(config, jobs),
        "remote": remote.name,
        "objects": [objects.place(*key) for key in asked],
        "fetch": [objects.place(*key) for key in fetch],
        "save": {objects.place(*key): target for key, target in save.items()},
    }
    held = Held({algorithm: {} for algorithm in wanted}, {})
    for line in asking.answers(ctx, request, asking.place_of(remote)):
        for path, size in line.get("sizes", {}).items():
            algorithm, hash_ = places[path]
            if size is not None:
                held.sizes[algorithm][hash_] = size
        for path, content in line.get("content", {}).items():
            if content is not None:
                held.contents[places[path]] = base64.b64decode(content)
    return held
