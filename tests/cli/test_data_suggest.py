"""`mlgate data suggest`: what it writes passes as it stands, and leaves room."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tabled import Desk, parquet

from mlgate.cli import _data_suggest
from mlgate.core.words import Result
from mlgate.gates import data as gate
from mlgate.tables._where import in_work_tree
from mlgate.tables.profile import profile

QUERY = """SELECT i AS id, CASE WHEN i % 50 = 0 THEN NULL ELSE 20 + i % 60 END::smallint AS age,
    exp(i % 9)::double - 3 AS amount, 'p' || i % 4 AS plan, 'user ' || i AS "na""me", [i] AS more,
    CASE WHEN i % 100 = 3 THEN 'nan'::double ELSE i * -0.001 END AS odd, NULL::integer AS gone,
    (i * 0.01)::decimal(9,2) AS paid, TIMESTAMP '2026-01-01' + INTERVAL (i) MINUTE AS ts,
    DATE '2026-01-01' AS day, i % 2 = 0 AS label, 7 AS constant, uuid() AS token
    FROM range(3000) t(i)"""


def suggested(desk: Desk, name: str) -> tuple[str, dict[str, Any]]:
    table = in_work_tree(str(desk.folder), name)
    text = "\n".join(_data_suggest.lines(desk, table, profile(desk, table), name))
    (options,) = tomllib.loads(text)["gates"].values()
    assert options.pop("kind") == "data"
    return text, options


def test_what_is_suggested_passes(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", QUERY)
    text, options = suggested(desk, "t.parquet")
    found = desk.check(gate, "data", options)
    assert [f.message for f in found if f.result is not Result.PASS] == []
    assert len(found) > 20
    assert options["rows"] == {"min": 1500}
    assert options["unique"] == ["id"]
    columns = options["columns"]
    assert columns["age"] == {"type": "integer", "nulls": {"max": 0.04}, "between": [5, 94]}
    assert columns["plan"] == {"type": "string", "nulls": {"max": 0},
                               "values": ["p0", "p1", "p2", "p3"]}  # fmt: skip
    assert "values" not in columns['na"me']
    assert columns["id"]["between"][0] == 0
    assert "# fresh" in text and "# mean" in text


def test_what_is_commented_out_is_policy_too(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", QUERY)
    text, _ = suggested(desk, "t.parquet")
    for line in text.splitlines():
        if line.startswith("# ") and " = " in line:
            tomllib.loads(line.removeprefix("# "))


@settings(max_examples=15, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=True), st.floats(-9, 9)), min_size=1))
def test_bounds_hold_whatever_the_numbers(desk: Desk, values: list[float | None]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"x": pa.array(values, pa.float64())}), desk.folder / "t.parquet")
    _, options = suggested(desk, "t.parquet")
    found = desk.check(gate, "data", options)
    assert [f.message for f in found if f.result is not Result.PASS] == []


def test_the_command_names_the_table_from_the_root(
    mlgate: Callable[..., Any], git: Callable[..., str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (tmp_path / "data").mkdir()
    parquet(tmp_path / "data" / "train.parquet", QUERY)
    monkeypatch.chdir(tmp_path / "data")
    ran = mlgate("data", "suggest", "train.parquet")
    assert ran.code == 0
    assert tomllib.loads(ran.out)["gates"]["train"]["table"] == "data/train.parquet"
    (tmp_path / "mlgate.toml").write_text(ran.out)
    ended = mlgate("check")
    assert ended.code == 0, ended


@pytest.mark.parametrize("nulls", [1, 5, 300, 800, 990, 999])
def test_shares_of_nulls_leave_room_and_forbid_something(desk: Desk, nulls: int) -> None:
    query = "SELECT CASE WHEN i < {} THEN NULL ELSE i % 2 END AS x FROM range(1000) t(i)"
    parquet(desk.folder / "t.parquet", query.format(nulls))
    _, options = suggested(desk, "t.parquet")
    share, column = nulls / 1000, options["columns"]["x"]
    error = (share * (1 - share) / 1000) ** 0.5
    assert ("nulls" in column) is (share + 4 * error < 1)
    assert share + 3 * error <= column.get("nulls", {"max": 2})["max"] != 1
    assert column["between"] == [0, 1] or nulls == 999


def test_room_is_on_both_sides() -> None:
    assert _data_suggest._up(1234.0) == 1300
    assert _data_suggest._up(-1234.0) == -1200
    assert _data_suggest._down(1999) == 1900
