"""Whatever is done to a work tree: what we call changed is what `dvc data status` does."""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path

import pytest
from dvc_world import World, build, dvc_of_many

from mlgate import testing
from mlgate.core import parts
from mlgate.core.finding import Finding
from mlgate.repo import git, snapshots

pytestmark = pytest.mark.heavy

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


def _ours(world: World) -> set[str]:
    """Which outputs we find changed."""
    subject = snapshots.work_tree(git.find(str(world.project), os.environ))
    ctx = testing.context(
        GATE, world.project, kind="data-version", subject=subject, files=tuple(subject.files)
    )
    found = GATE.check(ctx, ())
    said = [f.message for f in found if isinstance(f, Finding) and f.rule.endswith("/changed")]
    return {re.split(r" (?:was|is) ", message)[0] for message in said}


def test_any_change_of_the_work_tree_is_seen_as_dvc_sees_it(tmp_path: Path) -> None:
    seed = build(tmp_path / "seed")
    worlds = [_disturbed(seed.copy(tmp_path / str(n)), n) for n in range(16)]
    answers = dvc_of_many(worlds, "data status --json")
    for n, (world, answer) in enumerate(zip(worlds, answers, strict=True)):
        uncommitted = json.loads(answer.out).get("uncommitted", {})
        theirs = {path.rstrip("/") for paths in uncommitted.values() for path in paths}
        assert _ours(world) == theirs & {"data/table.csv", "data/images"}, (n, answer.out)
