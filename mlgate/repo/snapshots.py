"""The three things that can be judged: the work tree, the index, a commit."""

from __future__ import annotations

from mlgate.core.errors import RepositoryError
from mlgate.repo.git import Repository
from mlgate.repo.stored import Index, Stored, Tree
from mlgate.repo.work_tree import WorkTree


def work_tree(repo: Repository) -> WorkTree:
    """Tracked files as they lie in the work tree, and untracked ones that git does not ignore."""
    return WorkTree(repo)


def index(repo: Repository) -> Stored:
    """What `git commit` would record. Its `files` raise `UsageError` while conflicts are open."""
    return Stored(repo, "index", "index", repo.head, Index(repo))


def commit(repo: Repository, rev: str) -> Stored:
    """The commit that `rev` names. Raises `RepositoryError` if there is none."""
    try:
        line = repo.git(
            *("log", "-1", "--no-show-signature", "--no-color", "--format=%H %T"),
            *("--end-of-options", rev, "--"),
        )
        id_, tree = line.decode("ascii").split()
    except (RepositoryError, ValueError):
        raise RepositoryError(
            f"git knows no commit {rev!r} here", "bring it with: git fetch origin"
        ) from None
    return Stored(repo, "commit", f"commit {id_[:7]}", id_, Tree(repo, tree))
