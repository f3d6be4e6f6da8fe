"""Models of a monorepo: each with the policy, the gates and the folder of its own project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from model_house import House

_QUALITY = """
[gates.quality]
kind = "model"
metrics = "ml/{0}/metrics.json"
stages = ["promote"]
[[gates.quality.require]]
value = "accuracy"
min = 0.8
"""
_CHURN = """
[models.churn]
registry = "{0}"
path = "ml/churn/model/churn.bin"
signers = ["keys/ci.pub"]
on_promote = [["touch", "deployed"]]

[gates.safe]
kind = "artifact"
path = "ml/churn/model"
stages = ["promote"]
"""
_ROOT = 'projects = ["ml/churn", "ml/fraud"]\n'


@pytest.fixture
def mono(house: House) -> House:
    """Two projects, of which only `churn` has a model; `fraud` would not pass."""
    house.put({"mlgate.toml": _ROOT, "ml/fraud/mlgate.toml": _QUALITY.format("fraud")})
    house.put({"ml/churn/mlgate.toml": _CHURN.format(house.registry) + _QUALITY.format("churn")})
    house.put({"ml/fraud/metrics.json": '{"accuracy": 0.1}'})
    return _trained(house, "one")


def _trained(house: House, content: str, accuracy: float = 0.9) -> House:
    metrics = json.dumps({"accuracy": accuracy})
    house.put({"ml/churn/model/churn.bin": content, "ml/churn/metrics.json": metrics})
    house.commit(content)
    return house


def test_a_model_of_a_project_is_judged_by_its_gates(mono: House) -> None:
    done = mono.promote("--first")
    assert done.code == 0, done.out + done.err
    assert ("churn/quality" in done.out, "fraud/quality" in done.out) == (True, False)
    moved, ran = json.loads(mono.run("history", "churn", "--format", "json").out)
    act = moved["statement"]["predicate"]
    assert [gate["gate"] for gate in act["gates"]] == ["churn/safe", "churn/quality"]
    assert [one["name"] for one in moved["statement"]["subject"]] == ["ml/churn/model/churn.bin"]
    assert ran["statement"]["predicate"]["command"]["exit_code"] == 0
    assert (mono.folder / "ml/churn/deployed").exists()

    below = mono.folder / "ml/churn"
    for what in ("churn@production", "model/churn.bin", "model"):
        proven = mono.run("verify", what, cwd=below)
        assert (proven.code, "churn@production is v" in proven.out) == (0, True), proven.err
    admitted = mono.run("admit", "churn@production", cwd=below)
    assert (admitted.code, "fraud/quality" in admitted.out) == (0, False), admitted.err


def test_from_the_projects_folder_nothing_differs(mono: House) -> None:
    below = mono.folder / "ml/churn"
    key = ("--key", str(mono.folder.parent / "ci"))
    asked = ("promote", "churn", "--to", "production", *key)
    assert mono.run(*asked, "--first", cwd=below).code == 0
    _trained(mono, "two")
    assert mono.run(*asked, cwd=below).code == 0
    assert mono.run("rollback", "churn@production", *key, cwd=below).code == 0
    assert mono.run("verify", "churn@production", cwd=below).code == 0
    (below / "model/churn.bin").write_text("malware")
    assert mono.run("verify", "model/churn.bin", cwd=below).code == 1


def test_a_project_that_does_not_pass_lets_nothing_through(mono: House) -> None:
    _trained(mono, "two", 0.1)
    told = mono.promote("--first")
    assert (told.code, "the gates do not let it through" in told.err) == (1, True), told.err


def test_a_gate_is_named_as_its_project_names_it(mono: House) -> None:
    policy = _CHURN.replace("signers", 'gates = ["safe"]\nsigners')
    mono.put({"ml/churn/mlgate.toml": policy.format(mono.registry) + _QUALITY.format("churn")})
    _trained(mono, "two", 0.1)
    done = mono.promote("--first")
    assert (done.code, "churn/quality" in done.out) == (0, False), done.out + done.err


def test_a_model_of_the_root_is_judged_by_the_project_that_it_lies_in(mono: House) -> None:
    head, _, gates = _CHURN.format(mono.registry).partition("[gates")
    mono.put({"mlgate.toml": _ROOT + head})
    mono.put({"ml/churn/mlgate.toml": f"[gates{gates}" + _QUALITY.format("churn")})
    _trained(mono, "two", 0.1)
    assert mono.promote("--first").code == 1
    _trained(mono, "three")
    done = mono.promote("--first")
    assert (done.code, "fraud/quality" in done.out) == (0, False), done.out + done.err


def test_gates_of_other_projects_alone_are_no_proof(mono: House) -> None:
    head = _CHURN.format(mono.registry).partition("[gates")[0]
    mono.put({"ml/churn/mlgate.toml": head, "ml/fraud/metrics.json": '{"accuracy": 1}'})
    _trained(mono, "two")
    told = mono.promote("--first")
    assert (told.code, "ml/churn has no gate of stage promote" in told.err) == (1, True), told.err


def test_a_name_means_one_model(mono: House) -> None:
    mono.put({"mlgate.toml": _ROOT + _CHURN.format(mono.registry).partition("[gates")[0]})
    mono.commit("twice")
    told = mono.promote("--first")
    assert (told.code, "has a model `churn`, too" in told.err) == (2, True), told.err


def test_a_policy_that_is_not_read_is_named(mono: House) -> None:
    mono.put({"mlgate.toml": 'projects = ["ml/fraud"]\n'})
    mono.commit("forgotten")
    told = mono.promote("--first")
    assert (told.code, 'projects = ["ml/churn"]' in told.err) == (2, True), told.err
