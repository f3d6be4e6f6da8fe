"""What the README and the recipes tell to type works, in the order in which it stands there."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from test_examples import ROOT, Block, blocks, perform

from mlgate.signing import keys

if TYPE_CHECKING:
    from conftest import Project

_POLICY = """\
[models.churn]
registry = "folder:.mlgate/registry"
path = "models/churn.json"
gates = []
signers = ["keys/ci.pub"]
"""


def shown(part: str) -> list[Block]:
    """Blocks of the README that are run and hold `part`."""
    found = [block for block in blocks(ROOT / "README.md") if block.does and part in block.text]
    assert len(found) == 1, part
    return found


def test_every_command_is_run() -> None:
    text = [block for block in blocks(ROOT / "README.md") if block.language == "sh"]
    for block in text:
        runs = block.text.startswith("mlgate ")
        assert (block.does == "run") is runs, block.text


def test_the_command_line(project: Project) -> None:
    project.put({"a.py": "x = 1\n"}).commit()
    for block in shown("mlgate init"):
        perform(block, project.folder)
    assert (project.folder / "mlgate.toml").exists()


def test_models_and_data(project: Project) -> None:
    chance = random.Random(4)
    rows = [(n, chance.randint(0, 1), round(chance.random(), 3)) for n in range(200)]
    table = "".join(f"{n},{label},{score}\n" for n, label, score in rows)
    head = "customer,churned,p_churn\n"
    project.put({"old.csv": head + table, "new.csv": head + table, "data/train.csv": head + table})
    for block in [*shown("mlgate model compare"), *shown("mlgate data profile")]:
        perform(block, project.folder)


def test_promotion(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.make(str(tmp_path / "ci"), "ci", None)
    project.put({"mlgate.toml": _POLICY, ".gitignore": ".mlgate/\n", "models/churn.json": "[1]\n"})
    project.put({"keys/ci.pub": (tmp_path / "ci.pub").read_bytes()}).commit()
    monkeypatch.setenv("MLGATE_KEY", str(tmp_path / "ci"))
    first = Block("run", "0", "sh", "mlgate promote churn --to production --first\n")
    perform(first, project.folder)
    project.put({"models/churn.json": "[2]\n"}).commit()
    for block in shown("mlgate promote"):
        perform(block, project.folder)


def test_the_recipes(project: Project) -> None:
    done = [block for block in blocks(ROOT / "docs" / "recipes.md") if block.does]
    assert len(done) == 4
    for block in done:
        perform(block, project.folder)
