"""Killed at any moment, promoted by many at once: no gap, no alias without a record."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from model_house import IN_FOLDER, House, twice

from mlgate.core.words import Stage
from mlgate.promotion import chain as chains
from mlgate.promotion.house import House as Opened
from mlgate.runner.request import Request
from mlgate.runner.session import open_session

if TYPE_CHECKING:
    from conftest import Copies

_HERE = Path(__file__).parent


def _opened(house: House) -> Opened:
    request = Request(start=str(house.folder), stage=Stage.PROMOTE, version="HEAD")
    return Opened(open_session(request, os.environ), "churn")


def _killed(house: House, where: str, when: str, *args: str) -> None:
    key = ("--key", str(house.folder.parent / "ci"))
    done = subprocess.run(
        [sys.executable, str(_HERE / "killed.py"), where, when, *args, *key],
        cwd=house.folder,
        capture_output=True,
    )
    assert done.returncode == -9, done.stderr.decode()


def test_killed_between_gate_and_record(house: House) -> None:
    house.policy("gates = []").model("one")
    _killed(
        house,
        "mlgate.promotion.promote:append",
        "before",
        *("promote", "churn", "--to", "production", "--first"),
    )
    held, chain = _opened(house).read()
    assert (held.aliases, chain.links) == ({}, ())
    assert house.promote("--first").code == 0
    assert house.run("verify", "churn@production").code == 0


@pytest.mark.parametrize("first", [True, False])
def test_killed_between_record_and_alias(in_folder: House, first: bool) -> None:
    house = in_folder
    house.policy("gates = []").model("one")
    if not first:
        assert house.promote("--first").code == 0
        house.model("two")
    told = ("--first",) if first else ()
    _killed(
        house,
        "mlgate.registries.folder:Folder.point",
        "before",
        *("promote", "churn", "--to", "production", *told),
    )
    held, chain = _opened(house).read()
    assert len(chain.links) == (1 if first else 2)
    assert held.aliases.get("production") != chain.aliases["production"]
    assert house.run("verify", "churn@production").code == 1
    house.model("three")
    rehearsed = house.promote("--dry-run", key=None)
    assert "the next promotion mends it" in rehearsed.out
    next_one = house.promote()
    assert next_one.code == 0, next_one.err
    assert "an earlier run was interrupted, or somebody moved it back; mended" in next_one.out
    assert house.run("verify", "churn@production").code == 0


def test_killed_while_the_version_is_copied(in_folder: House) -> None:
    house = in_folder
    house.policy("gates = []").model("one")
    _killed(house, "os:link", "before", *("promote", "churn", "--to", "production", "--first"))
    held, chain = _opened(house).read()
    assert (held.aliases, chain.links) == ({}, ())
    assert house.promote("--first").code == 0


def test_killed_after_the_push(in_git: House, tmp_path: Path) -> None:
    """The promotion stands; only this clone's tags are behind."""
    house = in_git
    house.policy("gates = []").model("one")
    house.git("init", "-q", "--bare", "-b", "main", str(tmp_path / "origin.git"))
    house.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    house.git("push", "-q", "-u", "origin", "main")
    where = "mlgate.registries._git_refs:Refs._push"
    _killed(house, where, "after", *("promote", "churn", "--to", "production", "--first"))
    assert house.git("tag").split() == []
    assert house.run("verify", "churn@production").code == 0
    house.model("two")
    assert house.promote().code == 0


@pytest.fixture(params=[IN_FOLDER, "git", "remote"])
def shared(request: pytest.FixtureRequest, copies: Copies) -> list[House]:
    """Two promoted versions, as two writers see them: in one place, or in a clone for each."""
    first = copies(IN_FOLDER if request.param == IN_FOLDER else "git", twice)
    if request.param != "remote":
        return [first, first]
    bare = str(first.folder.parent / "origin.git")
    first.git("clone", "-q", "--bare", ".", bare)
    first.git("remote", "add", "origin", bare)
    first.git("push", "-q", "-u", "origin", "main", "refs/mlgate/*:refs/mlgate/*")
    first.git("clone", "-q", bare, str(first.folder.parent / "other"))
    return [first, House(first.folder.parent / "other", "git")]


@pytest.mark.parametrize("times", [8, pytest.param(50, marks=pytest.mark.heavy)])
def test_two_writers_lose_nothing(shared: list[House], times: int) -> None:
    opened = _opened(shared[0])
    versions = [v.name for v in opened.read()[0].versions]
    key = str(shared[0].folder.parent / "ci")
    writers = [
        subprocess.Popen(
            [sys.executable, str(_HERE / "writer.py"), str(one.folder), key, *versions, str(times)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for one in shared
    ]
    for writer in writers:
        out, errors = writer.communicate(timeout=280)
        assert writer.returncode == 0, errors.decode()
        assert out.split()[0] == str(times).encode()
    for house in shared:
        held, chain = _opened(house).read()
        chains.trust(chain, opened.signers)
        moves = chain.moves("production")
        assert len(moves) == len(chain.links) == 2 + 2 * times
        for before, after in pairwise(moves):
            assert after.act.holder == before.act.version != after.act.version
        assert held.aliases["production"] == moves[-1].act.version
