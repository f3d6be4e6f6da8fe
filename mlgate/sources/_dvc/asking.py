"""Talks with the worker in the project's environment, which opens whatever its dvc can open."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import plain, shown

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.sources._dvc.config import Config, Remote

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "remote_script.py")
LARGEST = 256 << 20
"""No manifest is larger."""
_PLUGINS = {
    "s3": "s3", "gs": "gs", "gcs": "gs", "azure": "azure", "ssh": "ssh", "oss": "oss",
    "gdrive": "gdrive", "hdfs": "hdfs", "webhdfs": "webhdfs", "webdav": "webdav",
    "webdavs": "webdav",
}  # fmt: skip


class Unreachable(GateError):
    """The remote could not be asked; what is in it is not known."""


class Place(Struct, frozen=True):
    """What is asked, in the words of a message."""

    words: str
    url: str
    remote: str | None
    """Its name; None for a URL that belongs to no remote."""

    @property
    def look(self) -> str:
        """The command that shows whether it answers."""
        return f"dvc status -c -r {self.remote}" if self.remote else f"dvc list-url {self.url}"


def place_of(remote: Remote) -> Place:
    """A remote of the configuration."""
    return Place(f"the remote {remote.name} ({remote.url})", remote.url, remote.name)


def request(config: Config, jobs: int) -> dict[str, Any]:
    """What the worker is told of the project."""
    return {
        "dvc_dir": os.path.join(config.root, ".dvc"),
        "config": config.versioned.decode("utf-8", "replace"),
        "jobs": jobs,
        "largest": LARGEST,
    }


def answers(ctx: Context, asked: dict[str, Any], place: Place) -> list[dict[str, Any]]:
    """What the worker found out. Raises `Unreachable` unless it answered all of it."""
    environment = ctx.environment()
    try:
        ended = ctx.run(
            (*environment.run, environment.python),
            "-I",
            _SCRIPT,
            cwd=ctx.work,
            stdin=msgspec.json.encode(asked) + b"\n",
            env={"DVC_NO_ANALYTICS": "1"},
            project=True,
        )
    except GateError as error:
        raise Unreachable(
            f"{place.words} did not answer: {error.message}",
            f"raise the gate's `timeout`, or see that it can be reached: {place.look}",
        ) from None
    try:
        lines = [msgspec.json.decode(line) for line in ended.stdout.splitlines() if line.strip()]
    except msgspec.DecodeError:
        lines = []
    if ended.returncode or not lines or lines[-1] != {"end": True}:
        said = plain(ended.errors).strip().splitlines()[-1:] or ["no output"]
        raise Unreachable(f"asking {place.words} ended without an answer: {said[0]}", place.look)
    for line in lines[:-1]:
        if "error" in line:
            raise refusal(ctx, place, str(line["error"]), str(line.get("message")))
    return lines[:-1]


def refusal(ctx: Context, place: Place, kind: str, said: str) -> Unreachable:
    """What to say where the worker could not ask, and what mends it."""
    name, where = place.remote, place.words
    scheme = place.url.partition("://")[0]
    withheld = [n for n in ctx.withheld if n.startswith(("AWS", "AZURE", "GOOGLE", "GCP", "OSS"))]
    pass_on = (
        f'[environment] pass_env = ["{withheld[0]}", ...] in the policy; or ' if withheld else ""
    )
    plugin = f"dvc[{_PLUGINS[scheme]}]" if scheme in _PLUGINS else "dvc"
    elsewhere = f"dvc remote modify {name} url URL" if name else "correct the path"
    profile = f", or set a profile: dvc remote modify --local {name} profile NAME" if name else ""
    texts = {
        "no-dvc": ("dvc is not installed in the project's environment", f"pip install '{plugin}'"),
        "no-plugin": (f"the project's dvc cannot open {scheme}: {said}", f"pip install '{plugin}'"),
        "no-place": (f"{where}: {said}", f"make it, or: {elsewhere}"),
        "no-credentials": (f"{where}: no credentials were found", f"{pass_on}log in{profile}"),
        "forbidden": (
            f"{where}: access was denied: {said}",
            f"{pass_on}see that these credentials may read and list it",
        ),
        "config": (f"dvc cannot use its configuration: {said}", "dvc remote list"),
        "time-out": (f"{where} did not answer in time: {said}", "try again, or raise `timeout`"),
    }
    usual = (f"{where} cannot be reached: {said}", f"see that it answers: {shown(place.look)}")
    return Unreachable(*texts.get(kind, usual))
