"""Is the configuration fit to be shared: no credentials, no private remotes, no dead locks?"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from typing import Any

import msgspec

from mlgate.core.finding import Finding
from mlgate.core.text import shown
from mlgate.gates._dv_ground import Ground, noted, quoted, stated
from mlgate.sources._dvc.config import read_config


def check(ground: Ground) -> Iterator[Finding]:
    """Every DVC project of the subject."""
    for root in ground.versions.roots:
        path = posixpath.join(root, ".dvc/config")
        if ground.touched(path):
            yield from _credentials(ground, root, path)
            yield from _changed(ground, root, path)
            yield from _private(ground, root, path)
        yield from _left_over(ground, root)


def _credentials(ground: Ground, root: str, path: str) -> Iterator[Finding]:
    for setting in ground.config(root).secrets:
        name, _, option = setting.rpartition(".")
        yield stated(
            "credential", f"{shown(path)} holds {shown(option)} of the remote {shown(name)}", path,
            None, f"dvc remote modify --local {quoted(name, option)} VALUE, and replace it",
        )  # fmt: skip


def _changed(ground: Ground, root: str, path: str) -> Iterator[Finding]:
    """Another default remote than at the base, or the same elsewhere."""
    base = ground.ctx.base
    if base is None or path not in base.files or not ground.versions.pointers:
        return
    if base.files[path] == ground.ctx.subject.files.get(path):
        return
    folder = ground.config(root).root
    before, now = read_config(folder, base.read(path), {}), ground.config(root)
    old, new = before.remote(None), now.remote(None)
    if old is not None and (new is None or new.url != old.url):
        there = f"{new.name} ({new.url})" if new else "nothing"
        text = f"the default remote was {old.name} ({old.url}) and is {there}"
        yield stated("remote-changed", text, path)


def _private(ground: Ground, root: str, path: str) -> Iterator[Finding]:
    remote = ground.config(root).remote(None)
    if remote is None or not remote.is_folder or remote.level != "repo":
        return
    home = os.path.expanduser("~")
    if remote.url == home or remote.url.startswith(("/home/", "/Users/", "/root")):
        text = f"the default remote {remote.name} is {remote.url}, which only this machine has"
        yield noted("local-remote", text, path, f"dvc remote modify {quoted(remote.name)} url URL")


def _left_over(ground: Ground, root: str) -> Iterator[Finding]:
    """Locks of processes that are no more."""
    path = os.path.join(ground.config(root).root, ".dvc", "tmp", "rwlock")
    try:
        with open(path, "rb") as file:
            raw = file.read(1 << 20)
        locks: Any = msgspec.json.decode(raw) if raw.strip() else {}
    except OSError:
        return
    except msgspec.DecodeError:
        yield noted("left-over-lock", ".dvc/tmp/rwlock is damaged", None, f"rm {quoted(path)}")
        return
    dead = sorted({pid for pid in _pids(locks) if not _lives(pid)})
    if dead:
        text = f"dvc process {dead[0]}, which has ended, still holds a lock"
        yield noted("left-over-lock", text, None, f"rm {quoted(path)}")


def _pids(locks: Any) -> Iterator[int]:
    for holders in locks.values() if isinstance(locks, dict) else ():
        for holder in holders.values() if isinstance(holders, dict) else ():
            for one in holder if isinstance(holder, list) else [holder]:
                if isinstance(one, dict) and isinstance(one.get("pid"), int):
                    yield one["pid"]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
