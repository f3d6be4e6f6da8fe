"""What the policy's `[tables]` does to the engine, and what is believed of the store."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from projects import Project
from tabled import Desk, parquet

from mlgate.core.errors import GateError
from mlgate.store.store import open_store
from mlgate.tables import _duckdb_script
from mlgate.tables import aggregates as ask
from mlgate.tables._engine import engine_of
from mlgate.tables._protocol import Aggregates, Line, Request, source_of
from mlgate.tables._where import in_work_tree

KEYS = "SELECT md5(i::varchar) || md5((i + 1)::varchar) AS k FROM range(400000) t(i)"


def test_the_policy_names_engine_and_memory() -> None:
    def of(tables: object) -> object:
        return engine_of(SimpleNamespace(policies={"head": {"tables": tables}}))

    assert engine_of(SimpleNamespace()).name == "duckdb"
    assert of({"engine": "duckdb", "memory": "2GB", "spark": None}).memory == "2GB"  # type: ignore[attr-defined]
    spark = of({"engine": "spark", "spark": {"master": "local[2]", "remote": None}})
    assert spark.spark == {"master": "local[2]"}  # type: ignore[attr-defined]
    for odd in ("much", "2GB'; DROP", "-1GB", "0GB"):
        with pytest.raises(GateError, match="no amount"):
            of({"memory": odd})


def asked(desk: Desk, memory: str, largest: int | None = None) -> list[Line]:
    """What a worker says that may use so much memory, and write files of so many bytes."""
    table = source_of(in_work_tree(str(desk.folder), "t.parquet"))
    spill = desk.folder / "spill"
    spill.mkdir(exist_ok=True)
    question = Aggregates(table=table, whole=[ask.MostCommon(column="k")])
    request = Request(ask=question, spill=str(spill), memory=memory, threads=1)

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    done = subprocess.run(
        [sys.executable, _duckdb_script.__file__], input=msgspec.json.encode(request) + b"\n",
        capture_output=True, preexec_fn=limit, timeout=120,
    )  # fmt: skip
    return [msgspec.json.decode(line, type=Line) for line in done.stdout.splitlines()]


def test_what_does_not_fit_into_memory_is_spilled(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", KEYS)
    found, end = asked(desk, "40MB")
    assert found.values == [1] and end.end


def test_a_full_disk_is_an_error_and_no_answer(desk: Desk) -> None:
    parquet(desk.folder / "t.parquet", KEYS)
    told = asked(desk, "40MB", 1 << 20)
    assert [line.values for line in told] == [None] * len(told)
    assert told[0].error


def test_memory_reaches_the_engine(project: Project) -> None:
    policy = '[gates.data]\ntable = "t.csv"\n[tables]\nmemory = "{}"\n'
    project.put({"mlgate.toml": policy.format("2GB"), "t.csv": "a\n1\n"}).commit()
    assert project.run("check", "--gate", "data").code == 0
    project.put({"mlgate.toml": policy.format("plenty")}).commit()
    ended = project.run("check", "--gate", "data")
    assert ended.code == 3 and "no amount" in ended.out, ended


def test_no_cache_believes_no_stored_aggregate(project: Project) -> None:
    project.put({"mlgate.toml": '[gates.data]\ntable = "t.csv"\nrows = { min = 5 }\n',
                 "t.csv": "a\n1\n"}).commit()  # fmt: skip
    assert project.run("check", "--gate", "data").code == 1
    _believe_nine_rows(Path(os.environ["MLGATE_CACHE_DIR"]))
    project.put({"mlgate.toml": '[gates.data]\ntable = "t.csv"\nrows = { min = 6 }\n'}).commit()
    assert project.run("check", "--gate", "data").code == 0, "the stored answer is not asked"
    assert project.run("check", "--gate", "data", "--no-cache").code == 1


def _believe_nine_rows(folder: Path) -> None:
    """Store nine wherever an aggregate is one: as if somebody had."""
    import sqlite3

    from mlgate.store.store import _mark

    open_store(os.environ).close()
    (file,) = folder.glob("store-*.sqlite")
    nine = msgspec.msgpack.encode(9)
    with sqlite3.connect(file) as connection:
        rows = connection.execute("SELECT key, value FROM aggregates").fetchall()
        for key, value in rows:
            if value == msgspec.msgpack.encode(1):
                connection.execute("UPDATE aggregates SET value = ?, mark = ? WHERE key = ?",
                                   (nine, _mark(key, nine), key))  # fmt: skip
    assert rows
