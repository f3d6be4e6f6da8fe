"""Tables and queries of DuckDB and SQLite databases, and what is refused of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tabled import Desk

from mlgate.core.errors import GateError
from mlgate.gates import data as gate
from mlgate.gates import drift, leakage
from mlgate.tables import aggregates as ask
from mlgate.tables._where import in_work_tree
from mlgate.tables.ask import ask as asked

MADE = "CREATE TABLE people (id INTEGER, born DATE, weight REAL, name TEXT, well BOOLEAN, odd)"
ROWS = [
    (1, "2001-02-03", 60.5, "it's", 1, "x"),
    (2, None, 70.0, "日本", 0, 2),
    (3, "1999-12-31", None, "", 1, None),
]


@pytest.fixture(params=["duckdb", "sqlite"])
def base(desk: Desk, request: pytest.FixtureRequest) -> tuple[Desk, str]:
    name = f"shop.{request.param}"
    path = desk.folder / name
    if request.param == "sqlite":
        with sqlite3.connect(path) as connection:
            connection.execute(MADE)
            connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)", ROWS)
        connection.close()
    else:
        with duckdb.connect(str(path)) as engine:
            engine.execute(MADE.replace(", odd", ", odd VARCHAR"))
            engine.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)", ROWS)
    return desk, name


def of(desk: Desk, path: str, *wanted: Any) -> list[Any]:
    answers = asked(desk, in_work_tree(str(desk.folder), path), wanted)
    return [answers.of(a) for a in wanted]


def test_a_table_answers_with_its_types(base: tuple[Desk, str]) -> None:
    desk, name = base
    found = asked(desk, in_work_tree(str(desk.folder), f"{name}#people"), [ask.Rows()])
    types = {column.name: column.type for column in found.columns}
    assert types == {"id": "integer", "born": "date", "weight": "float", "name": "string",
                     "well": "boolean", "odd": "string"}  # fmt: skip
    assert of(
        desk, f"{name}#people", ask.Rows(), ask.Nulls(column="born"), ask.Mean(column="weight"),
        ask.InSet(column="name", values=("it's", "日本", "")), ask.Sum(column="id"),
        ask.InSet(column="well", values=(True,)), ask.Minimum(column="born"),
    ) == [3, 1, [2, 65.25], 3, 6, 2, 946_598_400_000_000]  # fmt: skip


def test_queries_are_tables_of_their_own(base: tuple[Desk, str]) -> None:
    desk, name = base
    query = f"{name}#SELECT id, name FROM people WHERE id > "
    assert of(desk, query + "1", ask.Rows()) == [2]
    assert of(desk, query + "2", ask.Rows()) == [1], "not what the other query gave"
    assert len(desk.asked) == 2


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "is a database: which table"),
        ("nobody", "nobody"),
        ("SELECT 1 AS a; DELETE FROM people", "not one query|one statement|syntax"),
        ("DELETE FROM people", "not one query|syntax"),
        ("SELECT 1) AS t; DROP TABLE people; SELECT * FROM (SELECT 2", "one|syntax"),
        ("SELECT random() AS a", "more than the database"),
        ("SELECT * FROM people WHERE born < current_date", "more than the database"),
    ],
)
def test_what_is_no_table_is_refused(base: tuple[Desk, str], query: str, told: str) -> None:
    desk, name = base
    before = (desk.folder / name).read_bytes()
    with pytest.raises(GateError, match=told):
        of(desk, f"{name}#{query}", ask.Rows())
    assert (desk.folder / name).read_bytes() == before


def test_a_query_reads_no_other_file(desk: Desk) -> None:
    (desk.folder / "secret.csv").write_text("a\n1\n")
    with duckdb.connect(str(desk.folder / "shop.duckdb")) as engine:
        engine.execute("CREATE TABLE t AS SELECT 1 AS a")
        engine.execute(f"CREATE VIEW v AS SELECT * FROM '{desk.folder / 'secret.csv'}'")
    secret = desk.folder / "secret.csv"
    for query in (f"SELECT * FROM '{secret}'", f"SELECT * FROM read_text('{secret}')", "v"):
        with pytest.raises(GateError, match=r"file system operations are disabled|Cannot access"):
            of(desk, f"shop.duckdb#{query}", ask.Rows())


def test_what_is_being_written_to_is_not_read(base: tuple[Desk, str]) -> None:
    desk, name = base
    (desk.folder / f"{name}{'-wal' if 'sqlite' in name else '.wal'}").write_bytes(b"later rows")
    with pytest.raises(GateError, match="being written to"):
        of(desk, f"{name}#people", ask.Rows())


def test_what_is_no_database_is_an_error(desk: Desk) -> None:
    for name in ("a.sqlite", "a.duckdb"):
        (desk.folder / name).write_bytes(b"no database at all" * 100)
        with pytest.raises(GateError, match=r"not a database|not a valid DuckDB"):
            of(desk, f"{name}#people", ask.Rows())


def test_infinities_and_blobs_of_sqlite_are_not_read_as_nulls(desk: Desk) -> None:
    path = desk.folder / "a.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a REAL)")
        connection.execute("CREATE TABLE b AS SELECT x'00' AS a")
        connection.execute("INSERT INTO t VALUES (9e999)")
    connection.close()
    for table, told in (("t", "infinite"), ("b", "binary")):
        with pytest.raises(GateError, match=told):
            of(desk, f"a.sqlite#{table}", ask.Rows())


def test_gates_judge_databases(base: tuple[Desk, str]) -> None:
    desk, name = base
    table = f"{name}#people"
    options = {"table": table, "key": "name", "columns": {"id": {"between": [1, 2]}}}
    (found,) = [f for f in desk.check(gate, "data", options) if f.result.value == "fail"]
    assert "outside 1 to 2" in found.message and "rows 3" in found.message
    splits = {"train": table, "test": f"{name}#SELECT * FROM people WHERE id = 2"}
    told = desk.check(leakage, "leakage", {"tables": splits, "key": "id"})
    assert "1 of 1 rows of test share a key" in told[-1].message
    moved = {"table": table, "against": f"{name}#SELECT * FROM people WHERE id > 1"}
    assert "byte by byte" not in str(desk.check(drift, "drift", moved))


def test_the_path_is_the_whole_file(desk: Desk, tmp_path: Path) -> None:
    (desk.folder / "a.csv").write_text("a\n1\n")
    (desk.folder / "b#c.csv").write_text("a\n1\n2\n")
    assert of(desk, "b#c.csv", ask.Rows()) == [2]
