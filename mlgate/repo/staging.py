"""Replaces entries of the index in one step, under git's own lock."""

from __future__ import annotations

import os
from typing import NamedTuple

from mlgate.core.errors import RepositoryError
from mlgate.core.text import shown
from mlgate.repo.git import Repository, decoded, encoded


class Restaged(NamedTuple):
    """A path whose staged blob is to be another one."""

    path: str
    mode: str
    before: str
    after: str


def store(repo: Repository, path: str, content: bytes) -> str:
    """The id under which git keeps `content`, converted as it is for a file at `path`."""
    asked = repo.start("hash-object", "-w", "--stdin", f"--path={path}")
    return decoded(asked.read(content)).strip()


def entries(repo: Repository, paths: list[str]) -> dict[str, tuple[str, str]]:
    """Mode and blob id of those of `paths` that the index holds, without open conflicts."""
    if not paths:
        return {}
    wanted = set(paths)
    found = {}
    for line in decoded(repo.git("ls-files", "-s", "-z")).split("\0")[:-1]:
        head, _, path = line.partition("\t")
        mode, id_, stage = head.split(" ")
        if path in wanted and stage == "0":
            found[path] = (mode, id_)
    return found


def restage(repo: Repository, wanted: list[Restaged], folder: str) -> list[str]:
    """Put the blobs `after` where the index holds the blobs `before`.

    `folder` is ours and lies beside the index. Returns the paths that hold neither, which are left
    as they are. Raises `RepositoryError` where another git holds the lock.
    """
    _drop_drafts(folder, lock_of(repo))
    there = entries(repo, [one.path for one in wanted])
    due = [one for one in wanted if there.get(one.path) == (one.mode, one.before)]
    if due:
        new = os.path.join(folder, f"index.{os.getpid()}")
        copied = _copy(repo.index_file, new)
        lines = "".join(f"{one.mode} {one.after} 0\t{one.path}\0" for one in due)
        asked = repo.start("update-index", "-z", "--index-info", env={"GIT_INDEX_FILE": new})
        asked.read(encoded(lines))
        _put(repo, new, copied)
    settled = {one.path for one in due}
    return [
        one.path
        for one in wanted
        if one.path not in settled and there.get(one.path) != (one.mode, one.after)
    ]


def lock_of(repo: Repository) -> str:
    """The file by which git keeps others from the index."""
    return repo.index_file + ".lock"


def at_work(lock: str) -> RepositoryError:
    """What to say where another git holds the lock."""
    hint = "let git end, or, where none runs, remove that file"
    return RepositoryError(f"git is at work: {shown(lock)} is there", hint)


def _drop_drafts(folder: str, lock: str) -> None:
    """What runs left that were killed; a lock that is such a draft was theirs."""
    for name in os.listdir(folder):
        draft = os.path.join(folder, name)
        if name.startswith("index."):
            if os.path.exists(lock) and os.path.samefile(draft, lock):
                os.unlink(lock)
            os.unlink(draft)


def _copy(source: str, target: str) -> bytes:
    """Copy a file with its mode; its bytes."""
    with open(source, "rb") as file:
        there = file.read()
    with open(target, "xb") as file:
        file.write(there)
    os.chmod(target, os.stat(source).st_mode & 0o777)
    return there


def _put(repo: Repository, new: str, copied: bytes) -> None:
    """Let the file `new` become the index, unless that has changed since it was `copied`."""
    lock = lock_of(repo)
    descriptor = os.open(new, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    try:
        os.link(new, lock)  # takes the lock and fills it in one step
    except FileExistsError:
        raise at_work(lock) from None
    with open(repo.index_file, "rb") as file:
        same = file.read() == copied
    if not same:
        os.unlink(lock)
        raise RepositoryError("the index changed meanwhile", "run mlgate fix again")
    os.replace(lock, repo.index_file)
    os.unlink(new)
