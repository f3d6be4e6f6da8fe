"""The `data` gate on real files: what it finds, what it states, what it refuses to judge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tabled import Desk, parquet

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Level, Result
from mlgate.gates import data as gate

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ROWS = """
    SELECT i AS id, i % 2 AS label, (i * 7) % 50 + 18 AS age, i * 0.5::double AS amount,
        'p' || (i % 3) AS plan, 'u' || i || '@example.com' AS email,
        TIMESTAMP '2026-01-30 00:00:00' + INTERVAL (i) MINUTE AS ts, i AS paid, i + 1 AS price
    FROM range(200) t(i)
"""


@pytest.fixture
def table(desk: Desk) -> Path:
    return parquet(desk.folder / "t.parquet", ROWS)


def judged(desk: Desk, **options: Any) -> list[Finding]:
    options.setdefault("table", "t.parquet")
    return desk.check(gate, "data", options, now=NOW)


def failed(desk: Desk, **options: Any) -> list[tuple[str, str]]:
    found = judged(desk, **options)
    return [(f.rule, f.message) for f in found if f.result is Result.FAIL]


GOOD: dict[str, Any] = {
    "rows": {"min": 200, "max": 200},
    "columns": {
        "id": {"type": "integer", "nulls": {"max": 0}, "unique": True,
               "monotonic": "strictly-increasing"},
        "age": {"between": [18, 67], "distinct": {"min": 50, "max": 50}},
        "amount": {"type": "float", "mean": [49.7, 49.8], "stdev": [28.9, 29],
                   "quantiles": {"0.5": [49.5, 49.5], "0.95": {"max": 94.5}}},
        "plan": {"values": ["p0", "p1", "p2"], "most_common": {"max": 0.34}, "length": [2, 2]},
        "email": {"regex": "^[^@]+@example.com$"},
        "ts": {"type": "timestamp", "between": ["2026-01-30", "2026-01-31"]},
    },
    "unique": ["id", ["plan", "id"]],
    "conditions": [{"expression": "paid <= price"}],
    "fresh": {"column": "ts", "max_age": "2d"},
}  # fmt: skip


def test_a_table_that_keeps_every_rule_passes_with_its_numbers(desk: Desk, table: Path) -> None:
    found = judged(desk, **GOOD)
    assert [f.message for f in found if f.result is not Result.PASS] == []
    assert {f.rule for f in found} >= {
        "data/rows", "data/nulls", "data/unique", "data/monotonic", "data/between", "data/values",
        "data/distinct", "data/mean", "data/stdev", "data/quantile", "data/regex", "data/length",
        "data/most-common", "data/condition", "data/fresh",
    }  # fmt: skip
    for one in found:
        assert one.rule == "data/origin" or one.measurement is not None
        assert one.level is Level.NOTE


@pytest.mark.parametrize(
    ("options", "rule", "says"),
    [
        ({"rows": {"min": 201}}, "rows", "200 rows, must be at least 201"),
        ({"rows": {"max": 199}}, "rows", "must be 1 to 199"),
        ({"columns": {"age": {"between": [19, 66]}}}, "between", "8 of 200 (4 %) outside 19 to 66"),
        ({"columns": {"plan": {"values": ["p0", "p1"]}}}, "values", "66 of 200 (33 %) not among"),
        ({"columns": {"email": {"regex": "^u1"}}}, "regex", "without ^u1"),
        ({"columns": {"email": {"length": [1, 14]}}}, "length", "not of 1 to 14 characters"),
        ({"columns": {"plan": {"unique": True}}}, "unique", "197 rows of 200 repeat"),
        ({"unique": [["plan", "label"]]}, "unique", "plan + label: 194 rows"),
        ({"columns": {"amount": {"mean": [0, 49.7]}}}, "mean", "mean 49.75, must be 0 to 49.7"),
        ({"columns": {"amount": {"stdev": {"max": 1}}}}, "stdev", "at most 1"),
        ({"columns": {"amount": {"quantiles": {"0.5": [0, 49.4]}}}}, "quantile", "is more"),
        ({"columns": {"amount": {"quantiles": {"0.5": [49.6, 99]}}}}, "quantile", "is less"),
        ({"columns": {"age": {"monotonic": "increasing"}}}, "monotonic", "break the order"),
        ({"columns": {"id": {"monotonic": "decreasing"}}}, "monotonic", "199 of 200"),
        ({"columns": {"plan": {"distinct": {"max": 2}}}}, "distinct", "3 different values"),
        ({"columns": {"plan": {"most_common": {"max": 0.3}}}}, "most-common", "33.5 %"),
        ({"conditions": [{"expression": "paid > 3"}]}, "condition", "4 of 200 (2 %) break it"),
        ({"columns": {"age": {"nulls": {"min": 0.1}}}}, "nulls", "0 % null, must be at least"),
        ({"fresh": {"column": "ts", "max_age": "1d"}}, "fresh", "1.4 days old"),
        ({"columns": {"id": {"type": "string"}}}, "schema", "id is integer (BIGINT)"),
        ({"columns": {"ide": {}}}, "schema", "there is no column ide"),
        ({"columns": {"id": {}}, "columns_exact": True}, "schema", "label is not expected"),
        ({"columns": {"age": {}, "id": {}}, "ordered": True}, "schema", "another order, from id"),
        ({"columns": {"id": {"regex": "a"}}}, "regex", "id is integer, not text"),
        ({"columns": {"plan": {"between": [1, 2]}}}, "between", "must be given as texts"),
        ({"columns": {"email": {"mean": [0, 1]}}}, "mean", "not a number"),
        ({"unique": ["ide"]}, "unique", "there is no column ide"),
        ({"volume": {"column": "ts", "min": 500, "partial": False}}, "volume", "2026-01-30"),
        ({"balance": [{"group": "plan", "label": "label", "share": {"min": 0.332}}]},
         "balance", "plan p2: 33 % of the rows"),
        ({"balance": [{"group": "plan", "label": "label", "rate": {"max": 0.4}}]},
         "balance", "label is 1 for 50"),
    ],
)  # fmt: skip
def test_each_rule_finds_what_breaks_it(
    desk: Desk, table: Path, options: dict[str, Any], rule: str, says: str
) -> None:
    found = failed(desk, **options)
    assert {code for code, _ in found} == {f"data/{rule}"}
    assert any(says in message for _, message in found), found


def test_rows_that_break_a_rule_are_named_by_number_and_key(desk: Desk, table: Path) -> None:
    (found,) = failed(desk, columns={"amount": {"between": [1, 98]}}, key="id")
    assert found[1].endswith(
        "; rows 1 (id 0), 2 (id 1), 198 (id 197), 199 (id 198), 200 (id 199) …"
    )


def in_two_files(folder: Path, suffix: str) -> None:
    """Values out of order in both files; null, NaN and what is odd are not looked at."""
    values = ("(1.0), (5.0), (NULL), (4.0)", "(6.0), (3.0), ('NaN'::double), (9.0), (7.0), (1.0)")
    for name, listed in zip("ab", values, strict=True):
        query = f"SELECT a::double AS a, a = 9 AS odd FROM (VALUES {listed}) t(a)"
        parquet(folder / "parts" / f"{name}.{suffix}", query)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize(
    ("order", "rows"),
    [
        ("increasing", ["row 4", "rows 2, 6"]),
        ("strictly-increasing", ["row 4", "rows 2, 6"]),
        ("decreasing", ["rows 2, 4", "rows 1, 2, 5 …"]),
    ],
)
def test_rows_that_break_an_order_are_named(
    desk: Desk, order: str, rows: list[str], suffix: str
) -> None:
    in_two_files(desk.folder, suffix)
    rule = {"monotonic": order, "filter": "odd IS DISTINCT FROM true"}
    found = dict(failed(desk, table="parts", columns={"a": rule}))["data/monotonic"]
    wanted = "; ".join(
        ["", *(f"parts/{one}.parquet {n}" for one, n in zip("ab", rows, strict=True))]
    )
    if suffix == "csv":  # rows are numbered through
        wanted = "; rows 2, 4, 5, 6, 9 …" if order == "decreasing" else "; rows 4, 6, 10"
    assert found.endswith(wanted)


def test_rows_that_a_join_finds_come_in_the_order_of_the_files(desk: Desk) -> None:
    for name, first in (("a", 0), ("b", 500_000)):
        ids = f"SELECT {first} + i // 2 AS id FROM range(400000) t(i)"
        parquet(desk.folder / "parts" / f"{name}.parquet", ids)
    (found,) = failed(desk, table="parts", columns={"id": {"unique": True}})
    assert found[1].endswith("; parts/a.parquet rows 1, 2, 3, 4, 5 …")


def test_ties_break_a_strict_order_only(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", "SELECT (i // 2)::varchar AS a FROM range(5) t(i)")
    assert not failed(desk, columns={"a": {"monotonic": "increasing"}})
    (found,) = failed(desk, columns={"a": {"monotonic": "strictly-increasing"}})
    assert found[1].endswith("; rows 2, 4")


def test_examples_never_hold_the_value(desk: Desk, table: Path) -> None:
    ((_, message),) = failed(desk, columns={"email": {"regex": "nothing"}})
    assert "rows 1, 2, 3, 4, 5 …" in message
    assert "@example.com" not in message


def test_mostly_leaves_room(desk: Desk, table: Path) -> None:
    rule = {"between": [19, 66], "mostly": 0.96}
    assert failed(desk, columns={"age": rule}) == []
    (found,) = failed(desk, columns={"age": {**rule, "mostly": 0.961}})
    assert "3.9 % may be" in found[1]


def test_a_filter_narrows_every_check(desk: Desk, table: Path) -> None:
    rule = {"column": "plan", "values": ["p1"], "filter": "id % 3 = 1", "nulls": {"max": 0}}
    assert failed(desk, rules=[rule]) == []
    (found,) = failed(desk, rules=[{**rule, "filter": "id % 3 < 2"}])
    assert "plan where id % 3 < 2: 67 of 134" in found[1]


@pytest.mark.parametrize(
    "expression",
    [
        "paid > 3; DROP TABLE x",
        "paid > 3, price > 2",
        "paid > 3) OR (1 = 1",
        "paid IN (SELECT 1)",
        "random() > 0.5",
        "now() > ts",
        "current_date > ts",
        "count(*) > 1",
        "sum(paid) OVER () > 1",
        "getenv('HOME') = 'x'",
        "read_text('/etc/passwd') = 'x'",
        "nowhere > 1",
        "paid > 3 --",
        "COLUMNS(*) > 0",
        "paid > ?",
        "paid > 1 AS x",
        "",
    ],
)
def test_a_condition_that_is_not_one_pure_expression_is_refused(
    desk: Desk, table: Path, expression: str
) -> None:
    if not expression:
        with pytest.raises(msgspec.ValidationError):
            failed(desk, conditions=[{"expression": expression}])
        return
    if expression == "paid > 3 --":  # a comment is no harm: it stays inside the brackets
        assert failed(desk, conditions=[{"expression": expression}])[0][0] == "data/condition"
        return
    for options in (
        {"conditions": [{"expression": expression}]},
        {"rules": [{"column": "id", "nulls": {"max": 0}, "filter": expression}]},
    ):
        with pytest.raises(GateError, match="condition"):
            failed(desk, **options)


def test_unknown_conditions_are_counted_apart(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", "SELECT unnest([1, NULL, 3]) AS a")
    (found,) = [f for f in judged(desk, conditions=[{"expression": "a > 0"}])
                if f.rule == "data/condition"]  # fmt: skip
    assert (found.result, found.measurement.n) == (Result.PASS, 2)  # type: ignore[union-attr]
    assert "unknown for 1" in found.message


def test_nan_and_infinity_are_no_numbers_and_no_nulls(desk: Desk) -> None:
    parquet(
        desk.folder / "t.parquet",
        "SELECT unnest([1.0, NULL, 'nan'::double, 'inf'::double])::double AS a",
    )
    assert failed(desk, columns={"a": {"nulls": {"max": 0.25}}}) == [
        ("data/not-finite", "a: 50 % NaN or infinite, must be at most 0 % (2 of 4); rows 3, 4")
    ]
    allowed = {"not_finite": {"max": 0.5}}
    assert failed(desk, columns={"a": {**allowed, "nulls": {"max": 0.25}}}) == []
    ((_, said),) = failed(desk, columns={"a": {**allowed, "between": [0, 1]}})
    assert "1 of 2 (50 %) outside 0 to 1; rows 4" in said


def test_an_empty_table_never_passes(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", "SELECT 1 AS a WHERE false")
    assert [rule for rule, _ in failed(desk, columns={"a": {"nulls": {"max": 0}}})] == ["data/rows"]
    assert failed(desk, rows={"min": 0}) == []


def test_freshness(desk: Desk, table: Path) -> None:
    fresh = {"column": "ts", "max_age": "36h"}
    assert failed(desk, fresh=fresh) == []
    late = desk.check(gate, "data", {"table": "t.parquet", "fresh": fresh},
                      now=NOW + timedelta(hours=12))  # fmt: skip
    assert [f.rule for f in late if f.result is Result.FAIL] == ["data/fresh"]
    early = desk.check(gate, "data", {"table": "t.parquet", "fresh": fresh},
                       now=NOW - timedelta(days=9))  # fmt: skip
    assert ["in the future" in f.message for f in early if f.result is Result.FAIL] == [True]


def test_times_without_any_value_are_not_fresh(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", "SELECT NULL::timestamp AS ts")
    (found,) = failed(desk, fresh={"column": "ts", "max_age": "7d"})
    assert "the age is unknown" in found[1]


def test_volume_counts_days_without_rows(desk: Desk) -> None:
    days = "SELECT DATE '2026-01-01' + unnest([0, 1, 1, 3, 4])::integer AS d"
    parquet(desk.folder / "t.parquet", days)
    ((_, said),) = failed(desk, volume={"column": "d", "min": 1})
    assert "1 day of 3 without at least 1 rows; worst is 2026-01-03 with 0" in said
    assert failed(desk, volume={"column": "d", "min": 0, "max": 2}) == []


def test_in_table(desk: Desk, table: Path) -> None:
    parquet(desk.folder / "plans.parquet", "SELECT unnest(['p0', 'p1', 'p2']) AS name")
    given = {"table": "plans.parquet", "column": "name"}
    assert failed(desk, columns={"plan": {"in_table": given}}) == []
    parquet(desk.folder / "plans.parquet", "SELECT unnest(['p0', 'p1', NULL]) AS name")
    ((rule, said),) = failed(desk, columns={"plan": {"in_table": given}})
    assert rule == "data/in-table"
    assert "66 of 200 (33 %) not in name of plans.parquet" in said
    with pytest.raises(GateError, match=r"no table gone\.parquet"):
        failed(desk, columns={"plan": {"in_table": {**given, "table": "gone.parquet"}}})


def test_balance_leaves_small_groups_open_and_finds_the_gap(desk: Desk) -> None:
    query = """SELECT CASE WHEN i < 100 THEN 'a' WHEN i < 200 THEN 'b' ELSE 'c' END AS g,
        i % 2 = 0 OR i < 50 AS y FROM range(210) t(i)"""
    parquet(desk.folder / "t.parquet", query)
    given = {"group": "g", "label": "y", "positive": True, "max_gap": 0.2}
    found = [f for f in judged(desk, balance=[given]) if f.rule == "data/balance"]
    assert [(f.result, f.message) for f in found] == [
        (Result.OPEN, "g c: 10 labelled rows are too few for a rate"),
        (Result.FAIL, "y by g: 50 % in b, 75 % in a; at most 20 % may be between"),
    ]


def test_the_base_is_compared_with(desk: Desk, table: Path) -> None:
    base = desk.elsewhere("base")
    parquet(base.folder / "t.parquet", "SELECT i AS id, 'p0' AS plan, i % 2 AS label"
            " FROM range(160) t(i)")  # fmt: skip
    rows = {"rows": {"max_change": 0.2}}
    found = desk.check(gate, "data", {"table": "t.parquet", **rows}, base=base.subject)
    assert [f.message for f in found if f.result is Result.FAIL] == [
        "200 rows, +25.0% against the base's 160; at most 20.0% may change"
    ]
    none = desk.check(gate, "data", {"table": "t.parquet", **rows}, base=None)
    assert [f.result for f in none if "unknown" in f.message] == [Result.OPEN]
    given = [{"group": "plan", "label": "label", "max_change": 0.1}]
    found = desk.check(gate, "data", {"table": "t.parquet", "balance": given}, base=base.subject)
    assert "plan p0: share 33.5 %, in the base 100 %" in [
        f.message for f in found if f.result is Result.FAIL
    ]


def test_options_that_cannot_hold_are_refused() -> None:
    for options in (
        {"table": "t", "columns": {"a": {"between": [2, 1]}}},
        {"table": "t", "columns": {"a": {"between": [2, "x"]}}},
        {"table": "t", "columns": {"a": {"quantiles": {"95": [0, 1]}}}},
        {"table": "t", "columns": {"a": {"nulls": {}}}},
        {"table": "t", "columns": {"a": {"nulls": {"max": 2}}}},
        {"table": "t", "columns_exact": True},
        {"table": "t", "column": {}},
        {},
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(options, gate.Options)
