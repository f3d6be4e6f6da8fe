"""The scenario matrix, driven with the real dvc on a directory that is the remote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dvc_scenarios import DVC, SCENARIOS, Scenario, table
from dvc_world import World, build, dvc_says, failing, listing


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


DOCS = Path(__file__).parents[2] / "docs" / "data-version.md"


def test_the_docs_hold_this_table() -> None:
    assert table() in DOCS.read_text(encoding="utf-8")


@pytest.mark.heavy
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_dvc_answers_as_the_table_says(seed: World, tmp_path: Path, scenario: Scenario) -> None:
    world = seed.copy(tmp_path / "world")
    scenario.does(world)
    assert dvc_says(world) == DVC[scenario.name][0]
