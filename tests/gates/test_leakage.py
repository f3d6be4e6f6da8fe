"""The `leakage` gate on real files: what splits share is found, what only looks alike is not."""

from __future__ import annotations

from typing import Any

import duckdb
import msgspec
import pytest
from tabled import Desk, parquet

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates import leakage as gate

ROW = """i AS id, 'user ' || i AS name, (i * 37) % 101 AS score, i % 2 AS label,
    DATE '2026-01-01' + (i // 10)::integer AS day"""
TABLES = {"train": "train.parquet", "test": "test.parquet"}


def split(desk: Desk, name: str, start: int, end: int, row: str = ROW, more: str = "") -> None:
    parquet(desk.folder / f"{name}.parquet", f"SELECT {row} FROM range({start}, {end}) t(i) {more}")


def stated(desk: Desk, **options: Any) -> list[Finding]:
    return desk.check(gate, "leakage", {"tables": TABLES, **options})


def failed(desk: Desk, **options: Any) -> list[tuple[str, str]]:
    return [(f.rule, f.message) for f in stated(desk, **options) if f.result is Result.FAIL]


@pytest.fixture(autouse=True)
def splits(desk: Desk) -> None:
    split(desk, "train", 0, 1000)
    split(desk, "test", 1000, 1200)


def test_clean_splits_pass_with_their_numbers(desk: Desk) -> None:
    found = stated(desk, key="id", near_duplicates=["name"], time="day", label="label",
                   ignore=["id"])  # fmt: skip
    assert {(f.rule, f.result) for f in found} == {
        (f"leakage/{rule}", Result.PASS)
        for rule in ("shared-row", "shared-key", "near-duplicate", "time-order", "giveaway")
    }
    assert all(f.measurement is not None for f in found)


def test_shared_rows_are_counted_and_named(desk: Desk) -> None:
    split(desk, "test", 995, 1200)
    assert failed(desk) == [
        ("leakage/shared-row",
         "5 of 205 rows of test are also rows of train; rows 1, 2, 3, 4, 5 of test.parquet")
    ]  # fmt: skip
    assert failed(desk, most=0.03) == []


def test_shared_keys_need_not_be_shared_rows(desk: Desk) -> None:
    split(desk, "test", 990, 1200, ROW.replace("(i * 37)", "(i * 41)"))
    assert [rule for rule, _ in failed(desk, key="id")] == ["leakage/shared-key"]
    assert failed(desk, key=("id", "score"))[0:] == []


def test_null_keys_are_no_shared_keys_and_equal_rows_may_hold_nulls(desk: Desk) -> None:
    row = "NULL::integer AS id, i AS score"
    split(desk, "train", 0, 10, row)
    split(desk, "test", 20, 30, row)
    assert failed(desk, key="id") == []
    split(desk, "test", 5, 15, row)
    assert failed(desk, key="id")[0][1].startswith("5 of 10 rows of test are also rows of train")


def test_near_duplicates_are_found_after_normalisation(desk: Desk) -> None:
    row = ROW.replace("'user ' || i", "' USÉR-' || (i - 1000) || '!'").replace(
        "i AS id", "-i AS id"
    )
    split(desk, "test", 1000, 1010, row)
    assert failed(desk) == []
    ((rule, said),) = failed(desk, near_duplicates=["name"])
    assert rule == "leakage/near-duplicate"
    assert "10 of 10 rows of test nearly repeat rows of train by name" in said


def test_texts_of_which_nothing_is_left_are_not_alike(desk: Desk) -> None:
    row = "i AS id, '--' AS name"
    split(desk, "train", 0, 10, row)
    split(desk, "test", 20, 30, row)
    assert failed(desk, near_duplicates=["name"]) == []


def test_a_tie_on_the_boundary_day_is_no_leak(desk: Desk) -> None:
    split(desk, "train", 0, 1005)  # the first five rows of the test split's first day
    split(desk, "test", 1005, 1200)
    assert failed(desk, time="day") == []
    split(desk, "train", 0, 1011)
    split(desk, "test", 1020, 1200)
    assert failed(desk, time="day") == []
    split(desk, "test", 995, 999)
    ((rule, said),) = failed(desk, time="day", rows=False)
    assert rule == "leakage/time-order"
    assert said.startswith(
        "11 rows of 1,011 of train are later than the begin of test (2026-04-10)"
    )


def test_three_splits_are_compared_two_by_two(desk: Desk) -> None:
    split(desk, "late", 999, 1001)
    found = failed(desk, tables={**TABLES, "late": "late.parquet"})
    assert [said.partition(";")[0] for _, said in found] == [
        "1 of 2 rows of late are also rows of train",
        "1 of 2 rows of late are also rows of test",
    ]


@pytest.mark.parametrize(
    "feature",
    [
        "CASE WHEN label = 1 THEN 'churned' ELSE 'stays' END",
        "label * 10 + (id % 7) * 0.5",
        "CASE WHEN label = 1 THEN NULL ELSE 1 + id % 3 END",
        "label = 1",
    ],
)
def test_a_feature_that_gives_the_label_away_is_found(desk: Desk, feature: str) -> None:
    query = f"SELECT *, {feature} AS hint FROM (SELECT {ROW} FROM range(1000) t(i))"
    parquet(desk.folder / "train.parquet", query)
    ((rule, said),) = failed(desk, label="label")
    assert rule == "leakage/giveaway"
    assert said.startswith("hint alone gives label away: it avoids 100.0% of the errors")
    assert failed(desk, label="label", ignore=["hint"]) == []


def test_a_different_value_in_every_row_gives_nothing_away(desk: Desk) -> None:
    found = [f for f in stated(desk, label="label", ignore=["id"]) if "giveaway" in f.rule]
    assert [f.result for f in found] == [Result.PASS]


def test_a_label_that_is_none_has_errored(desk: Desk) -> None:
    with pytest.raises(GateError, match="no class label"):
        stated(desk, label="id")
    with pytest.raises(GateError, match="no column nowhere"):
        stated(desk, label="nowhere")
    with pytest.raises(GateError, match="do not both have"):
        stated(desk, key="nowhere")
    split(desk, "test", 0, 0)
    with pytest.raises(GateError, match="no rows"):
        stated(desk)


def test_colliding_hashes_are_no_shared_rows(desk: Desk) -> None:
    """Two different texts that the engine's hash cannot tell apart."""
    one, two = "u1@example.com1000683298", "u1@example.com1900683293"
    parquet(desk.folder / "train.parquet", f"SELECT '{one}' AS name")
    parquet(desk.folder / "test.parquet", f"SELECT '{two}' AS name")
    with duckdb.connect() as connection:
        query = f"SELECT hash('{one}') = hash('{two}')"
        alike = connection.execute(query).fetchall()[0][0]
    assert alike, "find another pair: this engine's hash has changed"
    assert failed(desk, key="name") == []
    parquet(desk.folder / "test.parquet", f"SELECT unnest(['{two}', '{one}']) AS name")
    ((_, said),) = failed(desk, key="name", rows=False)
    assert said.startswith("1 of 2 rows")


def test_types_that_differ_are_compared_by_value(desk: Desk) -> None:
    parquet(desk.folder / "train.parquet", "SELECT i::integer AS id FROM range(10) t(i)")
    parquet(desk.folder / "test.parquet", "SELECT i::double AS id FROM range(8, 18) t(i)")
    assert failed(desk)[0][1].startswith("2 of 10 rows")


def test_unchanged_splits_are_not_compared_again(desk: Desk) -> None:
    first = stated(desk, key="id")
    desk.asked.clear()
    assert stated(desk, key="id") == first
    assert desk.asked == []


def test_options_that_ask_nothing_are_refused() -> None:
    for options in ({"tables": {"a": "a"}}, {"tables": TABLES, "rows": False}, {"tables": {}}, {}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(options, gate.Options)
