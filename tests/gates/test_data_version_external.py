"""What lies outside of the repository is judged by what was recorded of it, as DVC does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator

import pytest
from dvc_world import World, failing, listing, noted

STAGE = """stages:
  export:
    cmd: cp source.txt ../far/out.txt && mkdir -p {far}/folder && cp source.txt {far}/folder/a.txt
    deps: [source.txt, ../far/in.txt]
    outs:
    - ../far/out.txt: {{cache: false}}
    - {far}/folder: {{cache: false}}
"""


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A stage that reads and writes beside the project, and an import that was not downloaded."""
    with pytest.MonkeyPatch.context() as patch:
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "A Person")
            patch.setenv(f"GIT_{role}_EMAIL", "person@example.org")
        world = World(tmp_path_factory.mktemp("outside") / "seed")
        world.project.mkdir(parents=True)
        far = world.folder / "far"
        far.mkdir()
        (far / "in.txt").write_text("in\n")
        (far / "later.txt").write_text("later\n")
        world.git("init", "-q", "-b", "main")
        world.put({"source.txt": "one\n", "dvc.yaml": STAGE.format(far=far)})
        world.put({"mlgate.toml": "[gates.data-version]\n"})
        world.dvc("init -q", "repro -q", "import-url -q --no-download ../far/later.txt later.txt")
        world.commit("a project")
        yield world


def _gone(world: World) -> None:
    (world.folder / "far" / "out.txt").unlink()


def _changed(world: World) -> None:
    (world.folder / "far" / "out.txt").write_text("two\n")


def _member(world: World) -> None:
    (world.folder / "far" / "folder" / "b.txt").write_text("more\n")


def _input(world: World) -> None:
    (world.folder / "far" / "in.txt").write_text("other\n")


def _source(world: World) -> None:
    (world.folder / "far" / "later.txt").write_text("even later\n")


@pytest.fixture
def world(seed: World) -> Iterator[World]:
    """The same place every time, since absolute paths are recorded; put back afterwards."""
    kept = seed.folder.parent / "kept"
    shutil.copytree(seed.folder / "far", kept)
    yield seed
    shutil.rmtree(seed.folder / "far")
    shutil.move(kept, seed.folder / "far")


def test_all_is_as_recorded(world: World) -> None:
    before = listing(world.folder)
    verdict = world.check()
    assert listing(world.folder) == before
    assert (verdict["outcome"], failing(verdict)) == ("passed", set()), (
        verdict["reason"],
        verdict["findings"],
    )
    said = [f["message"] for f in verdict["findings"] if f["rule"] == "data-version/external"]
    assert len(said) == 4 and all("as recorded, by what `dvc status` compares" in s for s in said)


@pytest.mark.parametrize(
    ("does", "rule", "words"),
    [
        (_gone, "external-changed", "is not there any more"),
        (_changed, "external-changed", "has changed since"),
        (_member, "external-changed", "far/folder has changed since"),
        (_input, "stale-lock", "its dependency ../far/in.txt has changed since"),
        (_source, "not-in-source", "where later.txt.dvc comes from, has changed since"),
    ],
)
def test_what_is_not_as_recorded(
    world: World, does: Callable[[World], None], rule: str, words: str
) -> None:
    does(world)
    before = listing(world.folder)
    verdict = world.check()
    assert listing(world.folder) == before
    assert (verdict["outcome"], failing(verdict)) == ("failed", {rule}), verdict
    (found,) = [f for f in verdict["findings"] if f["result"] == "fail"]
    assert words in found["message"] and found["help"].startswith(("dvc repro", "dvc update"))


@pytest.mark.heavy
@pytest.mark.parametrize("does", [_gone, _changed, _member, _input])
def test_dvc_finds_the_same(world: World, does: Callable[[World], None]) -> None:
    assert json.loads(world.dvc("status --json export")[0].out) == {}
    does(world)
    assert json.loads(world.dvc("status --json export")[0].out)
    assert world.check()["outcome"] == "failed"


def test_at_commit_nothing_outside_is_looked_at(world: World) -> None:
    _changed(world)
    world.put({"note.md": "nothing\n"})
    world.git("add", "note.md")
    try:
        verdict = world.check("commit")
    finally:
        world.git("rm", "-qf", "note.md")
    assert (verdict["outcome"], noted(verdict)) == ("passed", {"passed"})


def test_a_disk_that_is_not_mounted_is_no_missing_file(world: World) -> None:
    shutil.rmtree(world.folder / "far" / "folder")
    (world.folder / "far").rename(world.folder / "unmounted")
    try:
        verdict = world.check()
    finally:
        (world.folder / "unmounted").rename(world.folder / "far")
    assert (verdict["outcome"], verdict["exit_code"]) == ("errored", 3)
    assert "cannot be looked for" in verdict["reason"] and "mount it" in verdict["help"]


def test_what_is_to_be_cached_may_not_lie_outside(world: World) -> None:
    text = world.read("dvc.yaml")
    world.put({"dvc.yaml": text.replace("out.txt: {cache: false}", "out.txt: {cache: true}")})
    try:
        verdict = world.check()
    finally:
        world.put({"dvc.yaml": text})
    assert failing(verdict) == {"outside"}
    assert "`cache: false`" in str(verdict["findings"])
