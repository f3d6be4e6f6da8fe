"""What is being pushed: from the pre-push hook's standard input, or from pre-commit's variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlgate.core.errors import UsageError
from mlgate.repo import history

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlgate.repo.git import Repository


class Push(NamedTuple):
    """One ref that is pushed."""

    tip: str
    """The commit that the remote's ref will name."""
    base: str | None
    """The commit to compare with: the remote's tip, or where a new branch leaves what the remote
    has; None if the remote has nothing of it."""
    commits: tuple[str, ...]
    """What the remote does not have yet, oldest first."""
    ref: str
    """The remote's ref (`refs/heads/main`)."""


def from_lines(repo: Repository, text: str, remote: str | None = None) -> tuple[Push, ...]:
    """The pushes of `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID` lines (githooks(5), pre-push).

    Deleted refs and tags of things that are no commits are left out. Raises `UsageError` on lines
    of another form.
    """
    pushes = []
    for line in filter(str.strip, text.splitlines()):
        fields = line.rsplit(maxsplit=3)
        if len(fields) != 4 or not _is_id(fields[1]) or not _is_id(fields[3]):
            raise UsageError(
                f"not a line of the pre-push hook: {line!r}",
                "pass the hook's standard input on: mlgate check --stage push --push-refs -",
            )
        _, local, ref, there = fields
        tip = None if _is_nothing(local) else history.commit_id(repo, local)
        if tip:
            pushes.append(_push(repo, tip, there, ref, remote))
    return tuple(pushes)


def from_environ(repo: Repository, environ: Mapping[str, str]) -> tuple[Push, ...]:
    """The push that pre-commit or prek tells of; empty if they do not.

    Raises `UsageError` if they name a commit that is not here.
    """
    remote = environ.get("PRE_COMMIT_REMOTE_NAME")
    ref = environ.get("PRE_COMMIT_REMOTE_BRANCH", "")
    name = environ.get("PRE_COMMIT_TO_REF")
    if not name:
        if not remote:
            return ()
        # The whole history is new to the remote: pre-commit then names no range.
        name = environ.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD"
    tip = history.commit_id(repo, name)
    if tip is None:
        raise UsageError(f"PRE_COMMIT_TO_REF names {name!r}, which is no commit here")
    return (_push(repo, tip, environ.get("PRE_COMMIT_FROM_REF", ""), ref, remote),)


def _push(repo: Repository, tip: str, there: str, ref: str, remote: str | None) -> Push:
    known = None if not there or _is_nothing(there) else history.commit_id(repo, there)
    if known:
        return Push(tip, known, history.commits(repo, known, tip), ref)
    new = _unknown_to_remotes(repo, tip, remote)
    base = _parent(repo, new[0]) if new else tip
    return Push(tip, base, new, ref)


def _unknown_to_remotes(repo: Repository, tip: str, remote: str | None) -> tuple[str, ...]:
    """The commits of a new branch: those that no remote-tracking ref reaches, oldest first."""
    known = bool(remote) and bool(repo.git("for-each-ref", "--count=1", f"refs/remotes/{remote}/"))
    reached = f"--remotes={remote}" if known else "--remotes"
    out = repo.git("rev-list", "--reverse", "--topo-order", tip, "--not", reached, "--")
    return tuple(out.decode("ascii").split())


def _parent(repo: Repository, commit: str) -> str | None:
    return history.commit_id(repo, f"{commit}^1")


def _is_id(text: str) -> bool:
    return len(text) in (40, 64) and all(c in "0123456789abcdef" for c in text)


def _is_nothing(text: str) -> bool:
    return not text.strip("0")
