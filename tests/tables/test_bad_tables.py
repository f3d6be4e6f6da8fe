"""What a table may be that it should not: each is an error with its place, never a pass."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tabled import Desk, parquet

from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates import data as gate
from mlgate.tables import _aggregate, _digest, _parquet
from mlgate.tables import aggregates as ask
from mlgate.tables._where import in_work_tree
from mlgate.tables.ask import ask as asked


def judged(desk: Desk, name: str, **options: Any) -> list[Finding]:
    return desk.check(gate, "data", {"table": name, **options})


def failed(found: list[Finding]) -> list[str]:
    return [one.rule for one in found if one.result is not Result.PASS]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "0 bytes"),
        ("empty.parquet", b"", "0 bytes"),
        ("ragged.csv", b"a,b\n1,2\n3\n4,5,6\n", "ragged.csv"),
        ("late.csv", b"a,b\n" + b"1,2\n" * 30_000 + b"1\n", "Line: 30002"),
        ("encoding.csv", "a,b\n1,é\n".encode() + b"2,\xe9\xff\n", "not utf-8"),
        ("word.csv", b"a\n" + b"1\n" * 50_000 + b"N/A\n", "Line: 50002"),
        ("quote.csv", b'a,b\n1,"x\n2,3\n', "quote.csv"),
        ("cut.jsonl", b'{"a":1}\n{"a":\n', "Malformed JSON"),
        ("text.parquet", b"no parquet at all, though it is named so", "text.parquet"),
        ("pointer.parquet", b"version https://git-lfs.github.com/spec/v1\n", "pointer.parquet"),
    ],
)
def test_what_cannot_be_read_has_errored(desk: Desk, name: str, content: bytes, says: str) -> None:
    (desk.folder / name).write_bytes(content)
    with pytest.raises(GateError, match=says):
        judged(desk, name, columns={"a": {"between": [0, 9]}})


def test_an_error_never_quotes_a_row(desk: Desk) -> None:
    (desk.folder / "t.csv").write_bytes(b"a,b\n" + b"1,2\n" * 30_000 + b"secret@example.com,x,y\n")
    with pytest.raises(GateError) as told:
        judged(desk, "t.csv")
    assert "secret" not in told.value.message


def test_a_quoted_newline_is_no_row(desk: Desk) -> None:
    (desk.folder / "t.csv").write_bytes(b'a,b\n1,"x\ny"\n2,"z"\n')
    assert [f.result for f in judged(desk, "t.csv", rows={"min": 2, "max": 2})] == [Result.PASS]


def test_a_truncated_parquet_has_errored(desk: Desk) -> None:
    path = parquet(desk.folder / "t.parquet", "SELECT i FROM range(1000) t(i)")
    whole = path.read_bytes()
    for cut in (whole[:-20], whole[: len(whole) // 2], whole[:10]):
        path.write_bytes(cut)
        with pytest.raises(GateError, match=r"t\.parquet"):
            judged(desk, "t.parquet", unique=["i"])


def test_odd_names_of_columns(desk: Desk) -> None:
    names = ['a"b', "select", "naïve ☃", "x'y", "from; DROP", "b", "__row"]
    listed = ", ".join(f'i AS "{name.replace(chr(34), chr(34) * 2)}"' for name in names)
    parquet(desk.folder / "t.parquet", f"SELECT {listed} FROM range(9) t(i)")
    rule = {"nulls": {"max": 0}, "between": [0, 8], "unique": True, "monotonic": "increasing"}
    found = judged(desk, "t.parquet", columns=dict.fromkeys(names, rule), columns_exact=True)
    assert {f.result for f in found} == {Result.PASS}
    assert len(found) == 1 + 4 * len(names)


def test_ten_thousand_columns(desk: Desk) -> None:
    with (desk.folder / "t.csv").open("w") as file:
        for line in (",".join(f"c{i}" for i in range(10_000)), ",".join(["1"] * 10_000)):
            file.write(line + "\n")
    found = judged(desk, "t.csv", columns={"c9999": {"between": [1, 1]}, "c10000": {}})
    assert sorted((f.rule, f.result) for f in found) == [
        ("data/between", Result.PASS), ("data/rows", Result.PASS), ("data/schema", Result.FAIL),
    ]  # fmt: skip


def test_a_regex_that_explodes_elsewhere_takes_no_time(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", "SELECT repeat('a', 5000) || '!' AS s FROM range(50)")
    (bad,) = [f for f in judged(desk, "t.parquet", columns={"s": {"regex": "^(a+)+$"}})
              if f.rule == "data/regex"]  # fmt: skip
    assert bad.result is Result.FAIL


@pytest.mark.parametrize("regex", ["(?=a)", "a(?!b)", "(", "[z-a]", "\\1(a)"])
def test_a_regex_that_is_none_is_refused(desk: Desk, regex: str) -> None:
    parquet(desk.folder / "t.parquet", "SELECT 'a' AS s")
    with pytest.raises(GateError, match="regular expression"):
        judged(desk, "t.parquet", columns={"s": {"regex": regex}})


@pytest.mark.parametrize(
    ("condition", "kind"),
    [("n", "BIGINT"), ("n - 1", "BIGINT"), ("s", "VARCHAR"), ("1", "INTEGER")],
)
def test_a_condition_that_is_no_truth_is_refused(desk: Desk, condition: str, kind: str) -> None:
    parquet(desk.folder / "t.parquet", "SELECT 1::bigint AS n, 'x' AS s, true AS b")
    with pytest.raises(GateError, match=f"is a {kind}, neither true nor false"):
        judged(desk, "t.parquet", conditions=[{"expression": condition}])
    for whole in ("b", "n = 1", "NOT b OR s LIKE 'x%'", "n IS NULL OR TRUE"):
        assert not failed(judged(desk, "t.parquet", conditions=[{"expression": whole}]))


def test_a_missing_column_is_told_with_its_table(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", "SELECT 1 AS visited")
    wanted = ask.Mean(column="visitd")
    answers = asked(desk, in_work_tree(str(desk.folder), "t.parquet"), [wanted])
    with pytest.raises(GateError, match=r"t\.parquet: there is no column visitd") as told:
        answers.of(wanted)
    assert told.value.hint == "did you mean 'visited'?"


@pytest.mark.parametrize("by", ["engine", "footer"])
def test_a_file_that_changes_while_it_is_read_has_errored(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    path = parquet(desk.folder / "t.parquet", "SELECT i FROM range(10) t(i)")
    read, footer = desk.worker, _parquet.footer

    def meanwhile(script: str, request: Any, **more: Any) -> Any:
        yield from read(script, request, **more)
        change()

    def at_once(*given: Any) -> Any:
        found = footer(*given)
        change()
        return found

    def change() -> None:
        with path.open("ab") as file:
            file.write(b" ")

    monkeypatch.setattr(desk, "worker", meanwhile)
    if by == "footer":
        monkeypatch.setattr(_parquet, "footer", at_once)
    with pytest.raises(GateError, match="written to while it was read"):
        judged(desk, "t.parquet", **({"unique": ["i"]} if by == "engine" else {}))


def test_files_that_differ_are_a_finding(desk: Desk) -> None:
    parquet(desk.folder / "t" / "1.parquet", "SELECT 1 AS a, 2 AS b")
    parquet(desk.folder / "t" / "2.parquet", "SELECT 'x' AS a, 2 AS b")
    said = [f.message for f in judged(desk, "t") if f.result is Result.FAIL]
    assert said == ["its files have different columns: t/2.parquet: a is string, elsewhere integer"]


def test_partitions_are_columns(desk: Desk) -> None:
    for day in (1, 2):
        parquet(desk.folder / "t" / f"day={day}" / "x.parquet", f"SELECT {day} AS a")
    found = asked(desk, in_work_tree(str(desk.folder), "t"), [ask.Sum(column="day")])
    assert found.of(ask.Sum(column="day")) == 3


def test_one_changed_file_of_many_is_read_alone(desk: Desk) -> None:
    for n in range(5):
        parquet(desk.folder / "t" / f"{n}.parquet", f"SELECT {n} + i / 10 AS a FROM range(9) t(i)")
    options: dict[str, Any] = {"columns": {"a": {"mean": [0, 9]}}}
    judged(desk, "t", **options)
    desk.asked.clear()
    parquet(desk.folder / "t" / "3.parquet", "SELECT 3.5::double AS a")
    judged(desk, "t", **options)
    assert [list(map(int, asked["parts"])) for asked in desk.asked] == [[3]]


def test_the_keys_of_unchanged_files_are_not_counted_again(desk: Desk) -> None:
    keys = "SELECT i AS k FROM range({}, {}) t(i)"
    for n in range(4):
        parquet(desk.folder / "t" / f"{n}.parquet", keys.format(n * 10, n * 10 + 10))
    assert failed(judged(desk, "t", unique=["k"])) == []
    desk.asked.clear()
    parquet(desk.folder / "t" / "2.parquet", keys.format(20, 28))
    assert failed(judged(desk, "t", unique=["k"])) == []
    known = desk.asked[0]["known"]
    assert sorted(map(int, known)) == [0, 1, 3] and known[0] == [[0, 0]]
    parquet(desk.folder / "t" / "2.parquet", keys.format(15, 25))  # five are in file 1
    assert failed(judged(desk, "t", unique=["k"])) == ["data/unique"]
    parquet(desk.folder / "t" / "2.parquet", "SELECT 21 AS k FROM range(3)")
    assert failed(judged(desk, "t", unique=["k"])) == ["data/unique"]


def test_rows_too_wide_for_little_memory_are_scanned_in_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_aggregate, "_SCAN_MEMORY", "1MB")
    query = "SELECT repeat('x', 100000) || i AS a, i AS b FROM range(200) t(i)"
    parquet(desk.folder / "t.parquet", query)
    lengths, mean = ask.Lengths(column="a"), ask.Mean(column="b")
    found = asked(desk, in_work_tree(str(desk.folder), "t.parquet"), [lengths, mean])
    assert found.of(lengths) == [100001, 100003] and found.of(mean) == [200, 99.5]


def test_what_lies_outside_is_refused(desk: Desk, tmp_path: Path) -> None:
    parquet(tmp_path / "out.parquet", "SELECT 1 AS a")
    work = str(desk.folder)
    for path in ("../out.parquet", str(tmp_path / "out.parquet")):
        with pytest.raises(GateError, match="outside"):
            in_work_tree(work, path)
    os.symlink(tmp_path / "out.parquet", desk.folder / "link.parquet")
    with pytest.raises(GateError, match="leads out"):
        in_work_tree(work, "link.parquet")
    with pytest.raises(GateError, match="no table by its name"):
        (desk.folder / "t.xlsx").write_bytes(b"x")
        in_work_tree(work, "t.xlsx")


def test_what_was_just_written_is_not_believed_to_be_unchanged(desk: Desk) -> None:
    path = desk.folder / "x"
    path.write_bytes(b"1")
    assert _digest.stated(str(path)) is None
    os.utime(path, ns=(10**18, 10**18))
    assert _digest.stated(str(path)) is None  # its change time is young all the same


def test_a_file_is_known_by_its_signature(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_digest, "_RACY", -(10**12))
    path = desk.folder / "x"
    path.write_bytes(b"1")
    first = _digest.stated(str(path))
    assert first == _digest.stated(str(path))
    path.write_bytes(b"2")
    os.utime(path, ns=(10**18, 10**18))
    assert _digest.stated(str(path)) != first


def test_the_real_worker_and_a_missing_engine(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet(desk.folder / "t.parquet", "SELECT 1 AS a")
    desk.apart = True
    assert {f.result for f in judged(desk, "t.parquet", unique=["a"])} == {Result.PASS}
    monkeypatch.setattr(desk, "worker", lambda *_, **__: iter([{"missing": "duckdb"}]))
    parquet(desk.folder / "t.parquet", "SELECT 2 AS a")
    with pytest.raises(ToolMissing) as told:
        judged(desk, "t.parquet", unique=["a"])
    assert told.value.hint == "pip install 'mlgate[data]'"
