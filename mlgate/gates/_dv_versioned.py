"""Outputs that a remote keeps under their own names, found by the cloud's version ids."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.gates._dv_ground import Ground, quoted, stated, target
from mlgate.gates._dv_work import named
from mlgate.sources._dvc.remotes import ask_versions

if TYPE_CHECKING:
    from mlgate.sources._dvc.config import Config, Remote
    from mlgate.sources._dvc.facts import Kept
    from mlgate.sources._dvc.versions import Owned


def is_kept(owned: Owned) -> bool:
    """True for what a remote of the cloud's own versions should hold."""
    out = owned.out
    return bool(out.kept) and out.cache and out.push and owned.imported is None


def check(ground: Ground, config: Config, remote: Remote, group: list[Owned]) -> Iterator[Finding]:
    """Every file has a version id, and the remote has that version. Raises `Unreachable`."""
    places: dict[tuple[str, str], tuple[Owned, Kept]] = {}
    for owned in group:
        kept = {
            one.name: one for one in owned.out.kept if one.remote == remote.name and one.version
        }
        bare = {one.name for one in owned.out.kept} - kept.keys()
        if bare or not kept:
            yield _without(owned, remote, sorted(bare))
        for name, one in kept.items():
            path = posixpath.join(owned.out.path, name) if name else owned.out.path
            inside = path[len(owned.root) + 1 :] if owned.root else path
            places[inside, str(one.version)] = (owned, one)
    if not places:
        return
    sizes = ask_versions(ground.ctx, config, remote, places, ground.ctx.options.requests)
    for place, (owned, one) in places.items():
        what = shown(posixpath.join(owned.out.path, one.name) if one.name else owned.out.path)
        size = sizes.get(place)
        if size is None:
            text = f"the version {place[1]} of {what} is not in the remote {remote.name}"
            yield stated("not-in-remote", text, _file(ground, owned), owned.out.line,
                         _push(owned, remote))  # fmt: skip
        elif one.size is not None and size != one.size:
            text = f"{what}: the remote {remote.name} has {size:,} bytes, the data {one.size:,}"
            yield stated("remote-damaged", text, _file(ground, owned), owned.out.line,
                         _push(owned, remote))  # fmt: skip


def _without(owned: Owned, remote: Remote, names: list[str]) -> Finding:
    files = f" ({counted(len(names), 'file')}: {named(names)})" if any(names) else ""
    text = f"{shown(owned.out.path)} has no version id of the remote {remote.name}{files}"
    return stated("version-id", text, owned.file, owned.out.line, _push(owned, remote))


def _file(ground: Ground, owned: Owned) -> str | None:
    return owned.file if owned.file in ground.ctx.subject.files else None


def _push(owned: Owned, remote: Remote) -> str:
    return f"dvc push -r {quoted(remote.name)} {target(owned)}, then commit {quoted(owned.file)}"
