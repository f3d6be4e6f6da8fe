"""A baseline that an alias of a registry names: what stands in production, not what is merged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from projects import Project

from mlgate.signing import keys

_POLICY = """
[models.churn]
registry = "folder:../registry"
path = "model.bin"
signers = ["ci.pub"]
gates = []

[gates.quality]
kind = "model"
metrics = "metrics.json"
baseline = "registry:{where}"
[[gates.quality.require]]
value = "accuracy"
max_drop = 0.01
"""


class Release:
    """A project whose production is older than its main branch."""

    def __init__(self, folder: Path) -> None:
        self.project = Project(folder / "work")
        self.key = str(folder / "ci")
        keys.make(self.key, "ci", None)
        self.project.put({"ci.pub": (folder / "ci.pub").read_bytes()})

    def evaluated(self, accuracy: float, where: str = "churn@production") -> None:
        """Commit a model of that accuracy."""
        numbers = json.dumps({"accuracy": accuracy})
        policy = _POLICY.format(where=where)
        self.project.put({"model.bin": numbers, "metrics.json": numbers, "mlgate.toml": policy})
        self.project.commit()

    def promoted(self) -> None:
        argv = ("promote", "churn", "--to", "production", "--first", "--key", self.key)
        told = self.project.run(*argv)
        assert told.code == 0, told.err

    def checked(self) -> tuple[int, str]:
        told = self.project.run("check", "--gate", "quality", "--base", "HEAD")
        return told.code, told.out + told.err


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return Release(tmp_path)


def test_what_the_alias_holds_is_the_baseline(release: Release) -> None:
    release.evaluated(0.9)
    release.promoted()
    release.evaluated(0.7)
    code, said = release.checked()
    assert (code, "0.9" in said) == (1, True), said
    release.evaluated(0.895)
    code, said = release.checked()
    assert code == 0, said


def test_an_alias_that_holds_nothing(release: Release) -> None:
    release.evaluated(0.9)
    code, said = release.checked()
    assert (code, "churn@production holds nothing" in said) == (0, True), said
    assert "not compared: accuracy" in " ".join(said.split())


def test_a_model_that_the_policy_does_not_know(release: Release) -> None:
    release.evaluated(0.9, "fraud@production")
    code, said = release.checked()
    assert (code, "knows no model fraud" in said) == (3, True), said


def test_a_baseline_is_of_a_known_kind(release: Release) -> None:
    release.evaluated(0.9)
    path = release.project.folder / "mlgate.toml"
    path.write_text(path.read_text().replace('"registry:', '"mlflaw:'))
    code, said = release.checked()
    assert (code, "`registry:MODEL@ALIAS`" in said) == (2, True), said
