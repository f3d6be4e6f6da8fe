"""The refs of a chain and its tags, read while somebody writes them."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from projects import Project

from mlgate.registries import _git_refs as git_refs
from mlgate.repo.git import find


class Half:
    """A repository in which a transaction has moved a tag, and not yet the chain."""

    def __init__(self, folder: Path, remote: str | None) -> None:
        self.project = Project(folder)
        self.project.git("config", "user.name", "t")
        self.project.git("config", "user.email", "t@example.org")
        self.old, self.new = (self._commit(number) for number in ("one", "two"))
        self.refs = git_refs.Refs(find(str(folder), os.environ), remote)
        self.chain, self.tag = self.refs.chain("churn"), f"{self.refs.tags}churn#production#1"
        self.project.git("update-ref", self.chain, self.old)
        self.lock = folder / ".git" / f"{self.chain}.lock"
        self.lock.touch()
        self.project.git("update-ref", self.tag, self.new)

    def _commit(self, content: str) -> str:
        self.project.put({"model.bin": content}).commit(content)
        return str(self.project.git("rev-parse", "HEAD")).strip()

    def finish(self) -> None:
        """What git does last: the lock becomes the ref."""
        self.lock.write_text(f"{self.new}\n")
        os.replace(self.lock, self.lock.with_suffix(""))

    def seen(self) -> dict[str, str]:
        return {name: row[0] for name, row in self.refs.at_rest("churn").items()}


@pytest.fixture(params=[None, "origin"])
def half(request: pytest.FixtureRequest, tmp_path: Path) -> Half:
    return Half(tmp_path / "work", request.param)


def test_a_transaction_half_written_is_waited_for(half: Half) -> None:
    later = threading.Timer(0.1, half.finish)
    later.start()
    assert half.seen() == {half.chain: half.new, half.tag: half.new}
    later.join()


def test_a_transaction_that_begins_between_is_read_again(
    half: Half, monkeypatch: pytest.MonkeyPatch
) -> None:
    half.lock.unlink()
    looked = git_refs.Refs._rows
    looks = []

    def moved_after(refs: git_refs.Refs, *patterns: str) -> git_refs.Rows:
        rows = looked(refs, *patterns)
        if len(patterns) > 1 and not looks:
            half.finish()
        looks.append(patterns)
        return rows

    monkeypatch.setattr(git_refs.Refs, "_rows", moved_after)
    assert half.seen()[half.chain] == half.new
    assert sum(len(patterns) > 1 for patterns in looks) == 2


def test_a_lock_that_somebody_left_does_not_hang_it(
    half: Half, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_refs, "_LOOKS", 5)
    started = time.monotonic()
    assert half.seen() == {half.chain: half.old, half.tag: half.new}
    assert time.monotonic() - started < 30
    assert half.lock.exists()


def test_a_chain_among_packed_refs_is_read(half: Half) -> None:
    half.finish()
    half.project.git("pack-refs", "--all")
    assert half.seen() == {half.chain: half.new, half.tag: half.new}
