"""Finds what the subject is compared with: named, told by the CI, or the branch it will go to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.errors import BaseNotFound
from mlgate.core.words import Stage
from mlgate.repo import history

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlgate.repo.ci import CI
    from mlgate.repo.git import Repository


class Base(Struct, frozen=True):
    """A commit to compare with, and why it is this one."""

    commit: str
    why: str
    """`merge base with origin/main`, `HEAD`, `named by --base`."""


def resolve(
    repo: Repository,
    stage: Stage,
    named: str | None,
    environ: Mapping[str, str],
    ci: CI | None,
) -> Base | None:
    """The base of a run at `stage`; None where none is named and none can be guessed.

    Raises `BaseNotFound`, with the command that brings it, where `--base` or the CI names one that
    is not here or has no history in common with HEAD.
    """
    if named:
        return _named(repo, stage, named, ci)
    if repo.head is None:
        return None
    if stage == Stage.COMMIT:
        return Base(repo.head, "HEAD")
    if stage == Stage.PUSH:
        return _of_push(repo, environ)
    if stage == Stage.MERGE:
        return _told(repo, ci) or _guessed(repo, ci)
    if stage == Stage.PROMOTE:
        known = history.branches(repo, ci.default_branch if ci else None)
        ref = known.default
        return Base(known.tips[ref], f"tip of {_shown(ref)}") if ref else None
    return None


def _named(repo: Repository, stage: Stage, name: str, ci: CI | None) -> Base:
    """`--base`: at merge the merge base with it, else that very commit."""
    commit = history.commit_id(repo, name) or history.commit_id(repo, f"refs/remotes/origin/{name}")
    if commit is None:
        raise _missing(repo, f"the base {name!r} named by --base is not here", name, ci)
    if stage in (Stage.MERGE, Stage.PUSH):
        return _common(repo, commit, name, ci)
    return Base(commit, f"{name}, named by --base")


def _of_push(repo: Repository, environ: Mapping[str, str]) -> Base | None:
    given = environ.get("PRE_COMMIT_FROM_REF", "")
    commit = history.commit_id(repo, given) if given.strip("0") else None
    if commit:
        return Base(commit, "the remote's tip")
    ref = history.push_target(repo)
    tip = history.commit_id(repo, ref) if ref else None
    if ref and tip:
        return Base(tip, f"tip of {_shown(ref)}")
    return _guessed(repo, None)


def _told(repo: Repository, ci: CI | None) -> Base | None:
    """What the CI says; None where it says nothing that a base could be found by."""
    if ci is None:
        return None
    if ci.is_pull_request and (ci.target or ci.base):
        return _of_request(repo, ci)
    on_default = ci.branch is None or ci.branch in (ci.default_branch, "main", "master")
    if ci.before and ci.before.strip("0") and on_default:
        commit = history.commit_id(repo, ci.before)
        if commit is None:
            raise _missing(
                repo, f"the commit before this push, {ci.before[:7]}, is not here", ci.before, ci
            )
        return _common(repo, commit, f"{commit[:7]}, the commit before this push", ci)
    return None


def _of_request(repo: Repository, ci: CI) -> Base:
    ref = f"refs/remotes/origin/{ci.target}" if ci.target else ""
    present = False
    for name in filter(None, (ref, *ci.base)):
        commit = history.commit_id(repo, name)
        present = present or commit is not None
        ancestor = history.merge_base(repo, commit, "HEAD") if commit else None
        if ancestor:
            return Base(ancestor, f"merge base with {_shown(name)}")
    target = ci.target or ci.base[0]
    if present:
        raise _unrelated(repo, target, ci)
    raise _missing(repo, f"the target of this {ci.event}, {target}, is not here", target, ci)


def _guessed(repo: Repository, ci: CI | None) -> Base | None:
    """The branch that this one will go to: its upstream if that is another, else the default."""
    known = history.branches(repo, ci.default_branch if ci else None)
    branch = known.current or (f"refs/heads/{ci.branch}" if ci and ci.branch else "")
    ref = known.default
    if known.upstream and (_plain(known.upstream) != _plain(branch) or ref == branch):
        ref = known.upstream
    if ref is None or repo.head is None:
        return None
    commit = known.tips.get(ref) or history.commit_id(repo, ref)
    ancestor = history.merge_base(repo, commit, repo.head) if commit else None
    if ancestor is None:
        return None
    if ci is not None and ancestor == repo.head:
        return _before_head(repo, ci)
    return Base(ancestor, f"merge base with {_shown(ref)}")


def _before_head(repo: Repository, ci: CI) -> Base | None:
    """On the default branch in a CI that does not tell what was there before: HEAD's parent.

    With HEAD itself as the base nothing could ever be new.
    """
    if ci.before and not ci.before.strip("0"):
        return None  # the first push of all: everything is new
    parent = history.commit_id(repo, "HEAD^1")
    if parent:
        return Base(parent, "the commit before HEAD")
    if history.is_shallow(repo):
        raise _missing(repo, "the commit before HEAD is not here", "HEAD", ci)
    return None


def _common(repo: Repository, commit: str, name: str, ci: CI | None) -> Base:
    if repo.head is None:
        return Base(commit, name)
    ancestor = history.merge_base(repo, commit, repo.head)
    if ancestor is None:
        raise _unrelated(repo, name, ci)
    return Base(ancestor, name if ancestor == commit else f"merge base with {name}")


def _missing(repo: Repository, what: str, name: str, ci: CI | None) -> BaseNotFound:
    if history.is_shallow(repo):
        return _shallow(what, ci)
    hint = "name a base that is here: --base REF"
    if _is_id(name):
        return BaseNotFound(what, f"{hint}; or bring it with: git fetch origin {name}")
    if not re.fullmatch(r"[\w./][\w./-]*", name):
        return BaseNotFound(what, hint)
    plain = _plain(name)
    command = f"git fetch origin +refs/heads/{plain}:refs/remotes/origin/{plain}"
    return BaseNotFound(what, f"{hint}; or bring it with: {command}")


def _unrelated(repo: Repository, name: str, ci: CI | None) -> BaseNotFound:
    what = f"HEAD and {_shown(name)} have no commit in common here"
    if history.is_shallow(repo):
        return _shallow(what, ci)
    return BaseNotFound(what, "their histories are unrelated: name another base with --base REF")


def _shallow(what: str, ci: CI | None) -> BaseNotFound:
    command = "git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*'"
    where = f"; in {ci.name}: {ci.deepen}" if ci and not ci.deepen.startswith("git ") else ""
    return BaseNotFound(f"{what}, for this clone is shallow", f"{command}{where}")


def _is_id(name: str) -> bool:
    return len(name) in (40, 64) and set(name) <= set("0123456789abcdef")


def _plain(ref: str) -> str:
    """A branch's name without where it lies: `origin/main` and `refs/heads/main` are `main`."""
    return _shown(ref).removeprefix("origin/")


def _shown(ref: str) -> str:
    if _is_id(ref):
        return ref[:7]
    return ref.removeprefix("refs/remotes/").removeprefix("refs/heads/")
