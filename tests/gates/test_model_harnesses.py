"""Predictions and scores in the forms in which teams have them: evaluation harnesses' JSON, and CSV
as other programs write it."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates import _model_json, _model_read, _model_refused, model
from mlgate.gates._model_rule import Rule
from tests.gates.test_model_rest import judged, of, worker

MEAN = {"metric": "mean", "column": "grading.score", "max_drop": 0.1}
ROWS = [{"n": at, "grading": {"score": at % 2, "why": "so"}} for at in range(200)]
WORDS = {"metric": "share", "column": "scores.match.value", "filter": "== 'C'", "max_drop": 0.1}


def samples(*, without: int | None = None, wrong: int = 5) -> str:
    """Two epochs of each sample, judged by a letter, as Inspect's logs have them."""
    rows: list[dict[str, Any]] = [
        {"id": at // 2, "epoch": at % 2, "scores": {"match": {"value": "IC"[at % wrong > 0]}}}
        for at in range(300)
    ]
    if without is not None:
        rows[without]["scores"] = None
    return json.dumps({"status": "success", "samples": rows})


@pytest.mark.parametrize(
    ("name", "text", "more"),
    [
        ("r.json", json.dumps({"results": {"results": ROWS}}), {"records": "results.results"}),
        ("r.json", json.dumps({"parts": [{"rows": ROWS}]}), {"records": "parts.0.rows"}),
        ("r.json", "\ufeff" + json.dumps(ROWS), {}),
        ("r.json", "\n".join(map(json.dumps, ROWS)), {}),
        ("r.jsonl", "\n".join(map(json.dumps, ROWS)), {}),
        (
            "r.json",
            json.dumps(
                {"columns": ["n", "grading.score"], "data": [[one["n"], 1] for one in ROWS]}
            ),
            {},
        ),
        ("r.jsonl", "\n".join(json.dumps({"n": one["n"], "grading.score": 1}) for one in ROWS), {}),
    ],
)
@pytest.mark.parametrize("small", [True, False])
def test_fields_of_objects_are_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str,
    more: dict[str, Any], small: bool,
) -> None:  # fmt: skip
    if not small:
        monkeypatch.setattr(_model_read, "SMALL", 0)
    (tmp_path / name).write_text(text)
    place = {"path": name, "files": [str(tmp_path / name)], "suffix": Path(name).suffix, **more}
    found = _model_read.columns(place, ["n", "grading.score"])
    assert [len(column) for column in found.values()] == [200, 200]
    assert found["grading.score"].sum() in (100, 200)  # type: ignore[union-attr]  # numbers


def test_a_document_of_lists_is_read_by_places(tmp_path: Path) -> None:
    rows = [
        {"name": f"c{at}", "metrics": [{"score": 0.5}, {"score": at / 200}]} for at in range(60)
    ]
    rule = {"metric": "mean", "column": "metrics.1.score", "max": 0.9}
    found = judged(tmp_path, "r.json", json.dumps({"cases": rows}), None, id="name",
                   records="cases", require=[rule])  # fmt: skip
    assert of(found, "max")[0].result is Result.PASS


def test_shares_of_words_are_judged(tmp_path: Path) -> None:
    more = {"id": ["id", "epoch"], "cluster": "id", "records": "samples"}
    found = judged(tmp_path, "log.json", samples(wrong=3), samples(), **more, require=[WORDS])
    said = of(found, "max-drop")[0]
    assert said.measurement is not None
    assert said.measurement.value == pytest.approx((200 - 240) / 300)
    assert said.result is Result.FAIL
    other = WORDS | {"filter": '!= "I"'}
    again = of(judged(tmp_path, "log.json", samples(), None, **more, require=[WORDS, other]), "max")
    assert again == []


@pytest.mark.parametrize("invalid", [None, {"values": [""], "max_share": 0.05}])
def test_samples_without_a_word_are_named_or_left_out(
    tmp_path: Path, invalid: dict[str, Any] | None
) -> None:
    more: dict[str, Any] = {"id": ["id", "epoch"], "cluster": "id", "records": "samples"}
    asked = more | {"require": [WORDS | {"min": 0.5}]}
    if invalid is None:
        with pytest.raises(GateError, match="has 1 row without a word, first in row 11"):
            judged(tmp_path, "log.json", samples(without=10), samples(), **asked)
        return
    found = judged(tmp_path, "log.json", samples(without=10), samples(), **asked, invalid=invalid)
    assert of(found, "invalid")[0].result is Result.PASS
    assert of(found, "min")[0].result is Result.PASS
    assert of(found, "passed")[0].message.startswith("299 of 300 rows")


@pytest.mark.parametrize(
    ("column", "words", "hint"),
    [
        ("score", "no column 'score'", "did you mean 'grading.score'"),
        ("grading.scor", "no column 'grading.scor'", "did you mean 'grading.score'"),
        ("grading", "holds objects", "'grading.score', 'grading.why'"),
        ("grading.why", "holds text where numbers", "filter = \"== 'C'\""),
        ("q.9", "no column", "known: n, grading.score, grading.why"),
    ],
)
def test_what_is_there_is_named(tmp_path: Path, column: str, words: str, hint: str) -> None:
    rule = {"metric": "mean", "column": column, "min": 0.1}
    with pytest.raises(GateError, match=words) as raised:
        judged(tmp_path, "r.json", json.dumps(ROWS), None, id="n", require=[rule])
    assert hint in (raised.value.hint or "")


def test_the_array_is_named(tmp_path: Path) -> None:
    text = json.dumps({"config": {"tests": [{"a": 1}]}, "results": {"results": ROWS, "stats": {}}})
    for records in (None, "results", "results.rows"):
        with pytest.raises(GateError, match="holds no array of objects") as raised:
            judged(tmp_path, "r.json", text, None, id="n", require=[MEAN], records=records)
        assert 'records = "results.results"' in (raised.value.hint or "")


def test_numbers_compared_with_words_are_refused(tmp_path: Path) -> None:
    rule = WORDS | {"column": "grading.score", "min": 0.1}
    with pytest.raises(GateError, match="holds numbers, such as 0, and `filter` compares it"):
        judged(tmp_path, "r.json", json.dumps(ROWS), None, id="n", require=[rule])


def test_a_field_that_one_row_lacks_is_null_there(tmp_path: Path) -> None:
    rows = [*ROWS[:7], {"n": 7, "grading": {}}, *ROWS[8:]]
    with pytest.raises(
        GateError, match="has 1 value that is missing, NaN or infinite, first in row 8"
    ):
        judged(tmp_path, "r.json", json.dumps(rows), None, id="n", require=[MEAN | {"min": 0.1}])


def test_too_large_a_document_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_model_json, "LARGEST", 10)
    (tmp_path / "r.json").write_text(json.dumps(ROWS))
    place = {"path": "r.json", "files": [str(tmp_path / "r.json")]}
    with pytest.raises(_model_refused.Refused, match="larger than 1 GiB"):
        _model_json.read(place, ["n"], lines=False)


LABELLED = {"id": "id", "prediction": "said", "require": [{"metric": "accuracy", "min": 0.5}]}


def table(mark: str = ",") -> str:
    rows = ((at, at % 2, at % 2 if at % 9 else 0) for at in range(200))
    return "\n".join(mark.join(map(str, one)) for one in (("id", "label", "said"), *rows)) + "\n"


@pytest.mark.parametrize("mark", [";", "|", "\t"])
def test_columns_are_told_apart_as_the_first_line_does(tmp_path: Path, mark: str) -> None:
    found = judged(tmp_path, "p.csv", table(mark), table(mark), **LABELLED)
    assert of(found, "min")[0].result is Result.PASS


@pytest.mark.parametrize("name", ["p.csv.gz", "p.tsv.gz", "p.jsonl.gz"])
def test_compressed_tables_are_read(tmp_path: Path, name: str) -> None:
    text = table("\t" if ".tsv" in name else ",")
    if ".jsonl" in name:
        rows = [line.split(",") for line in text.splitlines()]
        text = "\n".join(
            json.dumps(dict(zip(rows[0], map(int, row), strict=True))) for row in rows[1:]
        )
    for part in ("head", "base"):
        (tmp_path / part).mkdir()
        (tmp_path / part / name).write_bytes(gzip.compress(text.encode()))
    ctx = testing.context(
        model, tmp_path / "head", kind="model", options={"predictions": name, **LABELLED},
        base=testing.FolderSnapshot(tmp_path / "base"), worker=worker,
    )  # fmt: skip
    found = [one for one in model.check(ctx, ()) if isinstance(one, Finding)]
    assert of(found, "min")[0].result is Result.PASS


def test_other_encodings_are_refused_with_what_to_write(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(table().replace("label", "größe").encode("latin-1"))
    place = {"path": "p.csv", "files": [str(tmp_path / "p.csv")], "suffix": ".csv"}
    with pytest.raises(_model_refused.Refused, match="is not UTF-8 at byte 5") as raised:
        _model_read.columns(place, ["id"])
    assert "write it as UTF-8" in (raised.value.hint or "")


def test_one_score_of_many_classes_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"{at},{('cat', 'dog', 'owl')[at % 3]},0.{at % 9}\n" for at in range(200))
    with pytest.raises(GateError, match="1 score column for 3 classes"):
        judged(tmp_path, "p.csv", f"id,label,p_cat\n{rows}", None, id="id", task="multiclass",
               score="p_cat", require=[{"metric": "accuracy", "min": 0.5}])  # fmt: skip


def test_thousands_of_classes_are_judged(tmp_path: Path) -> None:
    rng = random.Random(3)
    label = [rng.randrange(2_000) for _ in range(6_000)]
    text = "".join(f"{at},{one},{one if at % 3 else 0}\n" for at, one in enumerate(label))
    rules = [{"metric": name, "min": 0.5} for name in ("accuracy", "f1", "precision")]
    found = judged(tmp_path, "p.csv", f"id,label,said\n{text}", None, id="id", task="multiclass",
                   prediction="said", require=rules)  # fmt: skip
    assert of(found, "min")[0].result is Result.PASS


@pytest.mark.parametrize("name", ["word_perplexity,none", "bits_per_byte,none", "rmsle", "val.ppl"])
def test_what_is_better_is_told_by_names_of_harnesses(name: str) -> None:
    rule = {"value": f"results.wikitext.{name}", "max_drop": 0.1}
    with pytest.raises(msgspec.ValidationError, match="reads as if less of it were better"):
        msgspec.convert(rule, Rule)


def test_known_metrics_of_harnesses_have_their_direction(tmp_path: Path) -> None:
    text = '{"results": {"t": {"brier_score,none": 0.%s}}}'
    rule = {"value": "results.*.brier_score,none", "max_drop": 0.05}
    found = judged(tmp_path, "m.json", text % 4, text % 2, numbers=True, require=[rule])
    assert of(found, "max-drop")[0].result is Result.FAIL


def test_what_is_not_judged_says_what_to_do(tmp_path: Path) -> None:
    text = "id,score\n" + "".join(f"{at},{at % 7}\n" for at in range(200))
    rule = {"metric": "mean", "column": "score", "max_drop": 0.1}
    found = judged(tmp_path, "s.csv", text.replace("\n8,1", "\n8,5"), text, id="id", require=[rule])
    said = of(found, "max-drop")[0]
    assert said.result is Result.OPEN
    assert said.help is not None and said.help.startswith("judge more rows")


@pytest.mark.parametrize(
    ("values", "words"),
    [(["", ""], "'score' is empty in every row"), (["", "n/a"], "first 'n/a' in row 2")],
)
def test_empty_columns_are_no_text(tmp_path: Path, values: list[str], words: str) -> None:
    text = "id,score\n" + "".join(f"{at},{values[at % 2]}\n" for at in range(60))
    rule = {"metric": "mean", "column": "score", "min": 0.1}
    with pytest.raises(GateError, match=words):
        judged(tmp_path, "s.csv", text, None, id="id", require=[rule])


def test_a_number_in_other_letters_is_named(tmp_path: Path) -> None:
    rule = {"value": "F1", "min": 0.1}
    with pytest.raises(GateError, match="has no number F1") as raised:
        judged(tmp_path, "m.json", '{"f1": 0.8}', None, numbers=True, require=[rule])
    assert (raised.value.hint or "").startswith('did you mean value = "f1"')


@pytest.mark.parametrize("name", ["p.csv.gz", "p.jsonl.gz"])
@pytest.mark.parametrize("cut", [True, False])
@pytest.mark.parametrize("small", [True, False])
def test_what_cannot_be_unpacked_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, cut: bool, small: bool
) -> None:
    if not small:
        monkeypatch.setattr(_model_read, "SMALL", 0)
    packed = gzip.compress(random.Random(1).randbytes(9_000).hex().encode())
    (tmp_path / name).write_bytes(packed[:5_000] if cut else b"id,label\n")
    place = {"path": name, "files": [str(tmp_path / name)], "suffix": name[1:], "engine": {},
             "partitioned": False}  # fmt: skip
    with pytest.raises(_model_refused.Refused, match=f"{name} cannot be read"):
        _model_read.columns(place, ["id"])
