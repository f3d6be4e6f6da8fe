"""What differs between two snapshots, or between HEAD and the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlgate.core.errors import RepositoryError
from mlgate.repo.git import Repository, decoded

if TYPE_CHECKING:
    from mlgate.repo.stored import Stored
    from mlgate.repo.work_tree import WorkTree

_WORDS = {"A": "added", "D": "deleted", "R": "renamed"}


class Change(NamedTuple):
    """One path that differs."""

    status: str
    """`added`, `modified`, `deleted` or `renamed`."""
    path: str
    """The new path; of a deleted file its old one."""
    old_path: str | None
    """The path in the old snapshot; None if it was not there."""


def changed(
    repo: Repository,
    old: Stored | None,
    new: WorkTree | Stored,
    renames: bool = True,
) -> tuple[Change, ...]:
    """What `new` adds, modifies, deletes and renames against `old`, sorted by path.

    `old` is a commit; None compares with nothing at all.
    """
    if old is None or old.commit is None:
        return tuple(Change("added", path, None) for path in sorted(new.files))
    if new.kind == "work tree":
        return _against_work_tree(repo, old, new, renames)
    if new.kind == "index":
        return _asked(repo, renames, "diff-index", "--cached", old.commit)
    return _asked(repo, renames, "diff-tree", "-r", old.commit, str(new.commit))


def staged(repo: Repository, renames: bool = True) -> tuple[Change, ...]:
    """What the index changes against HEAD, without listing either."""
    if repo.head is None:
        from mlgate.repo.snapshots import index

        return changed(repo, None, index(repo))
    return _asked(repo, renames, "diff-index", "--cached", repo.head)


def _asked(repo: Repository, renames: bool, command: str, *args: str) -> tuple[Change, ...]:
    hidden = ("--ita-invisible-in-index",) if command == "diff-index" else ()
    asked = (command, *hidden, "--raw", "-z")
    try:
        raw = repo.git(*asked, "-M" if renames else "--no-renames", *args, "--")
    except RepositoryError:
        # In a partial clone git cannot compare contents that are not here, but their ids.
        raw = repo.git(*asked, "-M100%" if renames else "--no-renames", *args, "--")
    return tuple(sorted(_parsed(decoded(raw)), key=lambda change: change.path))


def _parsed(raw: str) -> list[Change]:
    """The changes in git's raw format: `:mode mode id id STATUS`, NUL, one path or two."""
    fields = iter(raw.split("\0")[:-1])
    found = []
    for header in fields:
        letter = header.rpartition(" ")[2][0]
        path = next(fields)
        if letter == "R":
            found.append(Change("renamed", next(fields), path))
        else:
            status = _WORDS.get(letter, "modified")
            found.append(Change(status, path, None if letter == "A" else path))
    return found


def _against_work_tree(
    repo: Repository, old: Stored, new: WorkTree | Stored, renames: bool
) -> tuple[Change, ...]:
    """By content ids, since git would call touched files modified; git only pairs renames."""
    before, after = old.files, new.files
    found = {}
    for path, entry in after.items():
        if path not in before:
            found[path] = Change("added", path, None)
        elif before[path] != entry:
            found[path] = Change("modified", path, path)
    gone = {path for path in before if path not in after}
    if renames and gone:
        for path, old_path in _renamed(repo, old, new, gone, found).items():
            found[path] = Change("renamed", path, old_path)
            gone.discard(old_path)
    deleted = [Change("deleted", path, path) for path in gone]
    return tuple(sorted([*found.values(), *deleted], key=lambda change: change.path))


def _renamed(
    repo: Repository,
    old: Stored,
    new: WorkTree | Stored,
    gone: set[str],
    found: dict[str, Change],
) -> dict[str, str]:
    """New path to old: those with equal content, and tracked ones that git finds similar."""
    added = [path for path, change in found.items() if change.status == "added"]
    by_id = {old.files[path].id: path for path in sorted(gone, reverse=True)}
    pairs: dict[str, str] = {}
    for path in sorted(added):
        source = by_id.pop(new.files[path].id, None)
        if source:
            pairs[path] = source
    for change in _asked(repo, True, "diff-index", "--diff-filter=R", str(old.commit)):
        free = change.path in found and change.path not in pairs
        if free and change.old_path in gone.difference(pairs.values()):
            pairs[change.path] = str(change.old_path)
    return pairs
