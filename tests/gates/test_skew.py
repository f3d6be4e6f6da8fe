"""The `skew` gate on real files: rows joined by key, and what differs between them."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tabled import Desk, parquet

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates import skew as gate

ROW = "i AS id, i % 50 AS age, i * 0.25 AS amount, 'p' || i % 3 AS plan"


def stated(desk: Desk, **options: Any) -> list[Finding]:
    given = {"table": "train.parquet", "against": "served.parquet", "key": "id", **options}
    return desk.check(gate, "skew", given)


def failed(desk: Desk, **options: Any) -> list[tuple[str, str]]:
    return [(f.rule, f.message) for f in stated(desk, **options) if f.result is Result.FAIL]


def served(desk: Desk, row: str = ROW, rows: str = "range(999, -1, -1)", more: str = "") -> None:
    parquet(desk.folder / "served.parquet", f"SELECT {row} FROM {rows} t(i) {more}")


@pytest.fixture(autouse=True)
def tables(desk: Desk) -> None:
    parquet(desk.folder / "train.parquet", f"SELECT {ROW} FROM range(1000) t(i)")
    served(desk)


def test_equal_rows_in_another_order_pass_with_numbers(desk: Desk) -> None:
    found = stated(desk)
    assert {(f.rule, f.result) for f in found} == {
        ("skew/matched", Result.PASS), ("skew/value", Result.PASS),
    }  # fmt: skip
    assert [f.measurement.n for f in found if f.measurement] == [1000] * 4


def test_what_differs_is_told_by_column(desk: Desk) -> None:
    served(
        desk,
        """i AS id, CASE WHEN i % 10 = 0 THEN NULL ELSE i % 50 END AS age,
        i * 0.25 + CASE WHEN i < 100 THEN 2 ELSE 0 END AS amount, upper('p') || i % 3 AS plan""",
    )
    assert failed(desk) == [
        ("skew/value", "age: 10 % of the rows differ (100 of 1,000); at most 0 % may; null in"
         " serving only 100"),
        ("skew/value", "amount: 10 % of the rows differ (100 of 1,000); at most 0 % may; serving is"
         " +0.2 on average, at most 2 apart"),
        ("skew/value", "plan: 100 % of the rows differ (1,000 of 1,000); at most 0 % may"),
    ]  # fmt: skip
    assert failed(desk, max_share=0.1, ignore=["plan"]) == []
    assert failed(desk, shares={"amount": 0.1}, columns=["amount"]) == []


def test_a_difference_may_be_small(desk: Desk) -> None:
    served(desk, ROW.replace("i * 0.25", "(i * 0.25)::float + 0.001"))
    assert [rule for rule, _ in failed(desk)] == ["skew/value"]
    assert failed(desk, absolute=0.002) == []
    served(desk, ROW.replace("i * 0.25", "i * 0.25 * 1.0000001::double"))
    assert failed(desk) == []
    assert len(failed(desk, relative=0.0)) == 1


def test_columns_may_be_called_otherwise(desk: Desk) -> None:
    served(desk, ROW.replace("AS age", "AS feature_age"))
    assert failed(desk) == [("skew/schema", "age is missing in served.parquet")]
    assert failed(desk, names={"age": "feature_age"}) == []


def test_a_type_that_differs_is_told(desk: Desk) -> None:
    served(desk, ROW.replace("i % 50 AS age", "(i % 50)::varchar AS age"))
    assert failed(desk) == [
        ("skew/schema", "age is string in served.parquet, integer in train.parquet")
    ]
    served(desk, ROW.replace("i AS id", "i::varchar AS id"))
    assert [rule for rule, _ in failed(desk)] == ["skew/schema"]


def test_rows_without_a_counterpart(desk: Desk) -> None:
    served(desk, rows="range(900, 1100)")
    assert failed(desk) == [
        ("skew/matched",
         "100 of 200 rows of served.parquet have a counterpart in train.parquet; 99 % must")
    ]  # fmt: skip
    assert failed(desk, min_matched=0.5) == []
    served(desk, rows="range(5000, 5100)")
    with pytest.raises(GateError, match="nothing is judged"):
        stated(desk)


def test_repeated_and_null_keys_are_not_compared(desk: Desk) -> None:
    served(desk, rows="(SELECT unnest([1, 1, 2, 3, NULL]))")
    found = failed(desk, min_matched=0.0)
    assert found == [
        ("skew/key", "2 rows of served.parquet share their key with others, and are not compared")
    ]
    assert "2 of 5 rows" in next(f.message for f in stated(desk) if f.rule == "skew/matched")


def test_a_key_of_several_columns(desk: Desk) -> None:
    assert failed(desk, key=["id", "plan"]) == []


def test_a_name_that_is_nowhere_has_errored(desk: Desk) -> None:
    for option in ({"columns": ["aeg"]}, {"names": {"aeg": "x"}}, {"shares": {"aeg": 0.5}}):
        with pytest.raises(GateError, match="no column aeg"):
            stated(desk, **option)
    with pytest.raises(GateError, match="no column to compare"):
        stated(desk, columns=["id"])


def test_nan_and_infinities(desk: Desk) -> None:
    odd = [1.0, math.nan, math.nan, math.inf, math.inf, None, 7.0]
    seen = [1.0, math.nan, 2.0, math.inf, -math.inf, math.nan, math.nan]
    for name, values in (("train", odd), ("served", seen)):
        pq.write_table(pa.table({"id": range(7), "x": values}), desk.folder / f"{name}.parquet")
    (found,) = [f.message for f in stated(desk) if f.rule == "skew/value"]
    assert "(4 of 7)" in found and "null in training only 1" in found


def test_an_equal_question_is_answered_by_the_store(desk: Desk) -> None:
    """By `tables.pairs`, which knows both tables by their content."""
    stated(desk)
    asked = len(desk.asked)
    stated(desk)
    assert all(one["type"] != "skew" for one in desk.asked[asked:])
