"""Questions about commits: which one a name means, where two lines part, what lies between."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mlgate.core.errors import RepositoryError
from mlgate.repo.git import Repository, decoded


def commit_id(repo: Repository, rev: str) -> str | None:
    """The full id of the commit that `rev` names; None if it is not here."""
    try:
        line = repo.git(
            *("log", "-1", "--no-show-signature", "--no-color", "--format=%H"),
            *("--end-of-options", rev, "--"),
        )
    except RepositoryError:
        return None
    return line.decode("ascii").strip() or None


def merge_base(repo: Repository, one: str, other: str) -> str | None:
    """The best common ancestor of two commits; None if they have none here."""
    if one == other:
        return one
    out = repo.git("merge-base", "--end-of-options", one, other, ok=(0, 1))
    return out.decode("ascii").split("\n")[0] or None


def commits(repo: Repository, old: str | None, new: str) -> tuple[str, ...]:
    """The commits that `new` has and `old` has not, oldest first; all of them without `old`."""
    without = (f"^{old}",) if old else ()
    out = repo.git("rev-list", "--reverse", "--topo-order", new, *without, "--")
    return tuple(out.decode("ascii").split())


def raw(repo: Repository, commits: Sequence[str]) -> Iterator[bytes]:
    """The commit objects as git stores them, in the order given; those that are not here are left
    out."""
    out = repo.git("cat-file", "--batch", stdin="".join(f"{id}\n" for id in commits).encode())
    while out:
        head, _, out = out.partition(b"\n")
        fields = head.split(b" ")
        if len(fields) == 3:
            size = int(fields[2])
            if fields[1] == b"commit":
                yield out[:size]
            out = out[size + 1 :]


def last_change(repo: Repository, commit: str, paths: Sequence[str]) -> str | None:
    """The last commit up to `commit` that altered one of `paths`; None if none is here that did."""
    if not paths:
        return None
    asked = ("log", "-1", "--no-show-signature", "--no-color", "--format=%H", commit, "--")
    return repo.git(*asked, *paths).decode("ascii").strip() or None


def is_shallow(repo: Repository) -> bool:
    """True if older commits were left out when this clone was made."""
    return os.path.exists(os.path.join(repo.common_dir, "shallow"))


class Branches(NamedTuple):
    """Where HEAD stands among the branches; refs by their full names."""

    current: str | None
    """The branch that is checked out (`refs/heads/topic`); None on a detached HEAD."""
    upstream: str | None
    """The ref that it follows (`refs/remotes/origin/topic`)."""
    default: str | None
    """The default branch's ref, the remote's before our own."""
    tips: dict[str, str]
    """Ref to commit, of all that are named here and exist."""


def branches(repo: Repository, default: str | None = None) -> Branches:
    """Asks git once. `default` is what the CI calls the default branch."""
    current = _checked_out(repo)
    pointer = "refs/remotes/origin/HEAD"
    named = [default] if default else []
    candidates = [
        f"{folder}/{name}"
        for names in (named, ["main", "master"])
        for folder in ("refs/remotes/origin", "refs/heads")
        for name in names
    ]
    patterns = dict.fromkeys([pointer, *candidates, *([current] if current else [])])
    out = repo.git(
        "for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)%00%(upstream)", *patterns
    )
    known = {}
    for line in decoded(out).splitlines():
        name, *rest = line.split("\0")
        known[name] = rest
    pointed = known.pop(pointer, ["", "", ""])[1]
    if pointed and pointed not in known:
        candidates.insert(len(named) * 2, pointed)
        tip = commit_id(repo, pointed)
        known |= {pointed: [tip, "", ""]} if tip else {}
    elif pointed:
        candidates.insert(len(named) * 2, pointed)
    chosen = next((name for name in candidates if name in known), None)
    upstream = known[current][2] if current in known else ""
    tips = {name: rest[0] for name, rest in known.items()}
    return Branches(current, upstream or None, chosen, tips)


def _checked_out(repo: Repository) -> str | None:
    """What HEAD points to; read from its file, which spares a process."""
    try:
        with open(os.path.join(repo.git_dir, "HEAD"), "rb") as file:
            line = decoded(file.read(4096)).strip()
    except OSError:
        return None
    if line == "ref: refs/heads/.invalid":  # the reftable format keeps HEAD elsewhere
        line = "ref: " + decoded(repo.git("symbolic-ref", "--quiet", "HEAD", ok=(0, 1))).strip()
    return line.removeprefix("ref: ") or None if line.startswith("ref: ") else None


def push_target(repo: Repository) -> str | None:
    """The full name of the ref that `git push` would update, as last seen."""
    try:
        out = repo.git("rev-parse", "--symbolic-full-name", "@{push}")
    except RepositoryError:
        return None
    return decoded(out).strip() or None
