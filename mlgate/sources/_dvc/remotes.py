"""Asks a remote which objects it holds: a folder by itself, all else through the project's dvc."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.errors import GateError
from mlgate.core.text import plain
from mlgate.sources._dvc import objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlgate.core.gate import Context
    from mlgate.sources._dvc.config import Config, Remote

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "remote_script.py")
_LARGEST = 256 << 20
_PLUGINS = {
    "s3": "s3", "gs": "gs", "gcs": "gs", "azure": "azure", "ssh": "ssh", "oss": "oss",
    "gdrive": "gdrive", "hdfs": "hdfs", "webhdfs": "webhdfs", "webdav": "webdav",
    "webdavs": "webdav",
}  # fmt: skip


class Unreachable(GateError):
    """The remote could not be asked; what is in it is not known."""


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
    request = {**_request(config, remote, jobs), "versions": wanted}
    found: dict[tuple[str, str], int] = {}
    for line in _answers(ctx, request, remote):
        for at, size in line.get("versions", {}).items():
            if size is not None:
                found[wanted[int(at)]] = size
    return found


def _request(config: Config, remote: Remote, jobs: int) -> dict[str, Any]:
    return {
        "dvc_dir": os.path.join(config.root, ".dvc"),
        "config": config.versioned.decode("utf-8", "replace"),
        "remote": remote.name,
        "jobs": jobs,
        "largest": _LARGEST,
    }


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
            if (raw := objects.read(remote.url, *key, _LARGEST)) is not None
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
        **_request(config, remote, jobs),
        "objects": [objects.place(*key) for key in asked],
        "fetch": [objects.place(*key) for key in fetch],
        "save": {objects.place(*key): target for key, target in save.items()},
    }
    held = Held({algorithm: {} for algorithm in wanted}, {})
    for line in _answers(ctx, request, remote):
        for path, size in line.get("sizes", {}).items():
            algorithm, hash_ = places[path]
            if size is not None:
                held.sizes[algorithm][hash_] = size
        for path, content in line.get("content", {}).items():
            if content is not None:
                held.contents[places[path]] = base64.b64decode(content)
    return held


def _answers(ctx: Context, request: dict[str, Any], remote: Remote) -> Iterator[dict[str, Any]]:
    """What the worker found out. Raises `Unreachable` where it could not."""
    for line in _lines(ctx, request, remote):
        if "error" in line:
            raise _unreachable(ctx, remote, str(line["error"]), str(line.get("message")))
        yield line


def _lines(ctx: Context, request: dict[str, Any], remote: Remote) -> list[dict[str, Any]]:
    """The worker's answer. Raises `Unreachable` unless it is complete."""
    environment = ctx.environment()
    try:
        ended = ctx.run(
            (*environment.run, environment.python),
            "-I",
            _SCRIPT,
            cwd=ctx.work,
            stdin=msgspec.json.encode(request) + b"\n",
            env={"DVC_NO_ANALYTICS": "1"},
            project=True,
        )
    except GateError as error:
        raise Unreachable(
            f"the remote {remote.name} did not answer: {error.message}",
            "raise the gate's `timeout`, or see that the remote can be reached: "
            f"dvc status -c -r {remote.name}",
        ) from None
    try:
        lines = [msgspec.json.decode(line) for line in ended.stdout.splitlines() if line.strip()]
    except msgspec.DecodeError:
        lines = []
    if ended.returncode or not lines or lines[-1] != {"end": True}:
        said = plain(ended.errors).strip().splitlines()[-1:] or ["no output"]
        raise Unreachable(f"asking the remote {remote.name} ended without an answer: {said[0]}")
    return lines[:-1]


def _unreachable(ctx: Context, remote: Remote, kind: str, said: str) -> Unreachable:
    """What to say, and what mends it."""
    name, where = remote.name, f"the remote {remote.name} ({remote.url})"
    scheme = remote.url.partition("://")[0]
    withheld = [n for n in ctx.withheld if n.startswith(("AWS", "AZURE", "GOOGLE", "GCP", "OSS"))]
    pass_on = (
        f'[environment] pass_env = ["{withheld[0]}", ...] in the policy; or ' if withheld else ""
    )
    plugin = f"dvc[{_PLUGINS[scheme]}]" if scheme in _PLUGINS else "dvc"
    texts = {
        "no-dvc": ("dvc is not installed in the project's environment", f"pip install '{plugin}'"),
        "no-plugin": (f"the project's dvc cannot open {scheme}: {said}", f"pip install '{plugin}'"),
        "no-place": (f"{where}: {said}", f"make it, or: dvc remote modify {name} url URL"),
        "no-credentials": (
            f"{where}: no credentials were found",
            f"{pass_on}log in, or set a profile: dvc remote modify --local {name} profile NAME",
        ),
        "forbidden": (
            f"{where}: access was denied: {said}",
            f"{pass_on}see that these credentials may read and list it",
        ),
        "config": (f"dvc cannot use its configuration: {said}", "dvc remote list"),
        "time-out": (f"{where} did not answer in time: {said}", "try again, or raise `timeout`"),
    }
    usual = (f"{where} cannot be reached: {said}", f"see that it answers: dvc status -c -r {name}")
    return Unreachable(*texts.get(kind, usual))
