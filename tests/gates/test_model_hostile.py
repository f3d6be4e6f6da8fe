"""Tables and rules that lead astray: each once gave a wrong number, verdict, row or traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import pytest
from sklearn import metrics as oracle

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates.model import Options
from tests.gates.test_model import COLUMNS, Judged, of

N = 400
RNG = np.random.default_rng(20)
LABEL = np.arange(N) % 2
NEW, OLD = LABEL.copy(), LABEL.copy()
NEW[:40] ^= 1
OLD[20:60] ^= 1
ACCURACY = {"metric": "accuracy", "max_drop": 0.05}
IDS = {"id": "id"}


@pytest.fixture
def judged(tmp_path: Path) -> Judged:
    return Judged(tmp_path)


def csv(**columns: Any) -> str:
    rows = zip(*columns.values(), strict=True)
    return "\n".join(",".join(map(str, row)) for row in [tuple(columns), *rows]) + "\n"


def refused(judged: Judged, *tables: str | None, **options: Any) -> GateError:
    with pytest.raises(GateError) as error:
        judged(*tables, **options)
    return error.value


def number(found: list[Finding], rule: str) -> float | None:
    one = of(found, rule)[0].measurement
    assert one is not None
    return one.value


# -- which rows, which classes ---------------------------------------------------------------------


def test_long_whole_numbers_are_told_apart(judged: Judged) -> None:
    """As numbers of double precision 12345678901234567000 and its neighbours are one."""
    ids = [12_345_678_901_234_567_000 + at for at in range(N)]
    new = csv(id=ids, label=LABEL, prediction=NEW)
    found = judged(new, csv(id=ids, label=LABEL, prediction=OLD), require=[ACCURACY], **COLUMNS)
    assert of(found, "max-drop")
    other = [at + N for at in ids]
    error = refused(
        judged, new, csv(id=other, label=LABEL, prediction=OLD), require=[ACCURACY], **COLUMNS
    )
    assert f"400 ids only in pred.csv, such as {ids[0]}" in error.message


def parquet(folder: Path, query: str) -> bytes:
    file = folder / "made.parquet"
    duckdb.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
    return file.read_bytes()


def test_numbers_that_stand_for_several_ids_are_refused(judged: Judged, tmp_path: Path) -> None:
    """Decimals and numbers of 128 bits are read in double precision."""
    for kind in ("DECIMAL(22, 0)", "HUGEINT", "DOUBLE"):
        new, old = (
            parquet(tmp_path, f"SELECT (12345678901234567000 + 3000 * i)::{kind} AS id, "
                              f"i % 2 AS label, (i + {wrong} * (i < 20)::INT) % 2 AS prediction "
                              "FROM range(400) t(i)")
            for wrong in (0, 1)
        )  # fmt: skip
        with pytest.raises(GateError) as error:
            judged(new, old, name="p.parquet", require=[ACCURACY], **COLUMNS)
        assert "p.parquet: column 'id' has ids of more digits than a number holds" in str(
            error.value.message
        )


def test_what_tells_rows_and_slices_apart_is_never_rounded(judged: Judged, tmp_path: Path) -> None:
    """Of more than a million rows scores are: 30,000,001 would be 30,000,000, and 0.1 a slice
    called 0.10000000149."""
    new, old = (
        parquet(tmp_path, "SELECT 30000000.0::DOUBLE + i AS id, i % 2 AS label, "
                          f"(i + {wrong} * (i < 20)::INT) % 2 AS prediction, "
                          "[0.1::DOUBLE, 0.7][1 + i // 2 % 2] AS ratio, "
                          "30000000.0::DOUBLE + i // 10 AS visit FROM range(1000100) t(i)")
        for wrong in (0, 1)
    )  # fmt: skip
    also: dict[str, Any] = {"slices": ["ratio"], "cluster": "visit"}
    found = judged(new, old, name="p.parquet", require=[ACCURACY], **COLUMNS, **also)
    one = of(found, "max-drop")[0].measurement
    assert one is not None and one.n == 1_000_100
    assert any("ratio=0.1 " in one.message for one in of(found, "slices")), found


def test_scores_of_more_classes_than_there_are_labels_are_refused(judged: Judged) -> None:
    """The third column would have been taken for a class that no row is of."""
    label = np.where(LABEL, 2, 0)
    scores = np.eye(3)[label]
    table = csv(id=range(N), label=label, **{f"p{at}": scores[:, at] for at in range(3)})
    rule = {"metric": "accuracy", "min": 0.5}
    also = {"task": "multiclass", "require": [rule], **IDS}
    error = refused(judged, table, None, score=("p0", "p1", "p2"), **also)
    assert "3 score columns for 2 classes" in error.message
    named = judged(table, None, score={"0": "p0", "1": "p1", "2": "p2"}, **also)
    assert number(named, "min") == 1.0


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("brier_score", oracle.brier_score_loss),
        ("average_precision", oracle.average_precision_score),
        ("roc_auc", oracle.roc_auc_score),
        ("log_loss", oracle.log_loss),
    ],
)
def test_two_columns_of_scores_by_class(
    judged: Judged, metric: str, value: Any, positive: int
) -> None:
    score = np.clip(0.3 * LABEL + 0.35 + 0.2 * RNG.normal(size=N), 0.01, 0.99)
    found = judged(
        csv(id=range(N), label=LABEL, p0=1 - score, p1=score), None, task="binary",
        positive=positive, score={"0": "p0", "1": "p1"}, require=[{"metric": metric, "min": 0.01}],
        **IDS,
    )  # fmt: skip
    expected = value(positive == LABEL, score if positive else 1 - score)
    assert number(found, "min") == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("also", "words"),
    [
        ({"score": ("p0", "p1")}, "has one column of `score`"),
        ({"score": {"no": "p0", "yes": "p1"}}, "`positive` is the class whose `score` counts"),
    ],
)
def test_two_columns_of_which_none_is_the_positives_are_refused(
    also: dict[str, Any], words: str
) -> None:
    rule = {"metric": "brier_score", "max": 0.2}
    with pytest.raises(ValueError, match=words):
        msgspec.convert({"predictions": "p.csv", "id": "id", "require": [rule], **also}, Options)


def test_a_positive_class_of_another_type_is_told(judged: Judged) -> None:
    table = csv(id=range(N), label=LABEL, prediction=NEW)
    rule = {"metric": "f1", "min": 0.5}
    error = refused(judged, table, None, positive="1", require=[rule], **COLUMNS)
    assert error.message == (
        "`positive` is text ('1'), but pred.csv: column 'label' holds a whole number (0)"
    )


@pytest.mark.parametrize("task", ["accuracy", "ndcg_at_k"])
def test_rows_without_a_cluster_or_query_are_not_one(judged: Judged, task: str) -> None:
    groups = ["" if at % 10 == 3 else at // 4 for at in range(N)]
    new = csv(id=range(N), label=LABEL, prediction=NEW, c=groups)
    old = csv(id=range(N), label=LABEL, prediction=OLD)
    also: dict[str, Any] = {"prediction": "prediction", "cluster": "c"}
    if task == "ndcg_at_k":
        also = {"score": "prediction", "query": "c"}
    rule = {"metric": task, "max_drop": 0.1}
    error = refused(judged, new, old, require=[rule], **IDS, **also)
    assert "column 'c' has 40 rows without a value, first row 4" in error.message


# -- a table of labels -----------------------------------------------------------------------------


def labelled(judged: Judged, labels: str, **also: Any) -> GateError:
    rule = {"metric": "f1", "max_drop": 0.1}
    return refused(
        judged, csv(id=range(N), prediction=NEW), csv(id=range(N), prediction=OLD),
        labels="labels.csv", beside={"labels.csv": labels}, **{"require": [rule], **also},
        **COLUMNS,
    )  # fmt: skip


@pytest.mark.parametrize("more", [-2, 2])
def test_labels_of_other_rows_are_told_as_labels(judged: Judged, more: int) -> None:
    rows = N + more
    error = labelled(judged, csv(id=range(rows), label=np.arange(rows) % 2))
    where = "labels.csv, such as 400" if more > 0 else "pred.csv, such as 398"
    assert error.message == f"predictions and labels are of different rows: 2 ids only in {where}"
    assert "label every row" in str(error.hint)


@pytest.mark.parametrize(
    ("value", "also", "words"),
    [
        ("", {}, "labels.csv: column 'label' has 1 row without a value, first row 395"),
        (
            7,
            {},
            "labels.csv: column 'label' holds more than two classes: 7 in 1 row, first row 395",
        ),
        (7, {"classes": (0, 1)}, "labels.csv: column 'label' holds 7 in 1 row, first row 395"),
        (
            "",
            {"task": "regression", "require": [{"metric": "r2", "max_drop": 0.1}]},
            "labels.csv: column 'label' has 1 value that is missing, NaN or infinite, first in "
            "row 395",
        ),
    ],
)
def test_a_bad_label_is_found_in_its_own_table(
    judged: Judged, value: Any, also: dict[str, Any], words: str
) -> None:
    """The table stands the other way round: id 5 is its row 395."""
    ids = range(N - 1, -1, -1)
    error = labelled(
        judged, csv(id=ids, label=[value if at == 5 else LABEL[at] for at in ids]), **also
    )
    assert words in error.message


def test_a_bad_row_of_the_baseline_is_found_in_its_own_table(judged: Judged) -> None:
    ids = range(N - 1, -1, -1)
    old = csv(id=ids, label=LABEL[::-1], prediction=["" if at == 5 else OLD[at] for at in ids])
    error = refused(
        judged, csv(id=range(N), label=LABEL, prediction=NEW), old, require=[ACCURACY], **COLUMNS
    )
    assert "at the base: column 'prediction' has 1 row without a value, first row 395" in (
        error.message
    )


# -- weights ---------------------------------------------------------------------------------------

SCORE = np.clip(0.3 * LABEL + 0.35 + 0.2 * np.random.default_rng(1).normal(size=N), 0.01, 0.99)
OTHER = np.clip(SCORE + 0.05 * np.random.default_rng(2).normal(size=N), 0.01, 0.99)
OF_CLASSES = (
    "f1", "precision", "recall", "balanced_accuracy", "matthews_corrcoef", "roc_auc",
    "average_precision",
)  # fmt: skip


@pytest.mark.parametrize("metric", OF_CLASSES)
@pytest.mark.parametrize("heavy", ["one class", "one row"])
def test_rows_that_weigh_nothing_are_no_rows_of_their_class(
    judged: Judged, metric: str, heavy: str
) -> None:
    weight = np.where(LABEL, 0.0, 1.0) if heavy == "one class" else (np.arange(N) == 7) * 1.0
    new = csv(id=range(N), label=LABEL, prediction=NEW, s=SCORE, w=weight)
    old = csv(id=range(N), label=LABEL, prediction=OLD, s=OTHER)
    rule = {"metric": metric, "max_drop": 0.1}
    found = judged(new, old, score="s", weight="w", require=[rule], **COLUMNS)
    assert of(found, "max-drop")[0].result is Result.OPEN


@pytest.mark.parametrize("metric", ["accuracy", *OF_CLASSES, "log_loss"])
def test_a_slice_that_weighs_nothing_is_not_judged(judged: Judged, metric: str) -> None:
    half = np.where(np.arange(N) < N // 2, "a", "b")
    weight = np.where(half == "a", 0.0, 1.0)
    new = csv(id=range(N), label=LABEL, prediction=NEW, s=SCORE, w=weight, r=half)
    old = csv(id=range(N), label=LABEL, prediction=OLD, s=OTHER)
    rule = {"metric": metric, "max_drop": 0.1}
    found = judged(new, old, score="s", weight="w", slices=("r",), require=[rule], **COLUMNS)
    messages = [one.message for one in of(found, "slice-loss")]
    assert any("r=a" in one and "no row here weighs anything" in one for one in messages)


def test_a_group_that_weighs_nothing_is_not_judged(judged: Judged) -> None:
    half = np.where(np.arange(N) < N // 2, "a", "b")
    table = csv(id=range(N), label=LABEL, prediction=NEW, w=(half == "b") * 1.0, g=half)
    rule = {"metric": "demographic_parity_difference", "groups": "g", "max": 0.1}
    found = of(judged(table, None, weight="w", require=[rule], **COLUMNS), "fairness")
    assert [one.result for one in found] == [Result.OPEN]


def test_numbers_too_large_to_be_squared_are_told(judged: Judged) -> None:
    new = csv(id=range(N), label=1e200 * SCORE, prediction=1e200 * OTHER)
    old = csv(id=range(N), label=1e200 * SCORE, prediction=1e200 * SCORE[::-1])
    errors = ("mean_squared_error", "mean_absolute_error", "r2")
    rules = [{"metric": one, "max_drop": 0.1} for one in errors]
    found = of(judged(new, old, task="regression", require=rules, **COLUMNS), "max-drop")
    assert [one.result for one in found] == [Result.OPEN] * 3
    assert all("too large to be squared" in one.message for one in found[:2])


# -- classes without rows --------------------------------------------------------------------------


def test_a_class_that_only_models_name_leaves_a_mean_of_classes_open(judged: Judged) -> None:
    label = np.arange(N) % 3
    new, old = label.copy(), label.copy()
    new[:60], old[60:120] = (label[:60] + 1) % 3, (label[60:120] + 1) % 3
    new[200:240] = 3
    tables = [csv(id=range(N), label=label, prediction=one) for one in (new, old)]
    rules = [{"metric": "f1", "average": one, "max_drop": 0.9} for one in ("macro", "weighted")]
    found = of(judged(*tables, task="multiclass", require=rules, **COLUMNS), "max-drop")
    assert [one.result for one in found] == [Result.OPEN, Result.PASS]
    assert "0 rows of the rarest class, fewer than 30" in found[0].message


def test_so_it_does_where_rows_have_several_classes(judged: Judged) -> None:
    rows = []
    for at in range(N):
        label = ["a"] if at % 2 else ["b"]
        said = label if at % 7 else ["a", "b"]
        rows.append({"id": at, "label": label, "prediction": said if at % 9 else [*said, "c"]})
    text = "".join(json.dumps(one) + "\n" for one in rows)
    rule = {"metric": "f1", "min": 0.1}
    found = judged(
        text, None, name="p.jsonl", task="multilabel", classes=("a", "b", "c"), require=[rule],
        **COLUMNS,
    )  # fmt: skip
    assert of(found, "min")[0].result is Result.OPEN


def test_of_one_class_the_mean_of_two_recalls_is_not_shown(judged: Judged) -> None:
    table = csv(id=range(N), label=[0] * N, prediction=[0] * N)
    rule = {"metric": "balanced_accuracy", "min": 0.1}
    assert of(judged(table, None, require=[rule], **COLUMNS), "min")[0].result is Result.OPEN


# -- margins ---------------------------------------------------------------------------------------


def test_a_slice_without_the_wanted_gain_has_lost_nothing(judged: Judged) -> None:
    rows = 4000
    label = np.arange(rows) % 2
    old, new = label.copy(), label.copy()
    old[:600], new[40:600] = 1 - label[:600], 1 - label[40:600]
    half = np.where(np.arange(rows) < rows // 2, "a", "b")
    tables = (
        csv(id=range(rows), label=label, prediction=new, r=half),
        csv(id=range(rows), label=label, prediction=old),
    )
    rule = {"metric": "accuracy", "min_gain": 0.05}
    found = judged(*tables, slices=("r",), require=[rule], **COLUMNS)
    assert of(found, "min-gain")[0].result is Result.FAIL
    assert {one.result for one in of(found, "slice-loss")} == {Result.PASS}
    proofs = judged(*tables, slices=("r",), require=[{**rule, "prove": True}], **COLUMNS)
    assert {one.result for one in of(proofs, "min-gain")} == {Result.FAIL}


@pytest.mark.parametrize("lost", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("bootstrap", [None, {"draws": 400}])
def test_a_share_of_a_negative_value_is_one_of_its_size(
    judged: Judged, lost: float, bootstrap: dict[str, int] | None
) -> None:
    """As of a mean of logarithms: -2.1 is 5 % worse than -2."""
    rng = np.random.default_rng(3)
    old = -2 + 0.3 * rng.normal(size=N)
    new = old * (1 + lost) + 0.02 * rng.normal(size=N)
    rule = {"metric": "mean", "column": "v", "max_drop_relative": 0.1}
    also = {} if bootstrap is None else {"bootstrap": bootstrap}
    found = judged(
        csv(id=range(N), v=new),
        csv(id=range(N), v=old),
        task="score",
        require=[rule],
        **IDS,
        **also,
    )
    expected = Result.FAIL if lost > 0.1 else Result.PASS
    assert of(found, "max-drop-relative")[0].result is expected


def test_a_bootstrap_draws_a_query_twice_as_two(judged: Judged) -> None:
    rng = np.random.default_rng(4)
    rows, rule = 5 * N, {"metric": "ndcg_at_k", "min": 0.1}
    gain = rng.choice(4, rows, p=(0.7, 0.15, 0.1, 0.05))
    score = gain + 2 * rng.normal(size=rows)
    table = csv(id=range(rows), label=gain, s=score, q=np.arange(rows) // 10)
    bounds = []
    for also in ({}, {"bootstrap": {"draws": 1000}}):
        found = judged(table, None, score="s", query="q", require=[rule], **IDS, **also)
        one = of(found, "min")[0].measurement
        assert one is not None
        bounds.append((one.low, one.high))
    assert bounds[0] == pytest.approx(bounds[1], abs=0.006)


# -- rows without a judgement ----------------------------------------------------------------------


@pytest.mark.parametrize("word", ["n/a", None])
def test_words_beside_numbers_of_json_are_no_judgement(judged: Judged, word: str | None) -> None:
    rows = [{"id": at, "score": word if at < 40 else float(at % 2)} for at in range(N)]
    rows[-1]["score"], rows[-2]["score"] = "n/a", True
    text = json.dumps({"results": {"results": rows}})
    rule = {"metric": "share", "column": "score", "filter": ">= 0.5", "min": 0.3}
    found = judged(
        text, None, name="r.json", records="results.results", task="score",
        invalid={"values": ["n/a", ""], "max_share": 0.11}, require=[rule], **IDS,
    )  # fmt: skip
    lacking = 41
    assert of(found, "invalid")[0].message.startswith(f"{lacking} of 400 rows are without")
    assert number(found, "min") == pytest.approx(180 / (N - lacking))


# -- numbers alone ---------------------------------------------------------------------------------


def of_numbers(judged: Judged, new: Any, old: Any = None, **rule: Any) -> list[Finding]:
    texts = [one if isinstance(one, str) or one is None else json.dumps(one) for one in (new, old)]
    name = rule.pop("name", "m.json")
    return judged(texts[0] or "", texts[1], numbers=True, name=name, require=[rule])


def test_a_wildcard_means_keys_with_dots_too(judged: Judged) -> None:
    new = {"per_class": {"v1.5": {"f1": 0.2}, "b": {"f1": 0.9}}}
    found = of_numbers(judged, new, value="per_class.*.f1", min=0.5)
    assert {(one.message.split()[0], one.result) for one in of(found, "min")} == {
        ("per_class.v1.5.f1", Result.FAIL),
        ("per_class.b.f1", Result.PASS),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"c": {"a": {"f1": "0.2"}, "b": {"f1": 0.9}}}', "c.a.f1 of m.json is '0.2'"),
        ('{"c": {"a": {"f1": "n/a"}, "b": {"f1": 0.9}}}', "c.a.f1 of m.json is 'n/a'"),
        ('{"c": {"a": {"f1": false}, "b": {"f1": 0.9}}}', "c.a.f1 of m.json is False"),
        ('{"c": {"a": {"f1": 0.2}, "a": {"f1": 0.9}}}', "a stands there twice"),
        ('{"c": {"a": {"f1": 0.9}}, "c.a": {"f1": 0.2}}', "c.a.f1 stands there twice"),
        ("c:\n  a:\n    f1: 0.2\n    f1: 0.9\n", "f1 stands there twice"),
        ("c:\n  - a: {f1: 0.2, f1: 0.9}\n", "f1 stands there twice"),
        ("f1,f1\n0.2,0.9\n", "f1 stands there twice"),
    ],
)
def test_what_a_file_says_twice_or_in_words_is_refused(
    judged: Judged, text: str, words: str
) -> None:
    suffix = "json" if text[0] == "{" else "yaml" if ":" in text else "csv"
    with pytest.raises(GateError, match=words):
        of_numbers(judged, text, name=f"m.{suffix}", value="c.*.f1", min=0.5)


def test_words_beside_the_numbers_of_an_open_wildcard_are_none(judged: Judged) -> None:
    found = of_numbers(judged, {"c": {"model": "tree", "f1": 0.9}}, value="c.*", min=0.5)
    assert [one.result for one in of(found, "min")] == [Result.PASS]


def test_a_number_called_as_a_metric_has_its_direction(judged: Judged) -> None:
    found = of_numbers(
        judged, {"all": {"log_loss": 0.4}}, {"all": {"log_loss": 0.2}}, value="all.log_loss",
        max_drop=0.1,
    )  # fmt: skip
    assert of(found, "max-drop")[0].result is Result.FAIL


@pytest.mark.parametrize("value", ["loss", "val.val_loss", "a.RMSE", "word_error_rate", "wer"])
def test_a_number_called_a_loss_says_which_direction_is_better(judged: Judged, value: str) -> None:
    with pytest.raises(ValueError, match="reads as if less of it were better"):
        of_numbers(judged, {value: 0.4}, {value: 0.2}, value=value, max_drop=0.1)


@pytest.mark.parametrize("value", ["all.log_loss", "r2", "val_loss", "test.RMSE", "a.mae"])
def test_what_is_no_share_has_no_interval_of_one(judged: Judged, value: str) -> None:
    with pytest.raises(ValueError, match=r"is no share of `n` rows: without `n` it is compared"):
        of_numbers(judged, {value: 0.4}, value=value, max=0.5, better="lower", n=500)


@pytest.mark.parametrize("value", ["error_rate", "overall.f1", "roc_auc", "mean", "class_loss.f1"])
def test_what_may_be_a_share_has_one(judged: Judged, value: str) -> None:
    key, _, last = value.rpartition(".")
    new: Any = {key: {last: 0.4}} if key else {last: 0.4}
    found = of(of_numbers(judged, new, value=value, max=0.5, n=500), "max")[0].measurement
    assert found is not None and found.low is not None


@pytest.mark.parametrize("value", ["power", "answer", "cancer", "overall.f1", "losses_avoided"])
def test_other_names_do_not(judged: Judged, value: str) -> None:
    key, _, last = value.rpartition(".")
    new: Any = {key: {last: 0.4}} if key else {last: 0.4}
    assert of(of_numbers(judged, new, new | {"x": 1}, value=value, max_drop=0.1), "max-drop")


def test_a_wanted_gain_says_how_many_rows_would_show_the_one_that_was_seen(judged: Judged) -> None:
    new = csv(id=range(N), label=LABEL, prediction=NEW, s=SCORE)
    old = csv(id=range(N), label=LABEL, prediction=OLD, s=OTHER)
    rules = [{"metric": "roc_auc", "min_gain": one} for one in (0.01, 0.015)]
    found = of(judged(new, old, score="s", require=rules, **COLUMNS), "min-gain")
    one = found[0].measurement
    assert one is not None and one.value is not None and one.low is not None
    # (z_alpha + z_power)^2 times the variance of a row, over the square of the distance
    se = (one.value - one.low) / 1.6487
    assert one.needed == pytest.approx(N * (2.4865 * se / (one.value - 0.01)) ** 2, rel=0.02)
    assert "at this gain no number of rows would show it" in found[1].message


# -- what is said of labels ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ({"metric": "accuracy", "max_drop": 0.01}, "labels would do, where answers differ"),
        ({"metric": "accuracy", "max_drop_relative": 0.01}, "labelled rows would do"),
        ({"metric": "f1", "max_drop": 0.01}, "labelled rows would do"),
        ({"metric": "roc_auc", "min_gain": 0.01}, "labelled rows would do"),
        ({"metric": "log_loss", "min_gain": 0.01}, "labelled rows would do"),
    ],
)
def test_labels_are_spared_only_where_equal_answers_add_nothing(
    judged: Judged, rule: dict[str, Any], where: str
) -> None:
    new = csv(id=range(N), label=LABEL, prediction=NEW, s=SCORE)
    old = csv(id=range(N), label=LABEL, prediction=OLD, s=OTHER)
    found = judged(new, old, score="s", require=[rule], **COLUMNS)
    one = next(one for one in found if one.result is Result.OPEN)
    assert where in one.message, one.message


@pytest.mark.parametrize(
    ("also", "hint"),
    [
        ({"slices": ({"column": "x", "ranges": [1, 2]},)}, "fill every row, or slice by another"),
        ({"weight": "x"}, "give every row a weight; 0 where it is not to count"),
    ],
)
def test_a_gap_beside_the_predictions_has_a_mend_of_its_own(
    judged: Judged, also: dict[str, Any], hint: str
) -> None:
    table = csv(
        id=range(N), label=LABEL, prediction=NEW, x=["" if at == 5 else 2 for at in range(N)]
    )
    error = refused(judged, table, None, require=[{"metric": "f1", "min": 0.1}], **COLUMNS, **also)
    assert (
        "column 'x' has 1 value that is missing, NaN or infinite, first in row 6" in error.message
    )
    assert str(error.hint).startswith(hint)
