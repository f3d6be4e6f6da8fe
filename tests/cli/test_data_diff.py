"""`mlgate data diff`: what it says of two tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tabled import parquet


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parquet(tmp_path / "a.parquet", """SELECT i AS id, i % 100 AS age, 'p' || i % 2 AS plan,
        i AS gone, i AS kind, DATE '2026-01-01' AS day, [i] AS more, i * 1.5 AS same
        FROM range(1000) t(i)""")  # fmt: skip
    parquet(
        tmp_path / "b.parquet",
        """SELECT i AS id,
        CASE WHEN i % 4 = 0 THEN NULL ELSE 50 + i % 100 END AS age,
        CASE WHEN i % 10 < 2 THEN 'p0' ELSE 'p1' END AS plan, i::varchar AS kind, i AS fresh,
        DATE '2026-01-01' AS day, [i] AS more, i * 1.5 AS same FROM range(1200) t(i)""",
    )


def test_it_shows_what_differs(mlgate: Callable[..., Any]) -> None:
    ran = mlgate("data", "diff", "a.parquet", "b.parquet")
    assert ran.code == 0, ran.err
    rows = {line.split()[0]: line for line in ran.out.splitlines() if line.strip()}
    assert "1,000 → 1,200 rows (+20.0%)" in ran.out
    assert "0.00% → 25.00%" in rows["age"]
    assert "0.3000 (p1)" in rows["plan"]
    assert "- integer" in rows["gone"] and "+ integer" in rows["fresh"]
    assert "integer → string" in rows["kind"]


def test_it_writes_json(mlgate: Callable[..., Any]) -> None:
    ran = mlgate("data", "diff", "a.parquet", "b.parquet", "--format", "json")
    found = {column["name"]: column for column in json.loads(ran.out)["columns"]}
    assert found["id"]["distance"] == pytest.approx(1 / 6)
    assert found["same"]["distance"] == pytest.approx(1 / 6)
    assert found["more"]["nulls"] == [0.0, 0.0] and found["more"]["distance"] is None
    assert found["fresh"]["before"] is None
    for side in found["age"]["shares"]:
        assert sum(side) == pytest.approx(1)


def test_equal_tables_do_not_differ(mlgate: Callable[..., Any]) -> None:
    ran = mlgate("data", "diff", "a.parquet", "a.parquet", "--format", "json")
    assert {c["distance"] for c in json.loads(ran.out)["columns"]} == {0.0, None}


def test_what_has_not_changed_is_said_in_few_words(mlgate: Callable[..., Any]) -> None:
    out = mlgate("data", "diff", "a.parquet", "a.parquet").out
    assert "1,000 rows in both" in out and "%" not in out and "(p" not in out


def test_few_more_rows_are_counted(mlgate: Callable[..., Any], tmp_path: Path) -> None:
    for name, rows in (("a", 100_000), ("b", 100_002)):
        parquet(tmp_path / f"{name}.parquet", f"SELECT i AS id FROM range({rows}) t(i)")
    assert "100,002 rows (+2)" in mlgate("data", "diff", "a.parquet", "b.parquet").out


def test_an_empty_table_is_no_error(mlgate: Callable[..., Any], tmp_path: Path) -> None:
    parquet(tmp_path / "none.parquet", "SELECT 1 AS id WHERE false")
    ran = mlgate("data", "diff", "a.parquet", "none.parquet")
    assert ran.code == 0 and "1,000 → 0 rows" in ran.out


def test_a_table_that_is_not_there_is_named(mlgate: Callable[..., Any]) -> None:
    ran = mlgate("data", "diff", "a.parquet", "gone.parquet")
    assert ran.code == 3 and "gone.parquet" in ran.err
