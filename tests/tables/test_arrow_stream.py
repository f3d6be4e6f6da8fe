"""Numbers through the Arrow C stream: the same as DuckDB's own arrays, or left to them."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from mlgate.core.errors import GateError
from mlgate.tables._arrow_stream import numbers
from mlgate.tables.columns import EMBEDDED, Coded, Source, columns

TYPES = ("TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER", "UINTEGER", "BIGINT",
         "UBIGINT", "FLOAT", "DOUBLE")  # fmt: skip


@pytest.mark.parametrize("rows", [0, 1, 2048, 300_001])
def test_every_type_of_number_is_that_of_duckdb(rows: int) -> None:
    listed = ", ".join(f"CAST((i * 7) % 101 AS {kind}) AS {kind}" for kind in TYPES)
    with duckdb.connect() as connection:
        query = f"SELECT {listed} FROM range({rows}) t(i)"
        found = numbers(connection, query, rows)
        wanted = connection.execute(query).fetchnumpy()
    assert found is not None
    assert list(found) == list(TYPES)
    for name, values in wanted.items():
        assert found[name].dtype == values.dtype, name
        assert np.array_equal(found[name], values), name


def test_values_that_are_no_numbers_and_infinite_ones_come_as_they_are() -> None:
    with duckdb.connect() as connection:
        query = "SELECT unnest(['nan', 'inf', '-inf', '-0', '1e-45']::FLOAT[]) AS x"
        found = numbers(connection, query, 5)
    assert found is not None
    assert found["x"].tobytes() == np.float32([np.nan, np.inf, -np.inf, -0.0, 1e-45]).tobytes()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT i, 'text' AS x FROM range(10) t(i)",
        "SELECT i > 3 AS x FROM range(10) t(i)",
        "SELECT i::DECIMAL(9, 2) AS x FROM range(10) t(i)",
        "SELECT [i] AS x FROM range(10) t(i)",
        "SELECT make_date(2020, 1, 1) AS x FROM range(10) t(i)",
        "SELECT nullif(i, 9) AS x FROM range(10) t(i)",
        "SELECT i AS x FROM range(9) t(i)",
        "SELECT i AS x FROM range(11) t(i)",
        "SELECT i AS x FROM range(3000000) t(i)",
    ],
    ids=["text", "truth", "decimal", "list", "date", "null", "fewer", "more", "many more"],
)  # fmt: skip
def test_what_is_not_so_many_numbers_is_left_to_duckdb(query: str) -> None:
    with duckdb.connect() as connection:
        assert numbers(connection, query, 10) is None
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_an_error_of_a_late_row_is_left_to_duckdb() -> None:
    query = "SELECT CAST(CASE WHEN i = 499999 THEN 'x' ELSE '1' END AS INTEGER) AS x " \
            "FROM range(500000) t(i)"  # fmt: skip
    with duckdb.connect() as connection:
        assert numbers(connection, query, 500_000) is None
        with pytest.raises(duckdb.ConversionException):
            connection.execute(query).fetchnumpy()


def test_buffers_are_given_back() -> None:
    rows, most = 2_000_000, []
    with duckdb.connect() as connection:
        for at in range(40):
            limit = rows if at % 2 else rows // 2  # every other one is left in the middle
            numbers(connection, f"SELECT i AS x FROM range({rows}) t(i)", limit)
            most.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    grown = (most[-1] - most[9]) / (1024**2 if sys.platform == "darwin" else 1024)
    assert grown < 60, "MB in thirty rounds of 16 MB each"


def _read(file: Path, *, many: bool, **also: Any) -> dict[str, Any]:
    return dict(
        columns(EMBEDDED, Source((str(file),), "parquet"), list, lambda rows, name: many, **also)
    )


def test_a_table_of_many_rows_is_the_same_with_and_without_nulls(tmp_path: Path) -> None:
    for name, value in (("whole", "i::DOUBLE"), ("holes", "nullif(i, 150000)::DOUBLE")):
        file = tmp_path / f"{name}.parquet"
        duckdb.execute(f"COPY (SELECT i AS id, {value} AS score, 's' || i % 3 AS part "
                       f"FROM range(200000) t(i)) TO '{file}' (FORMAT parquet)")  # fmt: skip
        many, few = _read(file, many=True), _read(file, many=False)
        assert np.array_equal(many["id"], few["id"])
        assert np.array_equal(many["score"], few["score"].astype(np.float32), equal_nan=True)
        assert np.isnan(many["score"]).sum() == (name == "holes")
        assert isinstance(many["part"], Coded)
        assert many["part"].texts == few["part"].texts
        assert np.array_equal(many["part"].codes, few["part"].codes)


def test_a_file_that_breaks_in_the_middle_is_named(tmp_path: Path) -> None:
    file = tmp_path / "scores.parquet"
    duckdb.execute(f"COPY (SELECT i AS id, random() AS score FROM range(500000) t(i)) TO '{file}' "
                   "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000)")  # fmt: skip
    raw = bytearray(file.read_bytes())
    for at in range(len(raw) // 2, len(raw) // 2 + 4000):
        raw[at] ^= 0x55
    file.write_bytes(raw)
    with pytest.raises(GateError, match="cannot be read"):
        _read(file, many=True)
