"""Fetches the history in which a base may lie, in bounded steps: what `--deepen` allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mlgate.core.errors import RepositoryError
from mlgate.repo import history
from mlgate.repo.git import Repository

STEPS = (50, 200, 1000)
"""Commits from the tip; after them the whole history."""

_BRANCH = re.compile(r"[\w./][\w./-]*")
_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def steps(repo: Repository, names: Iterable[str]) -> Iterator[str]:
    """Fetch HEAD's history and the branches or commits `names` further at each step, and say in
    words what was fetched; ends where there is no more. The only use that a check makes of git's
    network."""
    specs = [spec for name in names if (spec := _spec(name))]
    if not history.is_shallow(repo):
        if _fetch(repo, (), specs):
            yield "what was named"
        return
    for depth in STEPS:
        if depth > _depth(repo) and _fetch(repo, (f"--depth={depth}",), specs):
            yield f"{depth} commits"
            if not history.is_shallow(repo):
                return
    if _fetch(repo, ("--unshallow",), specs):
        yield "the whole history"


def _spec(name: str) -> str | None:
    """What to ask the remote for; None for what is no branch and no commit."""
    if _ID.fullmatch(name):
        return name
    plain = name.removeprefix("refs/remotes/").removeprefix("refs/heads/").removeprefix("origin/")
    if not _BRANCH.fullmatch(plain):
        return None
    return f"+refs/heads/{plain}:refs/remotes/origin/{plain}"


def _depth(repo: Repository) -> int:
    return int(repo.git("rev-list", "--count", "--first-parent", "HEAD", "--"))


def _fetch(repo: Repository, how: tuple[str, ...], specs: list[str]) -> bool:
    """One fetch; where the remote does not give all at once, one after the other."""
    tip = [repo.head] if repo.head and how else []
    if _asked(repo, how, [*tip, *specs]):
        return True
    got = [_asked(repo, how, [spec]) for spec in [*tip, *specs]]
    return any(got) or bool(how and _asked(repo, how, []))


def _asked(repo: Repository, how: tuple[str, ...], specs: list[str]) -> bool:
    fixed = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
    try:
        repo.start(*fixed, *how, "--", "origin", *specs, network=True).read()
    except RepositoryError:
        return False
    return True
