"""`mlgate data profile`: what it shows of a table, and what it says where it cannot."""

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
    monkeypatch.setenv("COLUMNS", "100")
    query = """SELECT i AS id, CASE WHEN i % 4 = 0 THEN NULL ELSE i END AS half,
        'p' || i % 2 AS plan,
        DATE '2026-01-01' + i::integer AS day, [i] AS more FROM range(100) t(i)"""
    parquet(tmp_path / "t.parquet", query)


def test_it_shows_every_column(mlgate: Callable[..., Any]) -> None:
    ran = mlgate("data", "profile", "t.parquet")
    assert ran.code == 0
    lines = {line.split()[0]: line for line in ran.out.splitlines() if line.strip()}
    assert "100 rows, 5 columns" in lines["t.parquet:"]
    assert "0 to 99, mean 49.5 ± 29.01" in lines["id"]
    assert "25.00%" in lines["half"]
    assert "p0 50.0%, p1 50.0%" in lines["plan"]
    assert "2026-01-01 to 2026-04-10" in lines["day"]
    assert "nested" in lines["more"]


def test_what_is_estimated_is_marked(mlgate: Callable[..., Any], tmp_path: Path) -> None:
    parquet(tmp_path / "t.parquet", """SELECT i AS many, i % 3 AS few, i % 3 = 7 AS never,
        i = 5 AS rare, 7 AS same FROM range(100_001) t(i)""")  # fmt: skip
    ran = mlgate("data", "profile", "t.parquet")
    lines = {line.split()[0]: line.split() for line in ran.out.splitlines() if line.strip()}
    many = lines["many"][3]
    assert many.startswith("~") and abs(int(many[1:].replace(",", "")) - 100_001) <= 16_000
    assert lines["few"][3] == "3" and lines["rare"][3] == "2"
    assert lines["never"][3:] == ["1", "false", "100.0%"]
    assert lines["rare"][4:] == ["false", ">99.9%,", "true", "<0.1%"]
    assert lines["same"][-2:] == ["always", "7"]
    assert "standard error of 4 %" in ran.out
    parquet(tmp_path / "t.parquet", "SELECT i AS many FROM range(99_999) t(i)")
    told = mlgate("data", "profile", "t.parquet").out
    assert "99,999  " in told and "estimated" not in told


def test_long_names_and_numbers_leave_room(tmp_path: Path, mlgate: Callable[..., Any]) -> None:
    long = "a_feature_of_the_store__" * 4 + "mean_30d"
    parquet(tmp_path / "t.parquet", f"SELECT 1e300 * i AS {long} FROM range(9) t(i)")
    out = mlgate("data", "profile", "t.parquet").out
    assert "8e+300" in out and max(map(len, out.splitlines())) <= 100
    name = next(line.split()[0] for line in out.splitlines() if line.startswith("a_fe"))
    assert len(name) <= 21 and name.endswith("ean_30d")


def test_it_writes_json(mlgate: Callable[..., Any]) -> None:
    found = json.loads(mlgate("data", "profile", "t.parquet", "--format", "json").out)
    assert found["rows"] == 100
    assert [column["nulls"] for column in found["columns"]] == [0, 25, 0, 0, 0]
    assert [column["distinct"] for column in found["columns"]] == [100, 75, 2, 100, None]
    assert not any(column["estimated"] for column in found["columns"])


def test_a_table_that_is_not_there_is_named(mlgate: Callable[..., Any]) -> None:
    ran = mlgate("data", "profile", "gone.parquet")
    assert ran.code == 3
    assert "no table gone.parquet" in ran.err


@pytest.mark.parametrize("asked", [("profile", "t.parquet"), ("suggest", "t.parquet"),
                                   ("diff", "t.parquet", "t.parquet")])  # fmt: skip
def test_the_engine_is_the_policys(
    asked: tuple[str, ...], tmp_path: Path, mlgate: Callable[..., Any]
) -> None:
    (tmp_path / "mlgate.toml").write_text('[tables]\nmemory = "plenty"\n')
    ran = mlgate("data", *asked)
    assert ran.code == 3 and "plenty is no amount" in ran.err
    (tmp_path / "mlgate.toml").write_text('[tables]\nmemory = "1GB"\n')
    assert mlgate("data", *asked).code == 0
    (tmp_path / "mlgate.toml").write_text("[tables]\nmemory = 1\n")
    assert mlgate("data", *asked).code == 2


def test_a_database_is_looked_at_by_table_and_by_query(
    tmp_path: Path, mlgate: Callable[..., Any]
) -> None:
    import duckdb

    with duckdb.connect(str(tmp_path / "shop.duckdb")) as engine:
        engine.execute("CREATE TABLE orders AS SELECT i AS id, i // 2 AS half FROM range(9) t(i)")
    assert "9 rows, 2 columns" in mlgate("data", "profile", "shop.duckdb#orders").out
    query = "shop.duckdb#SELECT id // 1 AS id FROM orders WHERE id > 6"
    ran = mlgate("data", "diff", "shop.duckdb#orders", query)
    assert "9 → 2 rows" in ran.out or "9 -> 2 rows" in ran.out, ran
    assert 'table = "shop.duckdb#orders"' in mlgate("data", "suggest", "shop.duckdb#orders").out
