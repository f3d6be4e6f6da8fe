"""`mlgate check --rows`: every row that breaks a rule, with its rules, and nobody's data."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from projects import Project
from tabled import parquet

POLICY = """
[gates.data]
table = "t.parquet"
key = "mail"
unique = ["id", ["age", "plan"]]
conditions = [{ expression = "age < 90 OR plan = 'p0'" }]
[gates.data.columns]
id = { monotonic = "strictly-increasing" }
age = { between = [0, 80], nulls = { max = 0 } }
plan = { in_table = { table = "plans.csv", column = "plan" } }
"""
QUERY = """SELECT CASE i WHEN 7 THEN 6 ELSE i END AS id, CASE i WHEN 3 THEN NULL ELSE i END AS age,
  'p' || i % 2 AS plan, 'u' || i || '@example.org' AS mail,
  'call +44 20 7946 0' || (100 + i) AS note, (4111111111111 * 1000 + i)::bigint AS plain,
  4111111111111111 AS card, i::varchar AS row_number, ['u@example.org'] AS more,
  i * 0.5 AS amount FROM range(100) t(i)"""


@pytest.fixture
def rows(project: Project) -> Project:
    parquet(project.folder / "t.parquet", QUERY)
    return project.put({"mlgate.toml": POLICY, "plans.csv": "plan\np0\n"}).commit()


def read(file: Path, what: str = "*") -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {what} FROM '{file}' ORDER BY row_number_").fetchall()


def test_every_failing_row_is_written_with_the_rules_it_breaks(rows: Project) -> None:
    ended = rows.run("check", "--rows", "out.parquet")
    assert ended.code == 1
    assert "data: 60 failing rows written to" in ended.err, ended
    found = read(rows.folder / "out.parquet", "row_number_, broken_rules")
    told = {number: set(broken) for number, broken in found}  # type: ignore[call-overload]  # rows of a query
    lost, between, truth = "in-table: plan", "between: age", "condition: age < 90 OR plan = 'p0'"
    want: dict[int, set[str]] = {}
    for i in range(100):
        broken = {lost} if i % 2 else set()
        broken |= {between} if i > 80 else set()
        broken |= {truth} if i >= 90 and i % 2 else set()
        broken |= {"unique: id"} if i in (6, 7) else set()
        broken |= {"monotonic: id"} if i == 7 else set()
        broken |= {"nulls: age"} if i == 3 else set()
        if broken:
            want[i + 1] = broken
    assert told == want


def test_personal_data_is_masked(rows: Project) -> None:
    ended = rows.run("check", "--rows", "out.parquet")
    seen = read(rows.folder / "out.parquet", "mail, note, card, more, plain, row_number, amount")
    assert {row[:4] for row in seen} == {("[email]", "call [phone]", "[card]", "[[email]]")}
    assert all(isinstance(row[4], int) for row in seen), "ids are no card numbers"
    assert "@example.org" not in ended.out + ended.err and "mail [email]" in ended.out, ended


def test_several_gates_write_a_file_each(rows: Project) -> None:
    more = '[gates.also]\nkind = "data"\ntable = "t.parquet"\ncolumns_exact = true\n' \
        '[gates.also.columns]\nid = {}\n[gates.third]\nkind = "data"\ntable = "plans.csv"\n' \
        'conditions = [{ expression = "plan = \'x\'" }]\n'  # fmt: skip
    rows.put({"mlgate.toml": POLICY + more}).commit()
    ended = rows.run("check", "--rows", "out.parquet")
    assert "also: failed, but not by single rows: none written" in ended.err, ended
    with duckdb.connect() as connection:
        file = rows.folder / "out.third.parquet"
        found = connection.execute(f"SELECT row_number, plan FROM '{file}'").fetchall()
    assert found == [(1, "p0")]
    assert (rows.folder / "out.data.parquet").exists()
    assert not (rows.folder / "out.also.parquet").exists()


def test_rows_of_several_files_say_of_which_they_are(project: Project) -> None:
    for name, begin in (("b", 0), ("a", 5)):
        ids = f"SELECT i // 2 AS id, 'x' AS file FROM range({begin}, 8) t(i)"
        parquet(project.folder / "parts" / f"{name}.parquet", ids)
    policy = '[gates.data]\ntable = "parts"\nunique = ["id"]\n'
    project.put({"mlgate.toml": policy}).commit()
    ended = project.run("check", "--rows", "out.parquet")
    assert "parts/a.parquet rows 1, 2, 3; parts/b.parquet rows 1, 2 …" in " ".join(
        ended.out.split()
    ), ended
    with duckdb.connect() as connection:
        query = f"SELECT file_, row_number, file, id FROM '{project.folder}/out.parquet'"
        found = connection.execute(query).fetchall()
    rows = [("parts/a.parquet", n + 1, "x", (n + 5) // 2) for n in range(3)]
    assert found == [*rows, *(("parts/b.parquet", n + 1, "x", n // 2) for n in range(8))]


def test_what_passes_writes_nothing(project: Project) -> None:
    project.put({"mlgate.toml": '[gates.data]\ntable = "t.csv"\n', "t.csv": "a\n1\n"}).commit()
    ended = project.run("check", "--rows", "out.parquet")
    assert ended.code == 0 and "no data gate failed: no rows written" in ended.err
    assert not (project.folder / "out.parquet").exists()


@pytest.mark.parametrize("file", ["out.csv", "nowhere/out.parquet"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_judged(
    rows: Project, file: str
) -> None:
    ended = rows.run("check", "--rows", file)
    assert ended.code == 2 and "out." in ended.err and not ended.out, ended


def test_a_policy_without_data_gates_is_told(project: Project) -> None:
    project.put({"mlgate.toml": "[gates.files]\n", "a.txt": "a\n"}).commit()
    ended = project.run("check", "--rows", "out.parquet")
    assert ended.code == 2 and "no data gate" in ended.err, ended
