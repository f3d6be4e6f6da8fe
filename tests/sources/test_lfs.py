"""What Git LFS keeps: the gates judge the bytes, never the pointer that stands for them."""

from __future__ import annotations

import hashlib
import json
import pickle
from typing import Any

import pytest
from projects import Ended, Project

ARTIFACT = '[gates.artifact]\npath = "model.pkl"\n'


class _Opens:
    """Harmless to load, and still what no scan may let through."""

    def __reduce__(self) -> Any:
        return print, ("loaded",)


def put_lfs(project: Project, path: str, content: bytes, *, here: bool = True) -> None:
    """Commit a pointer; the bytes lie in git's folder, as `git lfs` puts them, if `here`."""
    oid = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"
    project.put({path: pointer})
    if here:
        held = project.folder / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid
        held.parent.mkdir(parents=True, exist_ok=True)
        held.write_bytes(content)


def found(ended: Ended, gate: str) -> Any:
    (verdict,) = [v for v in json.loads(ended.out)["verdicts"] if v["gate"] == gate]
    return verdict


def judged(project: Project, gate: str, *more: str) -> Any:
    return found(project.run("check", "--format", "json", "--gate", gate, *more), gate)


def test_a_pointer_alone_is_not_judged(project: Project) -> None:
    put_lfs(project, "model.pkl", pickle.dumps({}), here=False)
    project.put({"mlgate.toml": ARTIFACT}).commit()
    verdict = judged(project, "artifact")
    assert verdict["outcome"] == "errored"
    assert verdict["reason"] == "of model.pkl only its Git LFS pointer is here"
    assert verdict["help"] == "git lfs pull --include model.pkl"


@pytest.mark.parametrize("damaged", [slice(-1), slice(None, None, -1)], ids=["short", "other"])
def test_a_damaged_object_is_not_judged(project: Project, damaged: slice) -> None:
    content = b"text of a model card\n" * 9
    put_lfs(project, "model.pkl", content)
    oid = hashlib.sha256(content).hexdigest()
    (project.folder / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid).write_bytes(content[damaged])
    project.put({"mlgate.toml": ARTIFACT}).commit()
    verdict = judged(project, "artifact")
    assert verdict["outcome"] == "errored"
    assert "git lfs pull --include model.pkl" in verdict["help"]


@pytest.mark.parametrize(("model", "outcome"), [({"a": 1}, "passed"), (_Opens(), "failed")])
def test_the_bytes_behind_a_pointer_are_scanned(
    project: Project, model: object, outcome: str
) -> None:
    content = pickle.dumps(model)
    put_lfs(project, "model.pkl", content)
    project.put({"mlgate.toml": ARTIFACT}).commit()
    verdict = judged(project, "artifact")
    assert verdict["outcome"] == outcome
    said = [one["message"] for one in verdict["findings"] if one["rule"] == "artifact/digest"]
    assert said == [f"sha256:{hashlib.sha256(content).hexdigest()}"]


def test_a_text_that_is_nearly_a_pointer_is_scanned_itself(project: Project) -> None:
    project.put({"model.pkl": "version https://git-lfs.github.com/spec/v1\nand more\n"})
    project.put({"mlgate.toml": ARTIFACT}).commit()
    assert "harmless: text" in str(judged(project, "artifact")["findings"])


def test_tables_are_read_behind_pointers(project: Project) -> None:
    put_lfs(project, "train.csv", b"id,age\n1,30\n2,-4\n")
    policy = '[gates.data]\ntable = "train.csv"\ncolumns = { age = { between = [0, 120] } }\n'
    project.put({"mlgate.toml": policy}).commit()
    verdict = judged(project, "data")
    assert verdict["outcome"] == "failed"
    (one,) = [one for one in verdict["findings"] if one["result"] == "fail"]
    assert "age" in one["message"]


def test_predictions_and_their_baseline_are_read_behind_pointers(project: Project) -> None:
    def predicted(wrong: int) -> bytes:
        rows = (f"{i},{i % 2},{(i % 2) ^ (i < wrong)}\n" for i in range(2000))
        return ("id,label,prediction\n" + "".join(rows)).encode()

    put_lfs(project, "predictions.csv", predicted(100))
    rule = 'require = [{ metric = "accuracy", max_drop = 0.01 }]\n'
    table = (
        'kind = "model"\npredictions = "predictions.csv"\nid = "id"\nprediction = "prediction"\n'
    )
    project.put({"mlgate.toml": f"[gates.model]\n{table}{rule}"}).commit()
    project.git("checkout", "-q", "-b", "topic")
    put_lfs(project, "predictions.csv", predicted(400))
    project.commit()
    verdict = judged(project, "model", "--base", "main")
    assert verdict["outcome"] == "failed", verdict
    assert any("accuracy" in one["message"] for one in verdict["findings"])
