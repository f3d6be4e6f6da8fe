"""What is said of objects that a remote lacks or spoiled, with the commands that mend it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.gates._dv_ground import Ground, add_again, quoted, stated, target
from mlgate.sources._dvc import objects
from mlgate.sources._dvc.objects import Key
from mlgate.sources._dvc.versions import Owned

if TYPE_CHECKING:
    from mlgate.sources._dvc.config import Remote

_MOST = 20
"""So many objects are named in one command."""


def key_of(owned: Owned) -> Key:
    """The object of a version."""
    return owned.out.algorithm, str(owned.out.hash)


def when(owned: Owned) -> str:
    """In words, which commit names it, where the subject does not."""
    return f" as of commit {owned.commit[:7]}" if owned.commit else ""


def place_of(ground: Ground, owned: Owned) -> str | None:
    """The file that names it, where the subject has that."""
    return owned.file if owned.file in ground.ctx.subject.files else None


def push(ground: Ground, owned: Owned, remote: Remote) -> str:
    """The command that sends it."""
    return _from(ground, owned, [key_of(owned)]) + _send(owned, remote)


def _send(owned: Owned, remote: Remote) -> str:
    what = "--all-commits" if owned.commit else target(owned)
    return f"dvc push -r {quoted(remote.name)} {what}"


def _from(ground: Ground, owned: Owned, keys: Iterable[Key]) -> str:
    """What comes first: DVC pushes from its cache, and says nothing of what is not in there."""
    cache = ground.config(owned.root).cache
    try:
        if all(objects.size(cache, key) is not None for key in keys):
            return ""
    except OSError:
        pass
    here = not owned.commit and not ground.ctx.past
    if here and os.path.lexists(ground.full(owned.out.path)):
        return f"{add_again(owned)} && "
    return "in the clone that has this data: "


def repair(
    ground: Ground, owned: Owned, remote: Remote, spoiled: list[Key], lost: Iterable[Key] = ()
) -> str:
    """Remove what is `spoiled`, and the manifest, then push: DVC does not send what it believes to
    be there. `lost` objects need only be sent."""
    first = _from(ground, owned, [key_of(owned), *spoiled, *lost])
    keys = dict.fromkeys([key_of(owned), *spoiled])
    places = [objects.place(*key) for key in keys][:_MOST]
    again = f"   # and once more for {len(keys) - _MOST:,} others" if len(keys) > _MOST else ""
    if remote.is_folder:
        paths = quoted(*(os.path.join(remote.url, place) for place in places))
        return f"{first}rm {paths} && {_send(owned, remote)}{again}"
    urls = [quoted(f"{remote.url.rstrip('/')}/{place}") for place in places]
    if remote.url.startswith("s3://"):
        removed = " && ".join(f"aws s3 rm {url}" for url in urls)
        return f"{first}{removed} && {_send(owned, remote)}{again}"
    return f"{first}delete {' '.join(urls)}, then: {_send(owned, remote)}{again}"


def damaged(ground: Ground, owned: Owned, remote: Remote, text: str, keys: list[Key]) -> Finding:
    """An object that is there but is not what it should be."""
    message = f"{shown(owned.out.path)}{when(owned)} is damaged in the remote {remote.name}: {text}"
    path = None if owned.commit else owned.file
    help = repair(ground, owned, remote, keys)
    return stated("remote-damaged", message, path, owned.out.line, help)


def no_remote(name: str | None, known: dict[str, Remote], group: list[Owned]) -> Iterator[Finding]:
    """Versions that no remote is configured for."""
    count = counted(len({key_of(owned) for owned in group}), "version of data", "versions of data")
    if name:
        text = f"{count} for the remote {name!r}, which no configuration names"
        mend = f"dvc remote add {quoted(name)} URL"
    elif known:
        text = f"{count}, {counted(len(known), 'remote')}, but no default"
        mend = f"dvc remote default {quoted(min(known))}"
    else:
        text = f"{count} on this machine alone: there is no remote"
        mend = "dvc remote add -d NAME URL && dvc push"
    yield stated("no-remote", text, group[0].file, None, mend)
