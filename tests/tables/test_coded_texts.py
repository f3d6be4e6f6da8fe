"""Text columns of large tables come as codes, however they are found."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from mlgate.tables import _duckdb_columns
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
@pytest.mark.parametrize("different", [1, 10, 200, 254, 255, 300])
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


def test_texts_that_no_modulus_tells_apart_are_cast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_duckdb_columns, "_TRIED", 0)
    table = written(tmp_path, ["b", "a", None, "b"])
    assert spelled(table, large=True) == (["b", "a", "", "b"], ["a", "b", ""])
