"""What a record rests on is in it, whole."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

import mlgate
from mlgate import testing
from mlgate.cli import _promotion
from mlgate.gates import artifact
from mlgate.promotion import elsewhere, evidence
from mlgate.sources import mlflow
from mlgate.sources._place import Source

if TYPE_CHECKING:
    from model_house import House

    from mlgate.core.report import Report

_GATES = """
[gates.format]
tool = "black"
stages = ["promote"]
[gates.quality]
kind = "model"
metrics = "metrics.json"
stages = ["promote"]
[[gates.quality.require]]
value = "accuracy"
min = 0.8
[gates.rows]
kind = "data"
table = "{table}"
stages = ["promote"]
rows = {{ min = 2 }}
"""


def _statement(house: House, number: int = -1) -> dict[str, Any]:
    told = house.run("history", "churn", "--format", "json")
    return dict(json.loads(told.out)[number]["statement"])


def test_a_record_says_what_it_rests_on(house: House) -> None:
    table = b"id,x\n1,2\n2,3\n"
    digest = hashlib.md5(table, usedforsecurity=False).hexdigest()
    house.policy("approvals = 1", _GATES.format(table="data/test.csv"))
    house.put({"a.py": "A = 1\n", ".gitignore": "data/test.csv\n", ".dvc/config": ""})
    pointer = f"outs:\n- md5: {digest}\n  size: {len(table)}\n  hash: md5\n  path: test.csv\n"
    house.put({"data/test.csv.dvc": pointer, "data/test.csv": table})
    house.model("one")
    tip = house.head()
    assert house.with_key("approve", "churn", "--reason", "seen", key="ann").code == 0
    told = house.promote("--first", "--reason", "launch")
    assert told.code == 0, told.out + told.err
    statement = _statement(house)
    act = statement["predicate"]
    weights = hashlib.sha256(b"one").hexdigest()
    assert statement["subject"] == [{"name": "models/churn.bin", "digest": {"sha256": weights}}]
    assert (act["commit"], act["base"], act["dirty"]) == (tip, tip, False)
    assert act["versions"] == {"data/test.csv": f"md5:{digest}"}
    metrics = house.git("rev-parse", "HEAD:metrics.json").strip()
    assert act["tests"] == {"data/test.csv": f"md5:{digest}", "metrics.json": f"git:{metrics}"}
    assert (act["mlgate"], act["by"], act["reason"]) == (mlgate.__version__, "ci", "launch")
    assert act["tools"]["black"]
    assert len(act["policy"]) == 64
    assert act["time"].endswith(("Z", "+00:00"))
    gates = {one["gate"]: one for one in act["gates"]}
    assert {one["outcome"] for one in gates.values()} == {"passed"}
    (accuracy,) = gates["quality"]["measurements"]
    assert (accuracy["value"], accuracy["at_least"]) == (0.9, 0.8)
    assert gates["rows"]["measurements"][0]["value"] == 2
    (approval,) = act["approvals"]
    assert (approval["who"].split()[0], approval["reason"]) == ("keys/ann.pub", "seen")
    assert len(approval["envelope"]) == 64


def test_each_record_names_the_one_before(house: House) -> None:
    house.policy("gates = []").model("one")
    assert house.promote("--first").code == 0
    house.model("two")
    assert house.promote().code == 0
    first, second = json.loads(house.run("history", "churn", "--format", "json").out)
    assert first["statement"]["predicate"]["previous"] is None
    assert second["statement"]["predicate"]["previous"] == first["digest"]


def test_what_lies_beside_the_commit_makes_it_dirty(in_folder: House) -> None:
    house = in_folder
    house.policy("", _GATES.format(table="data/test.csv")).put({".gitignore": "data/\n"})
    house.put({"a.py": "A = 1\n", "data/test.csv": b"id,x\n1,2\n2,3\n"}).model("one")
    told = house.promote("--first")
    assert told.code == 0, told.out + told.err
    act = _statement(house)["predicate"]
    digest = hashlib.sha256(b"id,x\n1,2\n2,3\n").hexdigest()
    assert act["tests"]["data/test.csv"] == f"sha256:{digest}, not in the commit"
    assert act["dirty"] is True


def test_a_pattern_and_a_folder_have_a_digest_of_all_their_files(in_folder: House) -> None:
    house = in_folder
    house.put({"a.py": "A = 1\n"})
    house.put({f"data/{n}.csv": f"id,x\n{n},2\n" for n in range(3)})
    house.policy("", _GATES.format(table="data/*.csv")).model("one")
    assert house.promote("--first").code == 0
    first = _statement(house)["predicate"]["tests"]["data/*.csv"]
    assert first.startswith("sha256:") and first.endswith(" of 3 files")
    house.put({"data/2.csv": "id,x\n7,7\n"}).model("two")
    assert house.promote().code == 0
    assert _statement(house)["predicate"]["tests"]["data/*.csv"] != first


def test_the_same_files_lie_anywhere_and_under_the_same_names() -> None:
    proven = {"models/a/x": "1", "models/b": "2"}
    assert evidence.same(proven, {"/delivered/a/x": "1", "/delivered/b": "2"})
    assert evidence.same({"models/churn.bin": "1"}, {"elsewhere.bin": "1"})
    for other in ({"a/x": "2", "b": "1"}, {"a/x": "1"}, {"a/x": "1", "c": "2"}, {}):
        assert not evidence.same(proven, other)


_SAFE = """
[gates.safe]
kind = "artifact"
path = "models"
stages = ["promote"]
"""


def _judged_then(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Report], Report | None]
) -> None:
    """What somebody does once the gates have judged."""
    real = _promotion.judge

    def judge(house: Any, plan: Any) -> Any:
        report = real(house, plan)
        assert report is not None
        return change(report) or report

    monkeypatch.setattr(_promotion, "judge", judge)


def test_a_gate_that_read_other_bytes_proves_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the model had been swapped between the gate and the record."""
    house.policy("", _SAFE).model("one")

    def read_other(report: Report) -> Report:
        (verdict,) = report.verdicts
        found = [replace(one, message="sha256:00") if one.rule == "artifact/digest" else one
                 for one in verdict.findings]  # fmt: skip
        return replace(report, verdicts=(replace(verdict, findings=tuple(found)),))

    with monkeypatch.context() as patch:
        _judged_then(patch, read_other)
        told = house.promote("--first")
    words = "swapped model: a gate read other bytes of models/churn.bin"
    assert (told.code, words in told.err) == (1, True), told.err
    assert house.promote("--first").code == 0
    (gate,) = _statement(house)["predicate"]["gates"]
    assert f"sha256:{hashlib.sha256(b'one').hexdigest()}" in gate["said"]


def test_a_model_that_is_swapped_after_the_gates_is_not_registered(
    in_folder: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = in_folder.policy("", _SAFE).model("one")

    def swap(_: Report) -> None:
        house.put({"models/churn.bin": "malware"})

    _judged_then(monkeypatch, swap)
    told = house.promote("--first")
    assert (told.code, "swapped model: models/churn.bin was changed" in told.err) == (3, True)
    assert "no record of churn yet" in house.run("history", "churn").out


_COMPARED = """
[gates.quality]
kind = "model"
metrics = "metrics.json"
baseline = "{baseline}"
stages = ["promote"]
[[gates.quality.require]]
value = "accuracy"
max_drop = 0.1
"""


@pytest.mark.parametrize("baseline", ["git:before", "dvc:before", "registry:churn@production"])
def test_a_baseline_of_another_commit_leaves_which_one(in_folder: House, baseline: str) -> None:
    house = in_folder.policy("gates = []").model("one")
    house.git("tag", "before")
    before = house.head()
    assert house.promote("--first").code == 0
    house.policy("", _COMPARED.format(baseline=baseline)).model("two")
    told = house.promote()
    assert told.code == 0, told.out + told.err
    assert _statement(house)["predicate"]["tests"][baseline] == f"git:{before} of a commit"


@pytest.mark.parametrize(
    ("options", "word", "asked"),
    [
        ({"predictions": "eval/p.csv"}, "mlflow:churn@best", ("churn@best", "eval/p.csv", False)),
        ({"predictions": "eval/p.csv"}, "mlflow:run1:q.csv", ("run1", "q.csv", False)),
        ({"predictions": "mlflow:run2:p.csv"}, "mlflow:run1", ("run1", "p.csv", False)),
        ({"metrics": "mlflow:run2"}, "mlflow:run1", ("run1", "", True)),
        ({"metrics": "m.json"}, "mlflow:run1", ("run1", "m.json", True)),
    ],
)
def test_what_mlflow_logged_leaves_its_digest(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, str],
    word: str,
    asked: tuple[str, str, bool],
) -> None:
    (tmp_path / "logged").write_text("numbers")

    def fetch(_: Any, where: str, path: str, *, metrics: bool) -> Source:
        assert (where, path, metrics) == asked
        return Source(path=str(tmp_path / "logged"), digest="own", origin="a run")

    monkeypatch.setattr(mlflow, "fetch", fetch)
    ctx = testing.context(artifact, tmp_path, options={"path": "m"})
    digest = hashlib.sha256(b"numbers").hexdigest()
    assert elsewhere.digest(ctx, options, word) == f"sha256:{digest}"


def test_what_is_not_there_yet_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: Any, **__: Any) -> Source:
        raise mlflow.NotThere("nobody logged it", "log it")

    monkeypatch.setattr(mlflow, "fetch", fetch)
    ctx = testing.context(artifact, tmp_path, options={"path": "m"})
    for word in ("mlflow:churn@best", "git:none", "plain text", "of: another meaning", "mlflow:"):
        assert elsewhere.digest(ctx, {"predictions": "p.csv"}, word) is None


def test_a_folder_beside_the_commit_leaves_its_digest(tmp_path: Path) -> None:
    for name, content in {"one.csv": "1", "two.csv": "2"}.items():
        (tmp_path / "work/eval").mkdir(parents=True, exist_ok=True)
        (tmp_path / "work/eval" / name).write_text(content)
    (tmp_path / "commit").mkdir()
    ctx = testing.context(artifact, tmp_path / "commit", options={"path": "m"},
                          work=tmp_path / "work")  # fmt: skip
    first = evidence._tested(ctx, {}, "eval")
    assert first is not None
    assert first.endswith(" of 2 files, not in the commit")
    (tmp_path / "work/eval/two.csv").write_text("3")
    assert evidence._tested(ctx, {}, "eval") not in (None, first)
    for outside in (".", "", "..", "/tmp", "none", "eval/../eval"):
        assert evidence._tested(ctx, {}, outside) is None


_EVALUATED = """
[gates.quality]
kind = "model"
predictions = "p.csv"
id = "id"
prediction = "prediction"
model = "models/churn.bin"
evaluate = {{ run = ["{python}", "say.py", "{{model}}", "{{predictions}}"], inputs = ["say.py"] }}
stages = ["promote"]
[[gates.quality.require]]
metric = "accuracy"
min = 0.5
max_drop = 0.5
"""
_SAY = """\
import pathlib, sys
wrong = len(pathlib.Path(sys.argv[1]).read_text())
lines = [f"{i},{i % 2},{i % 2 ^ (i < wrong)}" for i in range(200)]
pathlib.Path(sys.argv[2]).write_text("\\n".join(["id,label,prediction", *lines, ""]))
"""


def test_predictions_that_evaluate_made_leave_their_digest(in_folder: House) -> None:
    """And no file that lies where others expect them, of another model perhaps."""

    def digest(wrong: int) -> str:
        lines = [f"{i},{i % 2},{i % 2 ^ (i < wrong)}" for i in range(200)]
        told = "\n".join(["id,label,prediction", *lines, ""]).encode()
        return f"sha256:{hashlib.sha256(told).hexdigest()}"

    house = in_folder
    house.policy("", _EVALUATED.format(python=sys.executable))
    house.put({"say.py": _SAY, ".gitignore": "p.csv\n", "p.csv": "left over\n"}).model("one")
    told = house.promote("--first")
    assert told.code == 0, told.out + told.err
    act = _statement(house)["predicate"]
    assert act["tests"]["p.csv"] == f"{digest(3)}, evaluated"
    assert act["dirty"] is False
    told = house.model("second").promote()
    assert told.code == 0, told.out + told.err
    (gate,) = _statement(house)["predicate"]["gates"]
    assert f"{digest(6)} of p.csv (evaluated)" in gate["said"]
    assert f"{digest(3)} of p.csv at production (evaluated)" in gate["said"]
