"""Reads the policy of a run: of the subject, or of the base where a version is promoted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from mlgate.core.errors import BaseNotFound
from mlgate.policy.model import Policy
from mlgate.runner import keys

if TYPE_CHECKING:
    from mlgate.runner.session import Session

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def policy(session: Session) -> tuple[Policy, bool]:
    """The policy, and whether it is merely adopted from what the repository uses."""
    found = _written(session)
    if found is not None:
        whole = _with_projects(session, found) if found.projects else found
        return (whole if session.request.version else whole.guarded()), False
    from mlgate.runner.adoption import adopted

    return adopted(session), True


def _written(session: Session) -> Policy | None:
    """The policy as it is written; from the store where its one file was read before."""
    names = ("mlgate.toml", "pyproject.toml")
    read = {name: _read(session, name) for name in names}
    if all(content is None for content in read.values()):
        return None
    key = keys.digest("policy", session.identity, *read.values())
    known = session.recall("memos", [key]).get(key)
    if known is not None:
        return msgspec.msgpack.decode(known, type=Policy)
    from mlgate.policy.load import load

    found = load(lambda path: read[path] if path in read else _read(session, path))
    if found is not None and len(found.files) == 1 and not found.projects:
        session.remember("memos", {key: msgspec.msgpack.encode(found)})
    return found


def _with_projects(session: Session, root: Policy) -> Policy:
    from functools import partial

    from mlgate.runner.policies import with_projects

    found = with_projects(root, partial(_read, session), session.subject, session.project)
    session.homes |= found.homes
    return found.policy


def _read(session: Session, path: str) -> bytes | None:
    """A file of the subject; the root's from the work tree at once, without listing what else
    there is. Where a version is promoted, a file of the base."""
    if session.request.version is not None:
        return _read_base(session, path)
    if session.subject.kind == "work tree" and "/" not in path:
        try:
            descriptor = os.open(os.path.join(session.repo.root, path), os.O_RDONLY | _NO_LINKS)
            with open(descriptor, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError:  # a link or a folder: refused in the words of the snapshot's reader
            pass
    entry = session.subject.files.get(path)
    if entry is None or entry.is_file:
        return None if entry is None else session.subject.read(path)
    from mlgate.policy.read import reader

    return reader(session.subject)(path)


def _read_base(session: Session, path: str) -> bytes | None:
    """A file of the tip whose policy says what a version must meet."""
    if session.tip is None:
        raise BaseNotFound(
            "there is no default branch whose policy a promotion could go by",
            "git fetch origin && git remote set-head origin --auto",
        )
    from mlgate.policy.read import reader

    return reader(session.tip)(path)
