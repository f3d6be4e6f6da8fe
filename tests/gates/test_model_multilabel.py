"""Task `multilabel`: lists of classes in JSON lines and Parquet, floors of a class, bad lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import pytest
from sklearn.metrics import f1_score, jaccard_score
from test_model_rest import judged, of, worker

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.gates import model

CLASSES = np.array(["art", "news", "sport"])
TOLD = {"task": "multilabel", "id": "id", "label": "labels", "prediction": "found"}


def drawn(rows: int = 400, wrong: float = 0.1, seed: int = 4) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    label = rng.random((rows, 3)) < (0.5, 0.3, 0.2)
    return label, label ^ (np.random.default_rng(seed + 1).random((rows, 3)) < wrong)


def lines(label: Any, predicted: Any, **changed: Any) -> str:
    rows = [
        {"id": at, "labels": CLASSES[own].tolist(), "found": CLASSES[told].tolist()}
        for at, (own, told) in enumerate(zip(label, predicted, strict=True))
    ]
    rows[7] |= changed
    return "\n".join(map(json.dumps, rows)) + "\n"


def said(folder: Path, new: str, old: str | None, *rules: Any, **more: Any) -> list[Finding]:
    return judged(folder, "p.jsonl", new, old, **(TOLD | {"require": list(rules)} | more))


def test_a_gate_on_lists(tmp_path: Path) -> None:
    label, found = drawn()
    _, worse = drawn(wrong=0.2)
    rules = [
        {"metric": "f1", "average": "samples", "min": 0.5},
        {"metric": "jaccard", "max_drop": 0.02},
        {"metric": "hamming_loss", "max": 0.15},
        {"metric": "accuracy", "max_drop": 0.02},
    ]
    passed = said(tmp_path, lines(label, found), lines(label, worse), *rules)
    assert {one.result.value for one in passed if one.measurement} == {"pass"}
    values = {one.measurement.name: one.measurement.value for one in passed if one.measurement}
    f1 = f1_score(label, found, average="samples", zero_division=0)
    assert values["f1 samples"] == pytest.approx(f1, abs=1e-9)
    assert values["hamming_loss"] == pytest.approx((label != found).mean(), abs=1e-9)
    gain = [jaccard_score(label, one, average="samples", zero_division=0) for one in (found, worse)]
    assert values["jaccard gain"] == pytest.approx(gain[0] - gain[1], abs=1e-9)
    assert values["accuracy gain"] == pytest.approx(
        (label == found).all(1).mean() - (label == worse).all(1).mean(), abs=1e-9
    )
    failed = said(tmp_path, lines(label, worse), lines(label, found), *rules[1:2])
    assert of(failed, "max-drop")[0].result.value == "fail"


def test_lists_in_parquet_are_those_in_json(tmp_path: Path) -> None:
    label, found = drawn()
    rule = {"metric": "recall", "average": "micro", "min": 0.5}
    (json_,) = of(said(tmp_path, lines(label, found), None, rule), "min")
    source, target = tmp_path / "head" / "p.jsonl", tmp_path / "head" / "p.parquet"
    duckdb.sql(f"COPY (SELECT * FROM '{source}') TO '{target}'")
    options = TOLD | {"predictions": "p.parquet", "require": [rule]}
    ctx = testing.context(
        model, tmp_path / "head", kind="model", options=options, base=None, worker=worker
    )
    (parquet,) = of([one for one in model.check(ctx, ()) if isinstance(one, Finding)], "min")
    assert parquet.measurement == json_.measurement
    ours = json_.measurement
    assert ours and ours.value == pytest.approx((label & found).sum() / label.sum(), abs=1e-9)


def test_a_floor_of_one_class_and_slices(tmp_path: Path) -> None:
    label, found = drawn()
    found[:, 2] &= np.arange(400) % 2 == 0
    rules = [{"metric": "recall", "of_class": str(name), "min": 0.7} for name in CLASSES]
    told = of(said(tmp_path, lines(label, found), None, *rules), "min")
    results = {one.measurement.name: one.result.value for one in told if one.measurement}
    assert results == {"recall of art": "pass", "recall of news": "pass", "recall of sport": "fail"}
    label[:, 2] = np.arange(400) < 20
    (few,) = of(said(tmp_path, lines(label, found), None, rules[2]), "min")
    assert few.result.value == "open" and "20 rows of the rarest class" in few.message
    gone = said(tmp_path, lines(label, found), None, {**rules[0], "of_class": "music"})
    assert any("no row is of the class music" in one.message for one in gone)


def test_scores_decide_where_no_prediction_is_given(tmp_path: Path) -> None:
    label, found = drawn()
    rows = [json.loads(line) for line in lines(label, found).splitlines()]
    for row, told in zip(rows, found, strict=True):
        row |= {f"p_{name}": 0.8 if one else 0.1 for name, one in zip(CLASSES, told, strict=True)}
    text = "\n".join(map(json.dumps, rows)) + "\n"
    rule = {"metric": "f1", "average": "macro", "min": 0.5}
    (listed,) = of(said(tmp_path, text, None, rule), "min")
    score = {str(name): f"p_{name}" for name in CLASSES}
    (scored,) = of(said(tmp_path, text, None, rule, prediction=None, score=score), "min")
    assert listed.measurement == scored.measurement


BAD: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no list": ({"found": None}, {}, "'found' holds no list in row 8"),
    "text": ({"labels": "art"}, {}, "'labels' holds no list in row 8"),
    "twice": ({"found": ["art", "art"]}, {}, "names 'art' twice in row 8"),
    "null": ({"labels": [None]}, {}, "names None in row 8"),
    "empty name": ({"labels": [""]}, {}, "names '' in row 8"),
    "numbers": ({"found": [1]}, {}, "classes are int and str"),
    "no class": (
        {"found": ["misc"]}, {"classes": ["art", "news", "sport"]},
        "holds 'misc' in 1 row, which is none of the classes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", BAD)
@pytest.mark.parametrize("side", ["candidate", "baseline"])
def test_bad_lists_are_refused(tmp_path: Path, which: str, side: str) -> None:
    changed, more, words = BAD[which]
    good, bad = lines(*drawn()), lines(*drawn(), **changed)
    if side == "baseline" and "labels" in changed:
        pytest.skip("the labels are the candidate's")
    both = (bad, good) if side == "candidate" else (good, bad)
    with pytest.raises(GateError, match=words):
        said(tmp_path, *both, {"metric": "accuracy", "max_drop": 0.1}, **more)


def test_lists_of_labels_that_differ_from_the_baselines_are_refused(tmp_path: Path) -> None:
    good = lines(*drawn())
    labels = json.loads(good.splitlines()[7])["labels"]
    rule = {"metric": "accuracy", "max_drop": 0.1}
    said(tmp_path, good, lines(*drawn(), labels=labels[::-1]), rule)
    with pytest.raises(GateError, match=r"1 row with another label .* such as id 7"):
        said(tmp_path, good, lines(*drawn(), labels=[*labels, "misc"]), rule)


def test_columns_without_lists_are_refused(tmp_path: Path) -> None:
    text = "id,labels,found\n" + "".join(f"{at},art,art\n" for at in range(60))
    options = TOLD | {"require": [{"metric": "accuracy", "min": 0.5}]}
    with pytest.raises(GateError, match="holds no lists of classes"):
        judged(tmp_path, "p.csv", text, None, **options)


@pytest.mark.parametrize(
    "rule",
    [
        {"metric": "f1", "average": "binary", "min": 0.5},
        {"metric": "accuracy", "of_class": "art", "min": 0.5},
        {"metric": "f1", "of_class": "misc", "min": 0.5},
        {"metric": "f1", "of_class": "art", "average": "micro", "min": 0.5},
        {"metric": "roc_auc", "min": 0.5},
    ],
)
def test_rules_that_mean_nothing(rule: dict[str, Any]) -> None:
    options = TOLD | {"predictions": "p.jsonl", "classes": ["art"], "require": [rule]}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(options, model.Options)
    other = options | {"task": "multiclass", "require": [{"metric": "f1", "average": "samples"}]}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(other, model.Options)
