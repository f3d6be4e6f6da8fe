"""A table that cannot be read is an error of every gate that reads tables, with its place."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from tabled import Desk, parquet

from mlgate.core.errors import GateError

ASKED: dict[str, Callable[[str], dict[str, Any]]] = {
    "data": lambda bad: {"table": bad},
    "drift": lambda bad: {"table": bad, "against": "good.parquet"},
    "leakage": lambda bad: {"tables": {"train": "good.parquet", "test": bad}, "key": "a"},
    "privacy": lambda bad: {"table": bad},
    "skew": lambda bad: {"table": bad, "against": "good.parquet", "key": "a"},
}
TURNED: dict[str, Callable[[str], dict[str, Any]]] = {
    "drift": lambda bad: {"table": "good.parquet", "against": bad},
    "leakage": lambda bad: {"tables": {"train": bad, "test": "good.parquet"}, "key": "a"},
    "skew": lambda bad: {"table": "good.parquet", "against": bad, "key": "a"},
}
CASES = [(kind, ask) for asked in (ASKED, TURNED) for kind, ask in asked.items()]


@pytest.fixture
def bad(desk: Desk, request: pytest.FixtureRequest) -> str:
    good = parquet(desk.folder / "good.parquet", "SELECT i AS a, 'x' AS b FROM range(9000) t(i)")
    contents = {
        "empty.csv": b"", "empty.parquet": b"", "cut.parquet": good.read_bytes()[:-9],
        "ragged.csv": b"a,b\n" + b"1,x\n" * 9000 + b"1\n",
        "mixed.csv": b"a,b\n1,\xc3\xa9\n2,\xff\n",
    }  # fmt: skip
    name: str = request.param
    if name in contents:
        (desk.folder / name).write_bytes(contents[name])
    return name


@pytest.mark.parametrize(("kind", "options"), CASES)
@pytest.mark.parametrize(
    "bad",
    ["empty.csv", "empty.parquet", "cut.parquet", "ragged.csv", "mixed.csv", "nowhere.csv"],
    indirect=True,
)
def test_it_has_errored_and_says_where(
    desk: Desk, bad: str, kind: str, options: Callable[[str], dict[str, Any]]
) -> None:
    gate = import_module(f"mlgate.gates.{kind}")
    with pytest.raises(GateError) as told:
        desk.check(gate, kind, options(bad))
    assert bad.partition(".")[0] in told.value.message, told.value.message


@pytest.mark.parametrize(("kind", "options"), [c for c in CASES if c[0] != "privacy"])
def test_a_missing_column_never_passes(
    desk: Desk, kind: str, options: Callable[[str], dict[str, Any]]
) -> None:
    parquet(desk.folder / "good.parquet", "SELECT i AS a FROM range(9000) t(i)")
    parquet(desk.folder / "bad.parquet", "SELECT i AS z FROM range(9000) t(i)")
    more = {"columns": {"a": {"nulls": {"max": 0.5}}}} if kind == "data" else {}
    gate = import_module(f"mlgate.gates.{kind}")
    try:
        found = desk.check(gate, kind, {**options("bad.parquet"), **more})
    except GateError as error:
        assert "column" in error.message
    else:
        assert "fail" in {finding.result.value for finding in found}
