"""Columns of large tables are narrow: texts are codes, whole numbers have few bytes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from mlgate.tables.columns import EMBEDDED, Coded, Source, columns

ODD = ["", " ", "NULL", "null", "it's", "ä", "a\nb", "s00", "s01", "👍"]


def written(folder: Path, texts: list[str | None]) -> Source:
    file = folder / "t.parquet"
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (place INTEGER, name VARCHAR)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", list(enumerate(texts)))
        connection.execute(f"COPY t TO '{file}' (FORMAT parquet)")
    return Source((str(file),), "parquet", False)


def spelled(table: Source, *, large: bool) -> tuple[list[str], list[str]]:
    found = columns(EMBEDDED, table, lambda _: ["name"], lambda _: large)["name"]
    assert isinstance(found, Coded)
    return [found.texts[code] for code in found.codes], found.texts


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("different", [1, 10, 100, 101, 255, 300])
def test_codes_of_large_tables_are_those_of_small_ones(
    tmp_path: Path, different: int, missing: bool
) -> None:
    names: list[str | None] = [*ODD, *(f"n{at}" for at in range(different))][:different]
    pool = np.array([*names, *([None] if missing else [])], dtype=object)
    texts = [*pool, *pool[np.random.default_rng(0).integers(0, len(pool), 700)]]
    table = written(tmp_path, texts)
    rows, known = spelled(table, large=True)
    assert rows == [text or "" for text in texts]
    assert (rows, known) == spelled(table, large=False)


EDGES = [-(2**31) - 1, -(2**31), -1, 0, 255, 256, 2**31 - 1, 2**31, 2**62]


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("most", EDGES)
@pytest.mark.parametrize("least", EDGES)
def test_whole_numbers_of_large_tables_are_narrow_and_the_same(
    tmp_path: Path, least: int, most: int, missing: bool
) -> None:
    file = tmp_path / "t.parquet"
    null = ", (NULL)" if missing else ""
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT n::BIGINT AS n FROM (VALUES ({least}), ({most}){null}) t(n)) TO '{file}'"
        )
    table = Source((str(file),), "parquet", False)
    found = columns(EMBEDDED, table, lambda _: ["n"], lambda _: True)["n"]
    wide = columns(EMBEDDED, table, lambda _: ["n"], lambda _: False)["n"]
    assert isinstance(found, np.ndarray) and isinstance(wide, np.ndarray)
    np.testing.assert_array_equal(found, wide)
    low, high = min(least, most), max(least, most)
    if low >= 0 and high < 256 and not missing:
        assert found.dtype == np.uint8
    if low >= -(2**31) and high < 2**31:
        assert found.itemsize <= (8 if missing else 4)
