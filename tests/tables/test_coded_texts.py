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
    found = columns(EMBEDDED, table, lambda _: ["name"], lambda *_: large)["name"]
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
@pytest.mark.parametrize("least", EDGES)
def test_whole_numbers_of_large_tables_are_narrow_and_the_same(
    tmp_path: Path, least: int, missing: bool
) -> None:
    """A column for each pair of ends."""
    file = tmp_path / "t.parquet"
    names = [f"n{at}" for at in range(len(EDGES))]
    rows = [[least] * len(EDGES), EDGES, *([["NULL"] * len(EDGES)] if missing else [])]
    values = ", ".join(f"({', '.join(map(str, row))})" for row in rows)
    whole = ", ".join(f"{name}::BIGINT AS {name}" for name in names)
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT {whole} FROM (VALUES {values}) t({', '.join(names)})) TO '{file}'"
        )
    table = Source((str(file),), "parquet", False)
    narrow = columns(EMBEDDED, table, lambda _: names, lambda *_: True)
    plain = columns(EMBEDDED, table, lambda _: names, lambda *_: False)
    for name, most in zip(names, EDGES, strict=True):
        found, wide = narrow[name], plain[name]
        assert isinstance(found, np.ndarray) and isinstance(wide, np.ndarray)
        np.testing.assert_array_equal(found, wide)
        low, high = min(least, most), max(least, most)
        if low >= 0 and high < 256 and not missing:
            assert found.dtype == np.uint8
        if low >= -(2**31) and high < 2**31:
            assert found.itemsize <= (8 if missing else 4)
