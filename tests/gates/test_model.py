"""The model gate on real files, through the real worker: verdicts, slices, and bad input."""

from __future__ import annotations

import functools
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Level, Result
from mlgate.gates import model
from mlgate.gates._model_apart import OfTwoShares
from mlgate.gates._model_bounds import OfPairs, OfShare, Turned
from mlgate.gates._model_more_rows import more_rows
from mlgate.stats.paired import Discordant


def worker(script: str, request: object, **_: Any) -> list[Any]:
    """As the runner starts it."""
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-X", "utf8", script],
        input=msgspec.json.encode(request) + b"\n",
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1] == {"end": True}
    return lines[:-1]


class Judged:
    """Writes candidate and baseline, and asks the gate."""

    def __init__(self, folder: Path) -> None:
        self.head, self.base = folder / "head", folder / "base"
        for one in (self.head, self.base):
            one.mkdir()

    def __call__(self, new: str | bytes, old: str | bytes | None, **options: Any) -> list[Finding]:
        name = options.pop("name", "pred.csv")
        beside = options.pop("beside", {})
        key = "metrics" if options.pop("numbers", False) else "predictions"
        for folder, content in ((self.head, new), (self.base, old)):
            if content is not None:
                raw = content.encode() if isinstance(content, str) else content
                (folder / name).write_bytes(raw)
        for other, content in beside.items():
            (self.head / other).write_text(content)
        base = testing.FolderSnapshot(self.base) if old is not None else None
        ctx = testing.context(
            model, self.head, kind="model", options={key: name, **options}, base=base, worker=worker
        )
        found = model.inputs(ctx)
        assert found is not None and found.also
        return [one for one in model.check(ctx, ()) if isinstance(one, Finding)]


@pytest.fixture
def judged(tmp_path: Path) -> Judged:
    return Judged(tmp_path)


def table(label: Any, prediction: Any, **columns: Any) -> str:
    """A CSV with ids from 0."""
    names = ["id", "label", "prediction", *columns]
    rows = zip(range(len(label)), label, prediction, *columns.values(), strict=True)
    return "\n".join(",".join(map(str, row)) for row in [names, *rows]) + "\n"


def flipped(n: int, gained: int, lost: int) -> tuple[str, str]:
    """Candidate and baseline that differ on so many rows; both else right on nine of ten."""
    label = np.arange(n) % 2
    wrong = np.zeros(n, dtype=bool)
    wrong[: n // 10] = True
    new, old = wrong.copy(), wrong.copy()
    new[n // 2 : n // 2 + lost] = True
    old[-gained or n :] = True
    return table(label, label ^ new), table(label, label ^ old)


ACCURACY = {"metric": "accuracy", "max_drop": 0.01}
COLUMNS = {"id": "id", "prediction": "prediction"}


def said(found: list[Finding]) -> list[str]:
    """All messages but the note that names the file."""
    return [one.message for one in found if one.rule != "model/unbound"]


def of(found: list[Finding], rule: str) -> list[Finding]:
    return [one for one in found if one.rule == f"model/{rule}"]


# -- verdicts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gained", "lost", "result", "words"),
    [
        (30, 30, Result.PASS, "shown to be within the allowed 0.01"),
        (10, 100, Result.FAIL, "shown to be beyond the allowed 0.01"),
        (40, 62, Result.FAIL, "the loss is proven, though it may be within"),
        (40, 55, Result.OPEN, "not decided whether that is within the allowed 0.01"),
    ],
)
def test_the_four_verdicts(
    judged: Judged, gained: int, lost: int, result: Result, words: str
) -> None:
    rows = 4000 if result is Result.PASS else 3000
    found = judged(*flipped(rows, gained, lost), require=[ACCURACY], **COLUMNS)
    one = of(found, "max-drop")[0]
    assert (one.result, words in one.message) == (result, True), one.message
    number = one.measurement
    assert number is not None and number.low is not None and number.high is not None
    assert number.value == pytest.approx((gained - lost) / rows)
    assert number.low < number.value < number.high
    assert (number.needed is not None) == (result is Result.OPEN)
    assert (number.confidence, number.n) == (0.9, rows)


def test_an_open_verdict_says_how_many_rows_and_labels_decide(judged: Judged) -> None:
    one = of(judged(*flipped(3000, 40, 55), require=[ACCURACY], **COLUMNS), "max-drop")[0]
    assert one.measurement is not None and one.measurement.needed == 7832
    assert "248 labels would do, where answers differ" in one.message
    assert "3.2% of the answers differ" in one.message


def test_equal_answers_need_no_label_only_where_they_add_nothing(judged: Judged) -> None:
    """F1 of both models also depends on the rows that both have right."""
    rule = {"metric": "f1", "max_drop": 0.01}
    one = of(judged(*flipped(3000, 40, 55), require=[rule], **COLUMNS), "max-drop")[0]
    assert one.result is Result.OPEN
    assert "3.2% of the answers differ" in one.message
    assert one.measurement is not None
    assert f"{one.measurement.needed:,} labelled rows would do" in one.message
    assert "where answers differ" not in one.message


def test_rows_without_a_difference_are_as_many_as_the_exact_bound_takes(judged: Judged) -> None:
    """285 do not show a loss of at most 0.01; 299 do."""
    for n, result in ((285, Result.OPEN), (298, Result.OPEN), (299, Result.PASS)):
        new, old = flipped(n, 0, 0)
        head, *rows = old.splitlines()
        backwards = "\n".join([head, *reversed(rows)]) + "\n"  # another file of the same answers
        one = of(judged(new, backwards, require=[ACCURACY], **COLUMNS), "max-drop")[0]
        assert one.result is result, one.message
        if result is Result.OPEN:
            assert one.measurement is not None and one.measurement.needed == 299
            assert "299 rows without a difference would do" in one.message


@pytest.mark.parametrize("right", [285, 95, 40])
def test_what_is_open_never_says_that_its_rows_would_do(right: int) -> None:
    """Of rows that are all right, 299 show that 0.99 are."""
    one = OfShare(right, right, right)
    assert more_rows(one, right, right, 0.99, math.inf, 0.05) == 299


@pytest.mark.parametrize(("n", "lost"), [(350, 1), (400, 1), (600, 2)])
@pytest.mark.parametrize("turned", [False, True])
def test_few_differences_take_more_rows_than_there_are(n: int, lost: int, turned: bool) -> None:
    pairs = OfPairs(Discordant(0, lost, n), n)
    one = Turned(OfPairs(Discordant(lost, 0, n), n)) if turned else pairs
    told = more_rows(one, one.needed(0.01 - lost / n, 0.05), n, -0.01, math.inf, 0.05)
    assert told is not None and told > n
    assert pairs.grown(told).bounds(0.05)[0] >= -0.01 > pairs.bounds(0.05)[0]


def test_two_numbers_take_more_rows_than_there_are() -> None:
    apart = OfTwoShares(450, 450, 500)
    told = more_rows(apart, 400, 500, -0.02, math.inf, 0.05)
    assert told is not None and told > 1_000
    assert apart.grown(told).bounds(0.05)[0] >= -0.02 > apart.bounds(0.05)[0]
    turned = more_rows(Turned(apart), 400, 500, -0.02, math.inf, 0.05)
    assert turned == told


def test_a_margin_of_nothing_is_never_shown(judged: Judged) -> None:
    found = judged(*flipped(3000, 40, 40), require=[{**ACCURACY, "max_drop": 0}], **COLUMNS)
    assert "no number of rows shows" in of(found, "max-drop")[0].message


def test_fail_on_margin_and_no_proven_loss(judged: Judged) -> None:
    rule = {**ACCURACY, "fail_on": "margin"}
    found = judged(*flipped(3000, 40, 62), require=[rule], **COLUMNS)
    assert of(found, "max-drop")[0].result is Result.OPEN
    rule["decide"] = "no-proven-loss"
    found = judged(*flipped(3000, 40, 62), require=[rule], **COLUMNS)
    assert of(found, "max-drop")[0].result is Result.PASS
    assert "the loss is proven, but not that it is beyond" in of(found, "max-drop")[0].message
    rule = {**ACCURACY, "decide": "no-proven-loss"}
    found = judged(*flipped(3000, 40, 55), require=[rule], **COLUMNS)
    assert of(found, "max-drop")[0].result is Result.PASS
    assert "no loss is proven, nor that it is within" in of(found, "max-drop")[0].message


def test_a_wanted_gain(judged: Judged) -> None:
    rule = {"metric": "accuracy", "min_gain": 0.01}
    found = judged(*flipped(3000, 90, 10), require=[rule], **COLUMNS)
    assert of(found, "min-gain")[0].result is Result.PASS
    found = judged(*flipped(3000, 20, 20), require=[rule], **COLUMNS)
    assert of(found, "min-gain")[0].result is Result.FAIL


def test_floors(judged: Judged) -> None:
    rules = [{"metric": "accuracy", "min": floor} for floor in (0.85, 0.895, 0.95)]
    found = of(judged(*flipped(2000, 0, 0), require=rules, **COLUMNS), "min")
    assert [one.result for one in found] == [Result.PASS, Result.OPEN, Result.FAIL]


def test_what_is_open_carries_its_rules_word(judged: Judged) -> None:
    rule = {**ACCURACY, "inconclusive": "block"}
    found = of(judged(*flipped(3000, 40, 55), require=[rule], **COLUMNS), "max-drop")
    assert found[0].undecided == "block"


def test_order_of_rows_does_not_matter(judged: Judged) -> None:
    new, old = flipped(3000, 40, 55)
    head, *rows = old.splitlines()
    shuffled = "\n".join([head, *reversed(rows)]) + "\n"
    first = judged(new, old, require=[ACCURACY], **COLUMNS)
    second = judged(new, shuffled, require=[ACCURACY], **COLUMNS)
    assert [one.message for one in first] == [one.message for one in second]


# -- slices ----------------------------------------------------------------------------------------


def sliced(bad: int) -> tuple[str, str]:
    """Ten slices of 300 rows, and one of 5; the first loses `bad` rows."""
    n = 3005
    label = np.arange(n) % 2
    part = np.minimum(np.arange(n) // 300, 10)
    wrong = np.arange(n) % 10 == 3
    new = wrong.copy()
    new[np.flatnonzero(~wrong & (part == 0))[:bad]] = True
    new[np.flatnonzero(~wrong & (part > 0))[::60]] ^= True
    return table(label, label ^ new, part=part), table(label, label ^ wrong, part=part)


def test_a_proven_loss_on_a_slice_fails(judged: Judged) -> None:
    rule = {"metric": "accuracy", "max_drop": 0.05}
    found = judged(*sliced(40), require=[rule], slices=["part"], **COLUMNS)
    failed = [one for one in found if one.result is Result.FAIL and one.level is Level.ERROR]
    assert [one.measurement.slice for one in failed if one.measurement] == ["part=0"]
    assert "adjusted p" in failed[0].message
    assert "part=10 (5)" in of(found, "not-judged")[0].message


def test_chance_losses_on_slices_do_not(judged: Judged) -> None:
    rule = {"metric": "accuracy", "max_drop": 0.05}
    found = judged(*sliced(6), require=[rule], slices=["part"], **COLUMNS)
    assert not [one for one in of(found, "slice-loss") if one.result is not Result.PASS]
    assert len(of(found, "slice-loss")) == 10


def test_prove_asks_each_slice_for_a_proof(judged: Judged) -> None:
    rules = [ACCURACY, {"metric": "accuracy", "max_drop": 0.02, "prove": True}]
    found = judged(*sliced(6), require=rules, slices=["part"], **COLUMNS)
    results = {
        one.measurement.slice: one.result for one in of(found, "max-drop") if one.measurement
    }
    assert results["part=0"] is Result.OPEN
    assert results["part=1"] is Result.OPEN or results["part=1"] is Result.PASS


def test_crossed_slices_and_ranges(judged: Judged) -> None:
    label = np.arange(900) % 2
    columns = {"age": np.arange(900) % 90, "sex": np.where(np.arange(900) % 3, "f", "m")}
    both = table(label, label, **columns)
    slices = [["sex", "age"], {"column": "age", "ranges": [30, 60], "by": ["sex"]}]
    found = judged(both, both + "900,1,1,1,f\n" * 0, require=[ACCURACY], slices=slices,
                   model="pred.csv", min_rows=5, **COLUMNS)  # fmt: skip
    assert "cannot have changed" in of(found, "max-drop")[0].message
    told = of(found, "passed")[0].message
    assert "96 slices" in told or "slices" in told


def test_ranges_are_called_by_their_edges(judged: Judged) -> None:
    label = np.arange(900) % 2
    both = table(label, label ^ (np.arange(900) % 7 == 0), age=np.arange(900) % 90)
    other = table(label, label ^ (np.arange(900) % 5 == 0), age=np.arange(900) % 90)
    rules = [{**ACCURACY, "prove": True}]
    slices = [{"column": "age", "ranges": [30, 60]}]
    found = judged(both, other, require=rules, slices=slices, **COLUMNS)
    named = {one.measurement.slice for one in of(found, "max-drop") if one.measurement}
    assert named == {"age<30", "age=30..60", "age>=60"}


# -- baselines -------------------------------------------------------------------------------------


def test_no_baseline_yet_judges_floors_and_says_so(judged: Judged) -> None:
    new, _ = flipped(2000, 0, 0)
    rules = [{"metric": "accuracy", "min": 0.8, "max_drop": 0.01}]
    found = judged(new, None, require=rules, **COLUMNS)
    assert of(found, "min")[0].result is Result.PASS
    assert not of(found, "max-drop")
    assert "no baseline yet" in of(found, "no-baseline")[0].message
    assert "not compared for want of a baseline: accuracy" in of(found, "passed")[0].message


def test_an_unreachable_baseline_is_an_error(judged: Judged) -> None:
    new, _ = flipped(2000, 0, 0)
    with pytest.raises(GateError, match=r"gone\.csv"):
        judged(new, None, require=[ACCURACY], baseline="file:gone.csv", **COLUMNS)


def test_equal_predictions_of_another_model_have_an_exact_bound(judged: Judged) -> None:
    new, _ = flipped(200, 0, 0)
    (judged.head / "m.bin").write_text("new")
    (judged.base / "m.bin").write_text("old")
    found = judged(new, new, require=[ACCURACY], model="m.bin", **COLUMNS)
    one = of(found, "max-drop")[0]
    assert one.result is Result.OPEN
    assert one.measurement is not None
    assert one.measurement.low == pytest.approx(-0.01487, abs=1e-5)


def test_an_untouched_file_passes_by_identity(judged: Judged) -> None:
    new, _ = flipped(200, 0, 0)
    one = of(judged(new, new, require=[ACCURACY], **COLUMNS), "max-drop")[0]
    assert one.result is Result.PASS
    assert "the change does not touch the predictions" in one.message


BY_ROW = {"id": {"row": True}, "prediction": "prediction"}


def test_rows_are_paired_by_place_where_the_test_sets_agree(judged: Judged) -> None:
    new, old = flipped(2000, 3, 5)
    one = of(judged(new, old, require=[ACCURACY], **BY_ROW), "max-drop")[0]
    assert one.measurement is not None and one.measurement.value == pytest.approx(-0.001)


def test_rows_of_another_test_set_are_not_paired_by_place(judged: Judged) -> None:
    new, old = flipped(200, 0, 0)
    head, first, second, *rest = old.splitlines()
    moved = "\n".join([head, second, first, *rest]) + "\n"
    with pytest.raises(GateError, match=r"digests of 'label' differ: .*2 rows have another label, "
                       r"first row 1 \(1, now 0\)"):  # fmt: skip
        judged(new, moved, require=[ACCURACY], **BY_ROW)


def test_rows_without_a_witness_are_not_paired_by_place(judged: Judged) -> None:
    new, old = flipped(200, 0, 1)
    bare = "\n".join(line.rpartition(",")[2] for line in old.splitlines()) + "\n"
    with pytest.raises(GateError, match="no column 'label': nothing tells") as raised:
        judged(new, bare, require=[ACCURACY], **BY_ROW)
    assert "write 'label' into both tables" in str(raised.value.hint)


def test_scores_by_place_are_paired_where_their_clusters_agree(judged: Judged) -> None:
    head = "task,score\n"
    new = head + "".join(f"t{at // 4},{at % 2}\n" for at in range(400))
    old = head + "".join(f"t{at // 5},{at % 2}\n" for at in range(400))
    rule = {"metric": "share", "column": "score", "filter": "> 0", "max_drop": 0.9}
    with pytest.raises(GateError, match="digests of 'task' differ"):
        judged(new, old, require=[rule], id={"row": True}, cluster="task")


# -- bad input -------------------------------------------------------------------------------------

GOOD = "id,label,prediction\n" + "".join(f"{i},{i % 2},{i % 2}\n" for i in range(100))
BAD = {
    "missing id": (GOOD.replace("\n7,", "\n,"), GOOD, {}, "row without an id|ids do not fit"),
    "duplicate id": (GOOD.replace("\n7,", "\n8,"), GOOD, {}, "1 id not unique, such as 8"),
    "one-sided": (GOOD + "900,1,1\n", GOOD, {}, "1 id only in pred.csv, such as 900"),
    "other side": (GOOD, GOOD + "900,1,1\n", {}, "only in pred.csv at the base, such as 900"),
    "no label": (GOOD.replace("\n7,1,", "\n7,,"), GOOD, {},
                 "1 row without a value, first row 8"),
    "third class": (GOOD.replace("\n7,1,1", "\n7,1,2"), GOOD, {}, "more than two classes|positive"),
    "undeclared": (
        GOOD.replace("\n7,1,1", "\n7,1,9"), GOOD, {"task": "multiclass", "classes": [0, 1]},
        "holds 9 in 1 row, first row 8, which is none of the classes",
    ),
    "text and numbers": (
        GOOD.replace(",0\n", ",no\n").replace(",1\n", ",yes\n"), GOOD, {}, "different types",
    ),
    "empty": ("id,label,prediction\n", GOOD, {}, "has no rows"),
    "no column": (GOOD.replace("prediction", "predicted", 1), GOOD, {}, "no column 'prediction'"),
    "ragged": (GOOD + "900,1\n", GOOD, {}, "row 102: 2 values for 3 columns"),
    "no positive": (
        GOOD.replace(",0,0", ",a,a").replace(",1,1", ",b,b"), GOOD, {}, "positive one|different",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_tables_are_refused_by_name(judged: Judged, case: str) -> None:
    new, old, options, words = BAD[case]
    with pytest.raises(GateError, match=words):
        judged(new, old, require=[ACCURACY], **COLUMNS, **options)


def scored(values: Any) -> str:
    return "id,label,p\n" + "".join(f"{i},{i % 2},{v}\n" for i, v in enumerate(values))


@pytest.mark.parametrize(
    ("value", "words"),
    [("nan", "1 value that is missing, NaN or infinite, first in row 8"), ("inf", "infinite"),
     ("", "NaN or infinite"), ("1.2", "outside 0 to 1, such as 1.2"), ("x", "holds text")],
)  # fmt: skip
def test_bad_scores_are_refused(judged: Judged, value: str, words: str) -> None:
    values = [0.5] * 100
    bad = scored([*values[:7], value, *values[8:]])
    with pytest.raises(GateError, match=words):
        judged(bad, scored(values), require=[{"metric": "log_loss", "max": 1}], score="p", id="id")


def test_a_table_of_one_class_is_told(judged: Judged) -> None:
    one = "id,label,p\n" + "".join(f"{i},1,0.{i % 9 + 1}\n" for i in range(100))
    found = judged(one, None, require=[{"metric": "roc_auc", "min": 0.5}], score="p", id="id")
    told = of(found, "min")[0]
    assert told.result is Result.OPEN
    assert "all rows are of one class" in told.message


def test_few_positives_are_not_judged_by_large_samples(judged: Judged) -> None:
    few = "id,label,p\n" + "".join(f"{i},{int(i < 12)},0.{i % 9 + 1}\n" for i in range(300))
    found = judged(few, None, require=[{"metric": "roc_auc", "min": 0.5}], score="p", id="id")
    assert "12 rows of the rarest class, fewer than 30" in of(found, "min")[0].message


def test_not_a_table(judged: Judged) -> None:
    with pytest.raises(GateError, match="is no table that can be read"):
        judged(GOOD, GOOD, require=[ACCURACY], name="pred.xlsx", **COLUMNS)


def test_a_table_in_no_commit_is_told(judged: Judged) -> None:
    found = judged(GOOD, None, require=[{"metric": "accuracy", "min": 0.5}], **COLUMNS)
    assert not of(found, "not-in-commit")
    (judged.head / "ignored.csv").write_text(GOOD)
    ctx = testing.context(model, judged.head, kind="model", worker=worker, options={
        "predictions": "ignored.csv", "require": [{"metric": "accuracy", "min": 0.5}], **COLUMNS,
    })  # fmt: skip
    entries = {k: v for k, v in ctx.subject.files.items() if k != "ignored.csv"}
    ctx.subject.files = entries  # type: ignore[misc]
    assert any(one.rule == "model/not-in-commit" for one in model.check(ctx, ()))


# -- forms and tasks -------------------------------------------------------------------------------


def test_every_form_says_the_same(judged: Judged, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    new, old = flipped(3000, 40, 55)
    expected = said(judged(new, old, require=[ACCURACY], **COLUMNS))
    for suffix in ("jsonl", "json", "parquet", "tsv"):
        contents = []
        for text in (new, old):
            head, *rows = [line.split(",") for line in text.splitlines()]
            records = [dict(zip(head, map(int, row), strict=True)) for row in rows]
            if suffix == "jsonl":
                contents.append("\n".join(map(json.dumps, records)).encode())
            elif suffix == "json":
                contents.append(json.dumps({"results": {"rows": records}}).encode())
            elif suffix == "tsv":
                contents.append(text.replace(",", "\t").encode())
            else:
                (tmp_path / "t.csv").write_text(text)
                query = f"COPY (FROM read_csv('{tmp_path}/t.csv')) TO '{tmp_path}/t.parquet'"
                duckdb.sql(query)
                contents.append((tmp_path / "t.parquet").read_bytes())
        more = {"records": "results.rows"} if suffix == "json" else {}
        found = judged(*contents, require=[ACCURACY], name=f"p.{suffix}", **COLUMNS, **more)
        assert said(found) == expected, suffix


def test_labels_in_a_table_of_their_own(judged: Judged) -> None:
    labels = "id,label\n" + "".join(f"{i},{i % 2}\n" for i in reversed(range(100)))
    predictions = "id,prediction\n" + "".join(f"{i},{i % 2}\n" for i in range(100))
    found = judged(predictions, None, require=[{"metric": "accuracy", "min": 0.9}],
                   labels="labels.csv", beside={"labels.csv": labels}, **COLUMNS)  # fmt: skip
    assert of(found, "min")[0].message == "accuracy 1.0000 is at least 0.9000"


def test_regression_and_scores(judged: Judged) -> None:
    rng = np.random.default_rng(1)
    label = rng.normal(size=500).round(3)
    new, old = ((label + rng.normal(size=500)).round(3) for _ in range(2))
    rules = [{"metric": m, "max_drop": 1} for m in ("root_mean_squared_error", "r2")]
    found = judged(table(label, new), table(label, old), require=rules, **COLUMNS)
    assert [one.result for one in of(found, "max-drop")] == [Result.PASS, Result.PASS]
    rules = [
        {"metric": "mean", "column": "label", "min": -1},
        {"metric": "share", "column": "label", "filter": ">= 0", "max_drop": 0.2},
    ]
    found = judged(table(label, new), table(label, old), require=rules, task="score", id="id")
    assert [one.result for one in (*of(found, "min"), *of(found, "max-drop"))] == [Result.PASS] * 2


def test_clusters_widen_the_interval(judged: Judged) -> None:
    label = np.arange(2000) % 2
    user = np.arange(2000) // 20
    wrong = (user % 3) == 1
    new, old = table(label, label ^ wrong, user=user), table(label, label, user=user)
    alone = of(judged(new, old, require=[ACCURACY], **COLUMNS), "max-drop")[0].measurement
    found = judged(new, old, require=[ACCURACY], cluster="user", **COLUMNS)
    together = of(found, "max-drop")[0].measurement
    assert alone is not None and together is not None
    assert together.high - together.low > 3 * (alone.high - alone.low)  # type: ignore[operator]
    assert together.method == "cluster-robust, t"


# -- numbers alone ---------------------------------------------------------------------------------


def test_numbers_of_a_file(judged: Judged) -> None:
    new = json.dumps({"overall": {"f1": 0.80}, "per_class": {"a": {"f1": 0.9}, "b": {"f1": 0.5}}})
    old = json.dumps({"overall": {"f1": 0.81}, "per_class": {"a": {"f1": 0.9}, "b": {"f1": 0.7}}})
    rules = [
        {"value": "overall.f1", "max_drop": 0.02},
        {"value": "per_class.*.f1", "max_drop": 0.1},
    ]
    found = of(judged(new, old, require=rules, name="m.json", numbers=True), "max-drop")
    assert [one.result for one in found] == [Result.PASS, Result.PASS, Result.FAIL]
    assert found[2].message == (
        "per_class.b.f1 lost 0.2000 (0.7000 to 0.5000), not within the allowed 0.1 "
        "(plain comparison, no interval)"
    )


@pytest.mark.parametrize("rule", ["max_drop", "max_drop_relative"])
def test_rows_give_a_difference_of_numbers_an_interval(judged: Judged, rule: str) -> None:
    def told(new: float, margin: float, n: int, **more: Any) -> Any:
        rules = [{"value": "acc", rule: margin, "n": n, **more}]
        files = (f"acc: {new}\n", "acc: 0.90\n")
        (one,) = of(
            judged(*files, require=rules, name="m.yaml", numbers=True), rule.replace("_", "-")
        )
        return one

    assert told(0.89, 0.02, 500).result is Result.OPEN
    open_one = told(0.90, 0.02, 500).measurement
    assert open_one.method == "two binomials, as of different rows"
    assert open_one.low < 0 < open_one.high
    assert told(0.90, 0.02, 20_000).result is Result.PASS
    assert told(0.80, 0.02, 2_000).result is Result.FAIL
    assert told(1.0, 0.02, 500).result is Result.PASS
    better = told(0.80, 0.02, 20_000, better="lower")
    assert better.result is Result.PASS


def test_bounds_of_two_numbers_miss_as_often_as_they_say() -> None:
    """On other rows; on the same ones hardly ever."""
    rng = np.random.default_rng(5)
    n, draws, p = 400, 4_000, (0.88, 0.93)
    true = p[0] - p[1]
    apart = rng.binomial(n, p, size=(draws, 2))
    rows = rng.random((draws, n))
    same = np.stack([(rows < one).sum(1) for one in p], axis=1)
    bounds_of = functools.cache(lambda new, old: OfTwoShares(new, old, n).bounds(0.05))
    shares = []
    for pairs in (apart, same):
        bounds = np.array([bounds_of(*map(int, pair)) for pair in pairs[:2_000]])
        shares += [(bounds[:, 0] > true).mean(), (bounds[:, 1] < true).mean()]
    assert max(shares[:2]) < 0.06 + 2 * 0.005
    assert min(shares[:2]) > 0.03
    assert max(shares[2:]) < 0.01


def test_rows_give_a_number_an_interval(judged: Judged) -> None:
    rules = [{"value": "acc", "min": 0.9, "n": 200}]
    found = of(judged("acc: 0.92\n", None, require=rules, name="m.yaml", numbers=True), "min")
    assert found[0].result is Result.OPEN
    assert found[0].measurement is not None and found[0].measurement.method == "Clopper-Pearson"


@pytest.mark.parametrize(
    ("new", "old", "words"),
    [
        ('{"f": 1}', '{"acc": 1}', "no number acc"),
        ('{"acc": 1}', '{"f": 1}', "at the base has no number acc"),
        ('{"acc": NaN}', '{"acc": 1}', "is nan, which is no number"),
        ("{", '{"acc": 1}', "cannot be read"),
        ("[" * 5000, '{"acc": 1}', "cannot be read|nested"),
    ],
)
def test_bad_numbers_are_refused(judged: Judged, new: str, old: str, words: str) -> None:
    rules = [{"value": "acc", "max_drop": 0.1}]
    with pytest.raises(GateError, match=words):
        judged(new, old, require=rules, name="m.json", numbers=True)


@pytest.mark.parametrize(
    ("metrics", "words", "edit"),
    [
        ('{"test": {"acc": 0.9}}', r"no number acc; there are test.acc \(0.9\)",
         'value = "test.acc" in the rule'),
        ('{"accc": 0.9, "n": 3}', r"there are accc \(0.9\), n \(3\)", 'value = "accc"'),
        ('{"n": 3}', r"there are n \(3\)", "write acc into m.json, or correct `value`"),
        ("{}", "it holds no number at all", "write acc into m.json"),
    ],
)  # fmt: skip
def test_a_number_that_lacks_is_told_with_those_that_are_there(
    judged: Judged, metrics: str, words: str, edit: str
) -> None:
    rules = [{"value": "acc", "min": 0.1}]
    with pytest.raises(GateError, match=words) as raised:
        judged(metrics, None, require=rules, name="m.json", numbers=True)
    assert edit in str(raised.value.hint)


@pytest.mark.parametrize(
    "options",
    [
        {"predictions": "a.csv", "metrics": "b.json", "require": [ACCURACY]},
        {"predictions": "a.csv", "prediction": "p", "require": [{"metric": "acuracy", "min": 1}]},
        {"predictions": "a.csv", "prediction": "p", "require": [{"metric": "accuracy"}]},
        {"predictions": "a.csv", "require": [ACCURACY]},
        {"predictions": "a.csv", "prediction": "p", "require": [{"metric": "roc_auc", "min": 0.5}]},
        {"predictions": "a.csv", "prediction": "p", "baseline": "x", "require": [ACCURACY]},
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(options, model.Options)
