"""Whatever is done to a work tree: what we call changed is what `dvc data status` does."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from dvc_world import World, build, dvc_of_many

from mlgate import testing
from mlgate.core import parts
from mlgate.core.finding import Finding
from mlgate.repo import git, snapshots

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]

GATE = parts.load("gates", "data-version")
NAMES = ("a.txt", "deep/b.txt", "c.txt", "deep/deeper/d.txt", ".hidden", "skip/e.txt", "f.log",
         "g.tmp", "deep/f.log", "deep/h.tmp", "deep/skip/i.txt")  # fmt: skip
IGNORED = ("*.log\n", "skip/\n", "/data/images/c.txt\n", "", "*.txt\n!a.txt\n", "deep\n")


def _disturbed(world: World, seed: int) -> World:
    """Members added, changed, removed; the file, too; something may be ignored."""
    dice = random.Random(seed)
    for name in dice.sample(NAMES, dice.randint(0, 2)):
        path = world.project / "data" / "images" / name
        if path.exists() and dice.random() < 0.5:
            path.unlink()
        else:
            world.put({f"data/images/{name}": dice.choice(["first\n", "second\n", "other\n"])})
    if dice.random() < 0.4:
        world.put({"data/table.csv": dice.choice(["id,y\n1,0\n2,1\n", "id,y\n1,0\n2,0\n", ""])})
    place = dice.choice([".dvcignore", "data/.dvcignore"])  # DVC refuses them in tracked folders
    if dice.random() < 0.5:
        world.put({place: dice.choice(IGNORED)})
    return world


def _found(world: World) -> dict[str, set[str]]:
    """Rule to what its failing findings are about, asked from here."""
    subject = snapshots.work_tree(git.find(str(world.project), os.environ))
    ctx = testing.context(
        GATE, world.project, kind="data-version", subject=subject, files=tuple(subject.files)
    )
    found: dict[str, set[str]] = {}
    for f in GATE.check(ctx, ()):
        if isinstance(f, Finding) and f.result == "fail":
            what = re.split(r" (?:was|is) |: ", f.message)[0]
            found.setdefault(f.rule.partition("/")[2], set()).add(what)
    return found


def test_any_change_of_the_work_tree_is_seen_as_dvc_sees_it(tmp_path: Path) -> None:
    seed = build(tmp_path / "seed")
    worlds = [_disturbed(seed.copy(tmp_path / str(n)), n) for n in range(16)]
    answers = dvc_of_many(worlds, "data status --json")
    for n, (world, answer) in enumerate(zip(worlds, answers, strict=True)):
        uncommitted = json.loads(answer.out).get("uncommitted", {})
        theirs = {path.rstrip("/") for paths in uncommitted.values() for path in paths}
        assert _found(world).get("changed", set()) == theirs & {"data/table.csv", "data/images"}, (
            n,
            answer.out,
        )


def _put(world: World, dice: random.Random) -> None:
    world.put({f"data/images/{dice.choice(NAMES)}": dice.choice(["second\n", "new\n"])})


def _delete(world: World, dice: random.Random) -> None:
    (world.project / "data/images" / dice.choice(NAMES[:2])).unlink(missing_ok=True)


def _rename(world: World, dice: random.Random) -> None:
    folder = world.project / "data" / "images"
    known = sorted(path for path in folder.rglob("*") if path.is_file())
    dice.choice(known).rename(folder / "renamed.txt")


def _rows(world: World, dice: random.Random) -> None:
    world.put({"data/table.csv": f"id,y\n1,{dice.randint(0, 9)}\n"})


def _edit(world: World, dice: random.Random) -> None:
    file, text = dice.choice([
        ("params.yaml", "lr: 2e-3\nlayers: [8, 4]\nmode: on\n"), ("metrics.json", '{"rows": 7}'),
        ("params.yaml", "lr: 0.001\nlayers: [8, 5]\nmode: off\n"), ("train.py", "import json\n"),
        ("dvc.yaml", world.read("dvc.yaml").replace("train.py\n", "train.py -v\n", 1)),
    ])  # fmt: skip
    world.put({file: text})


def _lose(world: World, dice: random.Random) -> None:
    """The remote loses an object."""
    dice.choice(sorted(p for p in world.remote.rglob("*") if p.is_file())).unlink()


def _dvc(*commands: str) -> Callable[[World, random.Random], None]:
    def run(world: World, _dice: random.Random) -> None:
        world.dvc(*commands)

    return run


def _import(world: World, _dice: random.Random) -> None:
    source = World(world.folder / "source")
    if not source.folder.exists():
        world.copy(source.folder)
        world.dvc(f"import -q {source.project} data/table.csv -o imported.csv")


STEPS = (
    _put, _delete, _rename, _rows, _edit, _lose, _import,
    _dvc("add -q data/images data/table.csv"), _dvc("commit -q -f"), _dvc("repro -q"),
    _dvc("add -q data/images", "push -q"), _dvc("gc -q -w -f"), _dvc("gc -q -w -c -f"),
)  # fmt: skip


def test_whatever_was_done_we_find_what_dvc_finds(tmp_path: Path) -> None:
    """Added, changed, removed, renamed, committed, run, pushed, collected, lost, imported, in any
    order: what is changed, what the remote lacks, whether the stage is stale."""
    seed = build(tmp_path / "seed")
    seed.dvc("config core.analytics false")
    worlds = []
    for n in range(16):
        dice, world = random.Random(n), seed.copy(tmp_path / str(n))
        for step in (STEPS[n % len(STEPS)], *dice.choices(STEPS, k=2)):
            step(world, dice)
        worlds.append(world)
    data = dvc_of_many(worlds, "data status --json --not-in-remote --granular")
    stages = dvc_of_many(worlds, "status --json")
    for n, (world, one, other) in enumerate(zip(worlds, data, stages, strict=True)):
        answer, ours = json.loads(one.out), _found(world)
        uncommitted = [path for paths in answer.get("uncommitted", {}).values() for path in paths]
        assert ours.get("changed", set()) == _outputs(uncommitted), (n, ours, answer)
        lost = ours.get("not-in-remote", set()) | ours.get("members-missing", set())
        assert lost == _outputs(answer.get("not_in_remote", [])), (n, ours, answer)
        stale = ours.keys() & {"stale-lock", "edited-output"}
        touched = ours.get("changed", set()) & {"data/table.csv", "model.bin"}
        assert bool(stale or touched) == ("train" in json.loads(other.out)), (n, ours, other.out)


def _outputs(paths: Iterable[Any]) -> set[str]:
    """The outputs that these paths are, or lie in; what was renamed is told as old and new."""
    flat = [p for path in paths for p in (path.values() if isinstance(path, dict) else [path])]
    return {"data/images" if path.startswith("data/images") else path for path in flat}
