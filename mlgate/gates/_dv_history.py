"""Which data versions the commits of a range name, each with the first commit that does."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from mlgate.core.errors import GateError, RepositoryError
from mlgate.core.finding import Finding
from mlgate.core.text import counted, shown
from mlgate.core.words import Level
from mlgate.repo import git, history
from mlgate.sources._dvc.pipelines import read_pipeline
from mlgate.sources._dvc.pointers import kind_of, read_pointer
from mlgate.sources._dvc.shapes import LARGEST
from mlgate.sources._dvc.versions import Owned, lock_of, owned_by_lock, root_of

if TYPE_CHECKING:
    from mlgate.gates._dv_ground import Ground
    from mlgate.repo.git import Repository

State = dict[str, str]
"""DVC's files of a commit: path to blob."""


def owned_by_range(ground: Ground) -> tuple[list[Owned], list[Finding]]:
    """Every output that a commit of the range names and the subject does not, and a finding for
    each of DVC's files in those commits of which nobody can tell what it names.

    Raises `GateError` where git does not have the commits.
    """
    commits = ground.ctx.commits
    if not commits or ground.ctx.past:
        return [], []
    repo = git.find(ground.work, os.environ)
    try:
        states = _states(repo, commits)
        found = list(_parsed(ground, repo, states))
        return (
            [one for one in found if isinstance(one, Owned)],
            [one for one in found if isinstance(one, Finding)],
        )
    except RepositoryError as error:
        hint = "git fetch --unshallow" if history.is_shallow(repo) else error.hint
        raise GateError(
            f"the data versions of {counted(len(commits), 'commit')} are unknown: {error.message}",
            hint,
        ) from None


def _states(repo: Repository, commits: tuple[str, ...]) -> dict[str, State]:
    """DVC's files of each commit: its first parent's, with what it changed."""
    lines = "\n".join(commits).encode() + b"\n"
    out = repo.git("rev-list", "--parents", "--no-walk=unsorted", "--stdin", stdin=lines)
    parents = {row[0]: row[1:] for line in out.decode().splitlines() if (row := line.split())}
    states: dict[str, State] = {}
    pairs = "".join(f"{c} {' '.join(parents[c][:1])}".rstrip() + "\n" for c in commits)
    raw = repo.git(
        *("diff-tree", "--stdin", "-r", "--root", "--no-renames", "--raw", "-z", "--no-abbrev"),
        stdin=pairs.encode(),
    )
    changes = _changes(git.decoded(raw))
    for commit in commits:
        before = parents[commit][0] if parents[commit] else None
        if before is not None and before not in states:
            states[before] = _listed(repo, before)
        state = dict(states[before]) if before is not None else {}
        for path, blob in changes.get(commit, ()):
            if blob is None:
                state.pop(path, None)
            else:
                state[path] = blob
        states[commit] = state
    return {commit: states[commit] for commit in commits}


def _changes(raw: str) -> dict[str, list[tuple[str, str | None]]]:
    """Commit to DVC's files that it changed, from `diff-tree --stdin -z`."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    current: list[tuple[str, str | None]] = []
    fields = iter(raw.split("\0"))
    for field in fields:
        if not field.startswith(":"):
            if field:
                current = found.setdefault(field.split()[0], [])
            continue
        path = next(fields)
        _, mode, _, blob, _ = field.split(" ")
        if kind_of(path):
            current.append((path, blob if mode.startswith("100") else None))
    return found


def _listed(repo: Repository, commit: str) -> State:
    raw = git.decoded(repo.git("ls-tree", "-r", "-z", "--full-tree", commit))
    rows = (line.partition("\t") for line in raw.split("\0")[:-1])
    return {
        path: head.split()[2] for head, _, path in rows if kind_of(path) and head.startswith("100")
    }


def _parsed(
    ground: Ground, repo: Repository, states: dict[str, State]
) -> Iterator[Owned | Finding]:
    """Each version once: pointers by blob, locks by blob and by the pipeline beside them."""
    entries = ground.ctx.subject.files
    mine = {path: entry.id for path, entry in entries.items() if kind_of(path)}
    wanted = {blob for state in states.values() for path, blob in state.items()}
    contents = _blobs(repo, sorted(wanted - set(mine.values()))) if wanted else {}
    seen: set[tuple[str, ...]] = set()
    roots = ground.versions.roots or ("",)
    allowed = set(ground.ctx.files)

    def content(blob: str) -> bytes:
        return contents[blob] if blob in contents else repo.git("cat-file", "blob", blob)

    for commit, state in states.items():
        for path, blob in state.items():
            beside = state.get(posixpath.join(posixpath.dirname(path), "dvc.yaml"), "")
            key = (path, blob, beside if kind_of(path) == "lock" else "")
            if key in seen or kind_of(path) == "pipeline":
                continue
            seen.add(key)
            excluded = path in entries and path not in allowed
            same = mine.get(path) == blob and (
                kind_of(path) == "pointer"
                or mine.get(posixpath.join(posixpath.dirname(path), "dvc.yaml"), "") == beside
            )
            if excluded or same:
                continue
            pipeline = content(beside) if beside and kind_of(path) == "lock" else None
            for one in _owned(path, content(blob), pipeline, root_of(path, roots)):
                if isinstance(one, Owned):
                    yield msgspec.structs.replace(one, commit=commit)
                else:
                    yield _unknown(path, commit, one)


def _unknown(path: str, commit: str, why: str) -> Finding:
    """No place: the file may be gone, or whole again, in what is judged."""
    return Finding(
        rule="data-version/unreadable",
        level=Level.ERROR,
        message=f"{shown(path)} in commit {commit[:7]}: {why}, so its data cannot be looked for",
        help="fold that commit into the one that mended it: git rebase -i",
    )


def _owned(path: str, raw: bytes, pipeline: bytes | None, root: str) -> Iterator[Owned | str]:
    """What the file names, and in words what cannot be told of it."""
    if len(raw) > LARGEST:
        yield f"{len(raw):,} bytes are too many for one of DVC's files"
        return
    if kind_of(path) == "pointer":
        pointer = read_pointer(path, raw)
        yield from (problem.message for problem in pointer.problems)
        for out in pointer.outs:
            yield Owned(out=out, file=path, imported=pointer.imported, root=root)
        return
    folder = posixpath.dirname(path)
    declared = read_pipeline(posixpath.join(folder, "dvc.yaml"), pipeline) if pipeline else None
    lock = lock_of(path, raw, declared)
    yield from (problem.message for problem in lock.problems)
    yield from owned_by_lock(lock, declared, root)


def _blobs(repo: Repository, ids: list[str]) -> dict[str, bytes]:
    """The contents of many blobs from one process."""
    raw = repo.git("cat-file", "--batch", stdin="".join(f"{id_}\n" for id_ in ids).encode())
    found = {}
    at = 0
    for id_ in ids:
        end = raw.index(b"\n", at)
        head = raw[at:end].split()
        if len(head) != 3:
            raise RepositoryError(f"git does not have the blob {id_}", "git fetch origin")
        size = int(head[2])
        found[id_] = raw[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return found
