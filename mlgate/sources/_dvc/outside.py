"""Asks what lies at URLs outside of the repository, through the project's dvc."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.sources._dvc import asking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlgate.core.gate import Context
    from mlgate.sources._dvc.config import Config
    from mlgate.sources._dvc.facts import Kept, Out

_REMOTE = re.compile(r"remote://([^/]+)")


class Answer(Struct, frozen=True):
    """What is there now."""

    hash: str | None = None
    """As DVC reckons it; None where nothing is there."""
    gone: tuple[Kept, ...] = ()
    """Of what was recorded by version ids: those that are not there, or have another size."""
    error: asking.Unreachable | None = None
    """Why nothing can be told."""


def ask(ctx: Context, config: Config, outs: Sequence[Out], jobs: int = 16) -> list[Answer]:
    """One answer for each URL. Raises `Unreachable` where dvc could not be asked at all."""
    asked = {
        **asking.request(config, jobs),
        "outside": [(out.path, [(one.name, one.version) for one in pinned(out)]) for out in outs],
    }
    words = f"what lies outside of the repository ({outs[0].path})"
    lines = asking.answers(ctx, asked, asking.Place(words, outs[0].path, None))
    return [_answer(ctx, config, out, line) for out, line in zip(outs, lines, strict=True)]


def pinned(out: Out) -> tuple[Kept, ...]:
    """The files that are recorded by their version ids; none unless all of them are."""
    return out.kept if all(one.version for one in out.kept) else ()


def _answer(ctx: Context, config: Config, out: Out, line: dict[str, object]) -> Answer:
    if "refused" in line:
        kind, said = str(line["refused"]), str(line["message"])
        return Answer(error=asking.refusal(ctx, _place(config, out), kind, said))
    sizes = line.get("sizes")
    if isinstance(sizes, list):
        pairs = zip(pinned(out), sizes, strict=True)
        wrong = [o for o, size in pairs if size is None or o.size not in (None, size)]
        return Answer(gone=tuple(wrong))
    hash_ = line.get("hash")
    return Answer(hash=None if hash_ is None else str(hash_))


def _place(config: Config, out: Out) -> asking.Place:
    """The URL; where it is a remote's, with its name."""
    found = _REMOTE.match(out.path)
    remote = config.remote(found[1]) if found else None
    url = remote.url if remote else out.path
    return asking.Place(out.path, url, remote.name if remote else None)
