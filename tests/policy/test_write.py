from __future__ import annotations

import tomllib
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.gate import Detected
from mlgate.policy.adopt import adopt, detected
from mlgate.policy.check import validate
from mlgate.policy.write import written

from .fakes import OPTIONS, fake_load, policy

FOUND = {
    "format": Detected(evidence=".pre-commit-config.yaml: black 24.1.0"),
    "lint": Detected(
        evidence="setup.cfg: [flake8]",
        options={"tool": "flake8", "plugins": ["flake8-bugbear", "pep8-naming"]},
        comments=('version = "7.1.0"', "args = []\nwhere = 'ci'"),
        blocking=False,
    ),
    "data": Detected(
        evidence="data/train.parquet.dvc",
        name="train-data",
        options={"table": "data/train.parquet", "columns": {"a.b": {"nulls": {"max": 0.5}}}},
        comments=("unique = ['id']",),
    ),
}


def test_what_is_written_loads_and_checks():
    text = written(FOUND, list(OPTIONS), exclude=("vendor/",), new_only=True, load=fake_load)
    found = policy(text)
    assert validate(found, fake_load).keys() == {"format", "lint", "train-data"}
    gates = {gate.name: gate for gate in found.gates}
    assert gates["lint"].blocking is False and gates["format"].blocking is None
    assert gates["lint"].options == FOUND["lint"].options
    assert gates["train-data"].kind == "data"
    assert gates["train-data"].options == FOUND["data"].options
    assert found.exclude == ("vendor/",) and found.new_only is True
    assert max(map(len, text.splitlines())) <= 100


def test_what_is_commented_out_is_right_too():
    text = written(FOUND, list(OPTIONS), load=fake_load)
    lines = [line.removeprefix("# ") for line in text.splitlines()]
    kept = [line for line in lines if line.startswith(("[", "}")) or " = " in line]
    top = [line for line in kept if line.startswith(("exclude", "new_only", "projects"))]
    rest = [line for line in kept if line not in top and not line.startswith("extends")]
    found = policy("\n".join([*top, *rest]))
    assert {gate.name for gate in found.gates} >= {"tests", "security", "lint", "model"}
    assert found.waivers and found.models and found.protect.signers and found.projects
    lint = next(gate for gate in found.gates if gate.name == "lint")
    assert lint.options["version"] == "7.1.0" and lint.where == "ci"
    data = next(gate for gate in found.gates if gate.name == "train-data")
    assert data.options["unique"] == ["id"]


def test_says_what_each_gate_is_for():
    text = written({}, ["lint", "data"], load=fake_load)
    assert "# [gates.lint]             # What lint is for." in text
    assert tomllib.loads(text) == {}


@given(st.text(), st.text(), st.text(st.characters(exclude_categories=["Cs"])))
def test_text_from_the_repository_cannot_break_out(evidence, comment, value):
    one = Detected(evidence=evidence, comments=(comment,), options={"value": value})
    text = written({"lint": one}, load=fake_load)
    assert tomllib.loads(text) == {"gates": {"lint": {"value": value}}}
    assert "\x1b" not in text


def context(kind: str) -> SimpleNamespace:
    return SimpleNamespace(kind=kind)


def test_adopts_what_gates_detect():
    found = adopt(context, ["format", "lint"], fake_load)
    (gate,) = found.gates
    assert (gate.name, gate.kind, gate.named) == ("lint", "lint", False)
    assert gate.evidence == "setup.cfg: [flake8]" and gate.options == {"args": ["--jobs=1"]}
    assert gate.blocking is True and found.source is None and found.notes == ()
    assert found.digest != adopt(context, ["format"], fake_load).digest
    assert validate(found, fake_load)


class Strange(Struct, forbid_unknown_fields=True):
    x: int = 0


def test_what_cannot_be_adopted_is_a_note():
    def unreadable(ctx: object) -> Detected:
        raise GateError("setup.cfg cannot be read")

    gates = {
        "a": SimpleNamespace(Options=Strange, detect=unreadable),
        "b": SimpleNamespace(
            Options=Strange, detect=lambda ctx: Detected(evidence="e", options={"y": 1})
        ),
        "c": SimpleNamespace(
            Options=Strange,
            detect=lambda ctx: Detected(
                evidence="e", options={"x": 2, "exclude": ["old/"]}, blocking=False, name="own"
            ),
        ),
        "d": SimpleNamespace(Options=Strange),
    }
    found, notes = detected(context, gates, lambda folder, name: gates[name])
    assert list(found) == ["c"]
    assert notes[0] == "a was not adopted: setup.cfg cannot be read"
    assert notes[1].startswith("b was not adopted: ") and "`y`" in notes[1]
    (gate,) = adopt(context, gates, lambda folder, name: gates[name]).gates
    assert (gate.name, gate.kind, gate.blocking) == ("own", "c", False)
    assert gate.exclude == ("old/",) and gate.options == {"x": 2}
