"""The scenario matrix, driven with the real dvc on a directory that is the remote."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dvc_scenarios import DVC, SCENARIOS, Scenario, table
from dvc_world import World, build, dvc_says, failing, listing

LOST = {"not-in-remote", "members-missing", "remote-damaged"}


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "A Person")
            patch.setenv(f"GIT_{role}_EMAIL", "person@example.org")
        yield build(tmp_path_factory.mktemp("dvc") / "seed")


def _rows(scenarios: tuple[Scenario, ...]) -> list[object]:
    """Those that drive dvc once more, which takes seconds, are heavy."""
    return [
        pytest.param(s, id=s.name, marks=[pytest.mark.heavy] if s.drives else []) for s in scenarios
    ]


@pytest.mark.parametrize("scenario", _rows(SCENARIOS))
def test_scenario(seed: World, tmp_path: Path, scenario: Scenario) -> None:
    world = seed.copy(tmp_path / "world")
    scenario.does(world)
    untouched = (world.remote, world.project / ".dvc")
    before = listing(*untouched)
    verdict = world.check(scenario.stage, *scenario.args)
    assert (verdict["outcome"], failing(verdict)) == (scenario.outcome, set(scenario.rules)), [
        (f["rule"], f["message"]) for f in verdict["findings"]
    ] + [verdict["reason"]]
    assert listing(*untouched) == before
    mends = [f["help"] for f in verdict["findings"] if f["result"] == "fail"]
    assert all(mends)


def _only_here(world: World) -> None:
    """Neither the remote nor the cache has what lies in the work tree."""
    for lost in (b"id,y\n1,0\n2,1\n", b"model of 3 rows"):
        there = world.object(lost)
        here = world.project / ".dvc" / "cache" / there.relative_to(world.remote)
        there.unlink(), here.unlink()


def _mends(world: World) -> list[str]:
    found = world.check("merge")["findings"]
    return [f["help"] for f in found if f["result"] == "fail" and f["level"] != "note"]


def test_what_the_cache_lacks_is_added_before_it_is_pushed(seed: World, tmp_path: Path) -> None:
    """DVC pushes from its cache: what it lacks there it leaves out, and ends in 0."""
    world = seed.copy(tmp_path / "world")
    _only_here(world)
    assert _mends(world) == [
        "dvc add data/table.csv && dvc push -r shared data/table.csv.dvc",
        "dvc commit train && dvc push -r shared train",
    ]
    world.forget_data()
    assert _mends(world) == [
        "in the clone that has this data: dvc push -r shared data/table.csv.dvc",
        "in the clone that has this data: dvc push -r shared train",
    ]


def test_the_only_copy_is_not_removed(seed: World, tmp_path: Path) -> None:
    world = seed.copy(tmp_path / "world").forget_data()
    world.object(b"second\n").unlink()
    (mend,) = _mends(world)
    assert mend.startswith("in the clone that has this data: rm ") and ".dir" in mend


@pytest.mark.heavy
@pytest.mark.parametrize(
    "spoil", [s.does for s in SCENARIOS if set(s.rules) & LOST and not s.drives] + [_only_here]
)
def test_the_mending_command_mends_as_it_is(
    seed: World, tmp_path: Path, spoil: Callable[[World], object]
) -> None:
    world = seed.copy(tmp_path / "world")
    spoil(world)
    for mend in _mends(world):
        subprocess.run(mend, shell=True, check=True, cwd=world.project, env=world.environment())
    verdict = world.check("merge")
    assert (verdict["outcome"], failing(verdict)) == ("passed", set()), verdict["findings"]


DOCS = Path(__file__).parents[2] / "docs" / "data-version.md"


def test_the_docs_hold_this_table() -> None:
    assert table() in DOCS.read_text(encoding="utf-8")


@pytest.mark.heavy
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_dvc_answers_as_the_table_says(seed: World, tmp_path: Path, scenario: Scenario) -> None:
    world = seed.copy(tmp_path / "world")
    scenario.does(world)
    assert dvc_says(world) == DVC[scenario.name][0]
