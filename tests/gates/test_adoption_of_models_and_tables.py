"""What `init` and a policy-less check make of model files and tables."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from projects import Project

from mlgate.core.gate import Detected
from mlgate.gates import artifact, data, model
from mlgate.testing import context

_REQUIRED: dict[Any, dict[str, Any]] = {
    artifact: {"path": "."},
    data: {"table": "."},
    model: {"metrics": ".", "require": [{"value": "f1", "min": 0}]},
}


def seen(gate: Any, folder: Path, *names: str) -> Detected | None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    found: Detected | None = gate.detect(context(gate, folder, options=_REQUIRED[gate]))
    if found is not None and found.active:
        msgspec.convert(found.options, gate.Options)
    return found


@pytest.mark.parametrize(
    ("files", "path"),
    [
        (["model.pkl"], "model.pkl"),
        (["models/a.pkl", "models/b.pkl"], "models/**/*.pkl"),
        (["a.pkl", "deep/er/b.pkl"], "**/*.pkl"),
        (["m/a.onnx", "m/b.pkl", "m/c.pkl"], "m/**/*.pkl"),
    ],
)
def test_model_files_in_git_are_suggested(tmp_path: Path, files: list[str], path: str) -> None:
    found = seen(artifact, tmp_path, "train.py", *files)
    assert found is not None
    assert (found.options, found.blocking, found.active) == ({"path": path}, False, True)


def test_a_repository_without_a_policy_has_them_scanned(project: Project) -> None:
    for name in ("a.pkl", "deep/er/b.pkl"):
        project.put({name: b"cposix\nsystem\n(S'true'\ntR."})
    project.commit()
    ended = project.run("check", "--format", "json", "--gate", "artifact")
    (verdict,) = json.loads(ended.out)["verdicts"]
    refused = {f["location"]["path"] for f in verdict["findings"] if f["result"] == "fail"}
    assert (refused, ended.code) == ({"a.pkl", "deep/er/b.pkl"}, 0)


def test_samples_of_tests_are_no_models(tmp_path: Path) -> None:
    assert seen(artifact, tmp_path, "tests/data/old.pkl", "lib/fixtures/x.pt", "notes.md") is None


def test_rows_that_are_pickled_are_no_models(tmp_path: Path) -> None:
    rows = ["X_test.pkl", "data/y_train.joblib", "data/raw/train.pkl", "datasets/val_df.pickle"]
    assert seen(artifact, tmp_path, *rows) is None
    out = "outs:\n- md5: 5d41402abc4b2a76b9719d911017c592\n  path: X_test.pkl\n"
    (tmp_path / "data" / "X_test.pkl.dvc").write_text(out)
    assert seen(artifact, tmp_path) is None
    found = seen(artifact, tmp_path, "models/train.pkl")
    assert found is not None and found.options == {"path": "models/train.pkl"}


def test_models_behind_pointers_wait(tmp_path: Path) -> None:
    out = "outs:\n- md5: 5d41402abc4b2a76b9719d911017c592\n  path: model.joblib\n"
    (tmp_path / "model.joblib.dvc").write_text(out)
    found = seen(artifact, tmp_path)
    assert found is not None
    assert not found.active
    assert 'path = "model.joblib"' in found.comments
    assert "dvc pull model.joblib" in found.evidence


@pytest.mark.parametrize(
    ("files", "table"),
    [
        (["a.csv", "data/train.parquet"], "data/train.parquet"),
        (["b.csv", "a.csv.gz"], "a.csv.gz"),
        (["metrics.csv", "dvclive/plots/x.tsv", "predictions.csv", "tests/t.csv"], None),
    ],
)
def test_a_table_waits_for_its_rules(tmp_path: Path, files: list[str], table: str | None) -> None:
    found = seen(data, tmp_path, *files)
    if table is None:
        assert found is None
    else:
        assert found is not None
        assert not found.active
        assert f'table = "{table}"' in found.comments
        assert f"mlgate data suggest {table}" in found.evidence


@pytest.mark.parametrize(
    ("name", "head", "said"),
    [
        ("predictions.csv", "id,label,p_score,score", 'score = "score"'),
        ("predictions.csv", "id,label,pred,score", 'prediction = "pred"'),
        ("predictions.tsv", "id\ty_true\tproba", 'score = "proba"'),
        ("predictions.jsonl", '{"uuid": 1, "y": 0, "probability": 0.5}', 'score = "probability"'),
        ("predictions.jsonl", "no JSON", 'prediction = "prediction"'),
    ],
)
def test_the_columns_of_a_table_of_predictions_are_named(
    tmp_path: Path, name: str, head: str, said: str
) -> None:
    rows = 2_000 + (not name.endswith(".jsonl"))
    (tmp_path / name).write_text(f"{head}\n" * rows)
    found = model.detect(context(model, tmp_path, options=_REQUIRED[model]))
    assert found is not None and said in found.comments
    assert any("what 2,000 rows can decide" in line for line in found.comments)
    assert any("max_drop = 0.02" in line for line in found.comments)


def test_metrics_that_are_proposed_hold_numbers(tmp_path: Path) -> None:
    configs = {"configs/eval.yaml": "lr: 0.1\n", "conf/m/metrics.json": '{"a": 1}',
               "eval.yaml": "defaults:\n- _self_\n- logger: null\n", "scores.json": "[",
               "src/metrics.yaml": "auc: .nan\n"}  # fmt: skip
    for name, text in configs.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert seen(model, tmp_path) is None
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "metrics.json").write_text('{"step": null, "test": {"auc": 0.9}}')
    found = seen(model, tmp_path)
    assert found is not None and 'metrics = "z/metrics.json"' in found.comments
    assert any('value = "test.auc"' in line for line in found.comments)


def test_a_first_number_that_is_a_loss_has_its_direction(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('{"val_loss": 0.3, "auc": 0.9}')
    found = seen(model, tmp_path)
    assert found is not None
    assert any('value = "val_loss", better = "lower", max_drop' in line for line in found.comments)


def test_numbers_that_say_nothing_of_a_model_are_not_proposed(tmp_path: Path) -> None:
    text = '{"epoch": 3.0, "train_runtime": 12.1, "eval_samples": 99, "eval_f1": 0.8}'
    (tmp_path / "all_results.json").write_text(text)
    found = seen(model, tmp_path)
    assert found is not None
    assert any('value = "eval_f1", max_drop' in line for line in found.comments)


@pytest.mark.parametrize("pulled", [True, False])
@pytest.mark.parametrize(
    "said",
    ["metrics: [out/m.json]", "stages: {e: {cmd: x, metrics: [{out/m.json: {cache: true}}]}}"],
)
def test_metrics_that_dvc_names_are_proposed(tmp_path: Path, said: str, pulled: bool) -> None:
    (tmp_path / "dvc.yaml").write_text(said)
    if pulled:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "m.json").write_text('{"test": {"avg_prec": 0.9}}')
    ctx = context(model, tmp_path, options=_REQUIRED[model])
    found = model.detect(ctx)
    assert found is not None and 'metrics = "out/m.json"' in found.comments
    name, note = ("test.avg_prec", "n = ROWS") if pulled else ("accuracy", "dvc pull out/m.json")
    assert any(f'value = "{name}"' in line and note in line for line in found.comments)


@pytest.mark.parametrize("said", ["[", "1", "metrics: {a: 1}", "metrics: [${a}/m.json, ../m.json]"])
def test_what_dvc_yaml_does_not_name_is_not_proposed(tmp_path: Path, said: str) -> None:
    (tmp_path / "dvc.yaml").write_text(said)
    assert seen(model, tmp_path) is None


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("first", ["", '"age, sex, class, fare"'])
def test_a_table_without_ids_is_paired_by_row(tmp_path: Path, mark: str, first: str) -> None:
    (tmp_path / "predictions.csv").write_text(mark.join([first, "actual", "predicted"]) + "\n")
    found = seen(model, tmp_path)
    assert found is not None
    assert {'label = "actual"', 'prediction = "predicted"'} <= set(found.comments)
    assert any(line.startswith("id = { row = true }") for line in found.comments)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("id,label,p_churn\n1,no,0.1\n2,yes,0.9\n", ['positive = "yes"', 'score = "p_churn"']),
        ("id,label,p_cat,p_dog\n1,cat,0.1,0.9\n2,dog,0.9,0.1\n", ['score = { cat = "p_cat", dog']),
        (
            "id,y,pred\n1,a,a\n2,b,b\n3,c d,c\n4,a,a\n",
            ['task = "multiclass"', 'prediction = "pred"'],
        ),
        ("id,y,proba_0,proba_1\n1,0,1,0\n2,1,0,1\n", ['score = { 0 = "proba_0", 1 = "proba_1" }']),
        ("id,y,pred\n1,0.5,0.4\n2,1.5,1.4\n", ['task = "regression"', "mean_absolute_error"]),
        ("id,y,pred\n1,0,1\n2,1,1\n", ['prediction = "pred"', "accuracy"]),
        ("id,y,pred\n1,1,1\n2,2,2\n", ["positive = 2  #"]),
        ("id,y,pred\n1,01,1\n2,02,2\n", ['positive = "02"']),
        ('id,y,pred\n1,"""a\n",1\n2,b,1\n3,c,1\n', ['prediction = "pred"']),
        ("id,pred\n1,0\n2,1\n", ["of another table: labels = FILE"]),
    ],
)
def test_what_labels_say_is_written_down(tmp_path: Path, rows: str, said: list[str]) -> None:
    (tmp_path / "predictions.csv").write_text(rows)
    found = seen(model, tmp_path)
    assert found is not None
    policy = tomllib.loads("\n".join(found.comments))
    msgspec.convert({key: policy[key] for key in policy if key != "kind"}, model.Options)
    for one in said:
        assert any(one in line for line in found.comments), found.comments
