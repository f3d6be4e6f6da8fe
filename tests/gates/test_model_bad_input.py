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
GOOD = HEAD + "\n".join(ROWS) + "\n"


def with_row(row: str, at: int = 7) -> str:
    """The good table with another row in one place; an empty one leaves it out."""
    rows = [*ROWS[:at], *([row] if row else []), *ROWS[at + 1 :]]
    return HEAD + "\n".join(rows) + "\n"


EITHER: dict[str, tuple[str, dict[str, Any], str]] = {
    "missing id": (with_row(",1,1,0.8"), COMPARED, "row without an id|ids do not fit"),
    "duplicate id": (with_row("8,1,1,0.8"), COMPARED, "1 id not unique, such as 8"),
    "id on one side": (with_row(""), COMPARED, "1 id only in .*, such as 7"),
    "different test sets": (
        HEAD + "".join(f"9{row}\n" for row in ROWS),
        COMPARED,
        "made on different rows",
    ),
    "NaN score": (with_row("7,1,1,nan"), SCORED, "NaN or infinite, first in row 8"),
    "no score": (with_row("7,1,1,"), SCORED, "NaN or infinite, first in row 8"),
    "infinite score": (with_row("7,1,1,inf"), SCORED, "NaN or infinite, first in row 8"),
    "below all": (with_row("7,1,1,-inf"), SCORED, "NaN or infinite, first in row 8"),
    "NaN number": (with_row("7,1,1,nan"), NUMBERS, "NaN or infinite, first in row 8"),
    "over 1": (with_row("7,1,1,1.0001"), SCORED, "1 value outside 0 to 1, such as 1"),
    "below 0": (with_row("7,1,1,-0.1"), SCORED, "1 value outside 0 to 1, such as -0.1"),
    "prediction of no class": (
        with_row("7,1,5,0.8"), COMPARED | {"task": "multiclass", "classes": [0, 1]},
        "holds 5 in 1 row, which is none of the classes",
    ),
    "no prediction": (with_row("7,1,,0.8"), COMPARED, "without a value"),
    "text for numbers": (
        HEAD + "\n".join(f"{i},{i % 2},{'ab'[i % 2]},0.5" for i in range(100)), COMPARED,
        "of different types",
    ),
    "empty": (HEAD, COMPARED, "has no rows"),
    "nothing at all": ("", COMPARED, "has no column 'id'"),
    "row cut off": (with_row("7,1"), COMPARED, "row 9: 2 values for 4 columns"),
    "empty row": (GOOD.replace("\n7,1,1,0.8\n", "\n,,,\n"), COMPARED, "without an id|do not fit"),
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
        ("7,3,1,0.8", LABELLED, "which class is the positive one"),
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
    number = "1 row" if which == "csv" else "100 rows"
    with pytest.raises(GateError, match=rf"{number} with another label .* such as id") as raised:
        Judged(tmp_path)(GOOD, old, **COMPARED)
    assert "labels = TABLE" in (raised.value.hint or "")


def test_a_baseline_without_labels_is_compared(tmp_path: Path) -> None:
    old = "id,prediction\n" + "".join(f"{i},{i % 2}\n" for i in range(100))
    assert _only(Judged(tmp_path)(GOOD, old, **COMPARED), "max-drop")
