"""Bad input of the model gate: an outcome of its own for each kind, on either side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from tests.gates.test_model import Judged

HEAD = "id,label,prediction,p\n"
ROWS = [f"{i},{i % 2},{i % 2},0.{i % 9 + 1}" for i in range(100)]
LABELLED = {"id": "id", "prediction": "prediction", "require": [{"metric": "accuracy", "min": 0.5}]}
COMPARED = LABELLED | {"require": [{"metric": "accuracy", "max_drop": 0.5}]}
SCORED = {"id": "id", "score": "p", "require": [{"metric": "brier_score", "max_drop": 0.5}]}
NUMBERS = {"id": "id", "task": "regression", "prediction": "p",
           "require": [{"metric": "mean_absolute_error", "max_drop": 9.0}]}  # fmt: skip
CUT = {"id": "id", "score": "p", "require": [{"metric": "accuracy", "max_drop": 0.9}]}
GOOD = HEAD + "\n".join(ROWS) + "\n"


def with_row(row: str, at: int = 7) -> str:
    """The good table with another row in one place; an empty one leaves it out."""
    rows = [*ROWS[:at], *([row] if row else []), *ROWS[at + 1 :]]
    return HEAD + "\n".join(rows) + "\n"


EITHER: dict[str, tuple[str, dict[str, Any], str]] = {
    "missing id": (with_row(",1,1,0.8"), COMPARED, "1 row without an id: row 8$"),
    "duplicate id": (with_row("8,1,1,0.8"), COMPARED, "1 id not unique, such as 8: rows 8 and 9$"),
    "id on one side": (with_row(""), COMPARED, "1 id only in .*, such as 7"),
    "different test sets": (
        HEAD + "".join(f"9{row}\n" for row in ROWS),
        COMPARED,
        "made on different rows",
    ),
    "NaN score": (with_row("7,1,1,nan"), SCORED, "missing, NaN or infinite, first in row 8"),
    "no score": (with_row("7,1,1,"), SCORED, "missing, NaN or infinite, first in row 8"),
    "infinite score": (with_row("7,1,1,inf"), SCORED, "missing, NaN or infinite, first in row 8"),
    "below all": (with_row("7,1,1,-inf"), SCORED, "missing, NaN or infinite, first in row 8"),
    "NaN number": (with_row("7,1,1,nan"), NUMBERS, "missing, NaN or infinite, first in row 8"),
    "over 1": (with_row("7,1,1,1.0001"), SCORED, r"0 to 1, such as 1\.0001, first in row 8$"),
    "below 0": (with_row("7,1,1,-0.1"), SCORED, "1 value outside 0 to 1, such as -0.1"),
    "no probability, cut at one half": (with_row("7,1,1,1.7"), CUT, r"0 to 1, such as 1\.7, first"),
    "prediction of no class": (
        with_row("7,1,5,0.8"), COMPARED | {"task": "multiclass", "classes": [0, 1]},
        "holds 5 in 1 row, first row 8, which is none of the classes",
    ),
    "no prediction": (with_row("7,1,,0.8"), COMPARED, "without a value"),
    "text for numbers": (
        HEAD + "\n".join(f"{i},{i % 2},{'ab'[i % 2]},0.5" for i in range(100)), COMPARED,
        "of different types",
    ),
    "empty": (HEAD, COMPARED, "has no rows"),
    "nothing at all": ("", COMPARED, "has no column 'id'"),
    "row cut off": (with_row("7,1"), COMPARED, "row 9: 2 values for 4 columns"),
    "empty row": (GOOD.replace("\n7,1,1,0.8\n", "\n,,,\n"), COMPARED, "without an id: row 8$"),
}  # fmt: skip


@pytest.mark.parametrize("side", ["candidate", "baseline"])
@pytest.mark.parametrize("case", EITHER)
def test_refused_on_either_side(tmp_path: Path, case: str, side: str) -> None:
    bad, options, words = EITHER[case]
    tables = (bad, GOOD) if side == "candidate" else (GOOD, bad)
    with pytest.raises(GateError, match=words):
        Judged(tmp_path)(*tables, **options)


@pytest.mark.parametrize(
    ("row", "options", "words"),
    [
        ("7,,1,0.8", LABELLED, "without a value"),
        ("7,3,1,0.8", LABELLED, "more than two classes: 3 in 1 row, first row 8, beside 0 and 1"),
        ("7,3,1,0.8", LABELLED | {"positive": 1}, "3 in 1 row, first row 8, beside 0 and 1"),
        ("7,yes,1,0.8", LABELLED, "different types"),
        ("7,nan,1,0.8", NUMBERS, "NaN or infinite"),
        ("7,3,1,0.8", LABELLED | {"classes": [0, 1]}, "holds 3 in 1 row"),
    ],
)
def test_labels_that_are_none(
    tmp_path: Path, row: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(GateError, match=words):
        Judged(tmp_path)(with_row(row), GOOD, **options)


def test_scores_that_are_cut_elsewhere_need_be_no_probabilities(tmp_path: Path) -> None:
    for number, how in enumerate(({"threshold": 0.9}, {"prediction": "prediction"})):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert Judged(folder)(with_row("7,1,1,1.7"), GOOD, **CUT, **how)


def test_one_class_is_not_judged_by_a_curve(tmp_path: Path) -> None:
    one = GOOD.replace(",0,0,", ",1,1,")
    found = Judged(tmp_path)(one, one + "\n", id="id", score="p",
                             require=[{"metric": "roc_auc", "max_drop": 0.5}])  # fmt: skip
    told = _only(found, "max-drop")
    assert (told.result, "all rows are of one class" in told.message) == (Result.OPEN, True)


@pytest.mark.parametrize("turned", [False, True])
def test_a_number_that_one_side_lacks_is_refused(tmp_path: Path, turned: bool) -> None:
    tables = ['{"f1": 0.8}', '{"auc": 0.8}'][:: -1 if turned else 1]
    rule = {"value": "f1", "max_drop": 0.1}
    where = "m.json has" if turned else "m.json at the base has"
    words = f"{where} no number f1"
    with pytest.raises(GateError, match=words):
        Judged(tmp_path)(*tables, numbers=True, name="m.json", require=[rule])


@pytest.mark.parametrize("turned", [False, True])
def test_the_way_out_depends_on_the_side_that_lacks_it(tmp_path: Path, turned: bool) -> None:
    tables = ['{"c": {"a": 0.8, "b": 0.7}}', '{"c": {"a": 0.8}}'][:: -1 if turned else 1]
    with pytest.raises(GateError, match=r"has no number c\.b, which") as raised:
        Judged(tmp_path)(*tables, numbers=True, name="m.json",
                         require=[{"value": "c.*", "max_drop": 0.1}])  # fmt: skip
    hint = "where it was given up on purpose" if turned else "let its rule have `min` or `max`"
    assert hint in (raised.value.hint or "")


def test_a_column_that_one_side_lacks_is_refused(tmp_path: Path) -> None:
    without = GOOD.replace(",prediction,", ",predicted,")
    for side, tables in (("new", (without, GOOD)), ("old", (GOOD, without))):
        (tmp_path / side).mkdir()
        with pytest.raises(GateError, match="has no column 'prediction'") as raised:
            Judged(tmp_path / side)(*tables, **COMPARED)
        assert raised.value.hint == "did you mean 'predicted'?"


def _only(found: list[Finding], rule: str) -> Finding:
    (one,) = [one for one in found if one.rule == f"model/{rule}"]
    return one


OTHER_LABELS = {
    "csv": with_row("7,0,1,0.8"),
    "text": GOOD.replace("id,label", "id,label")
    .replace(",0,0,", ",no,0,")
    .replace(",1,1,", ",yes,1,"),
}


@pytest.mark.parametrize("which", OTHER_LABELS)
@pytest.mark.parametrize("turned", [False, True])
def test_labels_that_differ_from_the_baselines_are_refused(
    tmp_path: Path, which: str, turned: bool
) -> None:
    """In whatever order the rows stand; none of the two is taken silently."""
    head, *rows = OTHER_LABELS[which].splitlines()
    old = "\n".join([head, *(reversed(rows) if turned else rows)]) + "\n"
    told, mend = {
        "csv": ("1 row with another label .* such as id", "labels = TABLE"),
        "text": (r"'label' has numbers in .* \(0\), text in .* \((no|yes)\)", "same names"),
    }[which]
    with pytest.raises(GateError, match=told) as raised:
        Judged(tmp_path)(GOOD, old, **COMPARED)
    assert mend in (raised.value.hint or "")


def test_a_baseline_without_labels_is_compared(tmp_path: Path) -> None:
    old = "id,prediction\n" + "".join(f"{i},{i % 2}\n" for i in range(100))
    assert _only(Judged(tmp_path)(GOOD, old, **COMPARED), "max-drop")


TWICE = "id,day,label,prediction\n" + "".join(f"{i},,{i % 2},{i % 2}\n" for i in range(100))


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        (GOOD.replace("\n7,", "\n8,").replace("\n50,", "\n8,"), COMPARED,
         "1 id not unique, such as 8: rows 8, 9 and 51$"),
        (HEAD + "".join(f"{i // 5},{i % 2},1,0.5\n" for i in range(100)), COMPARED,
         "20 ids not unique, such as 0, first rows 1, 2, 3$"),
        (HEAD + "".join(f",{i % 2},1,0.5\n" for i in range(100)), COMPARED,
         "100 rows without an id, first rows 1, 2, 3$"),
        (TWICE, COMPARED | {"id": ["id", "day"]}, "100 rows without an id, first rows 1, 2, 3$"),
        (GOOD, COMPARED | {"id": ["label", "prediction"]},
         "2 ids not unique, such as 0 / 0, first rows 1, 3, 5$"),
    ],
)  # fmt: skip
def test_rows_are_named(tmp_path: Path, table: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(GateError, match=words):
        Judged(tmp_path)(table, table + "\n", **options)


@pytest.mark.parametrize(
    ("changed", "words"),
    [(",1,1,0.8", "1 row without an id: row 8 of pred.csv/b.csv$"),
     ("3,1,1,0.8", "such as 3: row 4 of pred.csv/a.csv and row 8 of pred.csv/b.csv$")],
)  # fmt: skip
def test_rows_of_parts_are_named_by_their_files(tmp_path: Path, changed: str, words: str) -> None:
    judge = Judged(tmp_path)
    parts = [HEAD + "\n".join(ROWS[:10]) + "\n", HEAD + "\n".join(ROWS[10:]) + "\n"]
    for folder in (judge.head, judge.base):
        (folder / "pred.csv").mkdir()
        for name, part in zip("ab", parts, strict=True):
            (folder / "pred.csv" / f"{name}.csv").write_text(part)
    bad = parts[1].replace("\n17,1,1,0.9\n", f"\n{changed}\n")
    assert bad != parts[1]
    (judge.head / "pred.csv" / "b.csv").write_text(bad)
    with pytest.raises(GateError, match=words):
        judge(None, None, **COMPARED)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_only_python_writes_are_named(tmp_path: Path, word: str) -> None:
    lines = [f'{{"id": {i}, "label": {i % 2}, "p": 0.5}}\n' for i in range(100)]
    good = "".join(lines)
    lines[7] = lines[7].replace("0.5", word)
    with pytest.raises(GateError, match="line 8 is no JSON") as raised:
        Judged(tmp_path)("".join(lines), good, name="pred.jsonl", **SCORED)
    assert raised.value.hint == f"JSON has no {word}: write null, or a number"
