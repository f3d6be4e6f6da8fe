"""What is said of objects that a remote lacks or spoiled, with the commands that mend it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.gates._dv_ground import Ground, quoted, stated, target
from mlgate.sources._dvc import objects
from mlgate.sources._dvc.objects import Key
from mlgate.sources._dvc.versions import Owned

if TYPE_CHECKING:
    from mlgate.sources._dvc.config import Remote


def key_of(owned: Owned) -> Key:
    """The object of a version."""
    return owned.out.algorithm, str(owned.out.hash)


def when(owned: Owned) -> str:
    """In words, which commit names it, where the subject does not."""
    return f" as of commit {owned.commit[:7]}" if owned.commit else ""


def place_of(ground: Ground, owned: Owned) -> str | None:
    """The file that names it, where the subject has that."""
    return owned.file if owned.file in ground.ctx.subject.files else None


def push(owned: Owned, remote: Remote) -> str:
    """The command that sends it."""
    if owned.commit:
        return f"dvc push -r {quoted(remote.name)} --all-commits"
    return f"dvc push -r {quoted(remote.name)} {target(owned)}"


def repair(owned: Owned, remote: Remote, keys: list[Key]) -> str:
    """Remove what is wrong, then push: DVC does not send what it believes to be there."""
    places = [objects.place(*key) for key in keys[:3]]
    if remote.is_folder:
        paths = " ".join(quoted(os.path.join(remote.url, place)) for place in places)
        return f"rm {paths} && {push(owned, remote)}"
    urls = " ".join(quoted(f"{remote.url.rstrip('/')}/{place}") for place in places)
    if remote.url.startswith("s3://"):
        return (
            " && ".join(f"aws s3 rm {url}" for url in urls.split()) + f" && {push(owned, remote)}"
        )
    return f"delete {urls}, then: {push(owned, remote)}"


def damaged(owned: Owned, remote: Remote, text: str, keys: list[Key]) -> Finding:
    """An object that is there but is not what it should be."""
    message = f"{shown(owned.out.path)}{when(owned)} is damaged in the remote {remote.name}: {text}"
    path = None if owned.commit else owned.file
    help = repair(owned, remote, keys)
    return stated("remote-damaged", message, path, owned.out.line, help)


def no_remote(name: str | None, known: dict[str, Remote], group: list[Owned]) -> Iterator[Finding]:
    """Versions that no remote is configured for."""
    count = counted(len({key_of(owned) for owned in group}), "version")
    if name:
        text = f"{count} of data belong in the remote {name!r}, which no configuration names"
        mend = f"dvc remote add {quoted(name)} URL"
    elif known:
        text = f"{count} of data, {counted(len(known), 'remote')}, but no default"
        mend = f"dvc remote default {quoted(min(known))}"
    else:
        text = f"{count} of data are on this machine alone: there is no remote"
        mend = "dvc remote add -d NAME URL && dvc push"
    yield stated("no-remote", text, group[0].file, None, mend)
