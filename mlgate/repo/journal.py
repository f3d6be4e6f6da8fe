"""Writes several files and the index as one: a journal, so that a killed run is completed later.

The journal lies in the git directory and holds the new contents. Once it is there, the change will
happen: by the run that wrote it, or by the next. Before, nothing was touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from typing import IO

import msgspec
from msgspec import Struct

from mlgate.core.errors import MlgateError, UsageError
from mlgate.core.text import shown
from mlgate.repo import content, staging
from mlgate.repo.git import Repository
from mlgate.repo.staging import Restaged


class Replacement(Struct, frozen=True):
    """A file's content before and after; `before` None where only the index changes."""

    path: str
    before: bytes | None
    after: bytes
    restaged: Restaged | None = None


class _Step(Struct, frozen=True):
    """What the journal keeps of a replacement; the new content lies in a file of its own."""

    path: bytes
    before: str | None
    after: str
    part: str
    restaged: tuple[str, str, str] | None


def pending(repo: Repository) -> bool:
    """True if a run of `mlgate fix` was killed half-way, or is at work now."""
    return os.path.exists(repo.journal)


@contextlib.contextmanager
def writing(repo: Repository) -> Iterator[None]:
    """While this is held no other run writes.

    Raises `UsageError` where another run is at work.
    """
    folder = os.path.dirname(repo.journal)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "ab") as file:
        _lock(file)
        yield


def _lock(file: IO[bytes]) -> None:
    try:
        import fcntl
    except ImportError:  # a system without such locks
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise UsageError("another mlgate fix is at work here", "let it end") from None


def replace(repo: Repository, wanted: list[Replacement]) -> list[MlgateError]:
    """Write all of `wanted`, or, if killed, leave it to `resume`; why some were left alone."""
    folder = os.path.dirname(repo.journal)
    lock = staging.lock_of(repo)
    if any(one.restaged for one in wanted) and os.path.exists(lock):
        raise staging.at_work(lock)
    steps = []
    for number, one in enumerate(wanted):
        part = f"{number}.part"
        _write(os.path.join(folder, part), one.after)
        staged = one.restaged and one.restaged[1:]
        steps.append(
            _Step(
                path=os.fsencode(one.path),
                before=None if one.before is None else _digest(one.before),
                after=_digest(one.after),
                part=part,
                restaged=staged,
            )
        )
    draft = os.path.join(folder, "draft")
    _write(draft, msgspec.json.encode(steps))
    os.replace(draft, repo.journal)
    _flush(folder)
    return resume(repo)


def resume(repo: Repository) -> list[MlgateError]:
    """Do what the journal says, as far as it is not done; why some were left alone."""
    folder = os.path.dirname(repo.journal)
    try:
        with open(repo.journal, "rb") as file:
            steps = msgspec.json.decode(file.read(), type=list[_Step])
    except FileNotFoundError:
        return []
    except msgspec.DecodeError:
        raise UsageError(
            "the journal of an earlier mlgate fix cannot be read",
            f"look at the work tree, then remove {shown(repo.journal)}",
        ) from None
    refused: list[MlgateError] = []
    for step in steps:
        try:
            if step.before is not None:
                _put(repo, folder, step)
        except UsageError as error:
            refused.append(error)
    held = {error.path for error in refused if isinstance(error, Refused)}
    due = [
        Restaged(os.fsdecode(step.path), *step.restaged)
        for step in steps
        if step.restaged is not None and os.fsdecode(step.path) not in held
    ]
    missed = staging.restage(repo, due, folder) if due else []
    refused.extend(Refused(path, "was staged anew meanwhile") for path in missed)
    os.unlink(repo.journal)
    _flush(folder)
    for step in steps:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, step.part))
    return refused


class Refused(UsageError):
    """A file that was left as it is."""

    def __init__(self, path: str, why: str, hint: str = "run mlgate fix again") -> None:
        super().__init__(f"{shown(path)} {why}", hint)
        self.path = path


def _put(repo: Repository, folder: str, step: _Step) -> None:
    """Replace one file of the work tree, its mode kept; nothing where that was done already."""
    path = os.fsdecode(step.path)
    target = os.path.join(repo.root, *path.split("/"))
    if content.Links(repo.root).above(path):
        raise Refused(path, "lies behind a symbolic link", "remove the link")
    try:
        mode = os.lstat(target).st_mode
        if not stat.S_ISREG(mode):
            raise Refused(path, "is no plain file", "correct the file that it stands for")
        with open(target, "rb") as file:
            there = _digest(file.read())
        if there == step.after:
            return
        if there != step.before:
            raise Refused(path, "changed while it was looked at")
        _replace(os.path.join(folder, step.part), target, stat.S_IMODE(mode))
    except OSError as error:
        raise Refused(
            path, f"cannot be written: {error.strerror}", "correct its permissions"
        ) from None


def _replace(part: str, target: str, mode: int) -> None:
    """Let the file `part` take the place of `target`, in one step."""
    os.chmod(part, mode)
    try:
        os.replace(part, target)
    except OSError as error:
        import errno

        if error.errno != errno.EXDEV:
            raise
        with open(part, "rb") as file:  # the git directory lies on another disk
            new = file.read()
        folder, name = os.path.split(target)
        beside = os.path.join(folder, f".{name}.mlgate")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        _write(beside, new)
        os.chmod(beside, mode)
        os.replace(beside, target)
    _flush(os.path.dirname(target))


def _write(path: str, new: bytes) -> None:
    """A file on disk, not merely in memory."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(path, flags, 0o600), "wb") as file:
        file.write(new)
        file.flush()
        os.fsync(file.fileno())


def _flush(folder: str) -> None:
    """See that a folder's names are on disk, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
