"""A Spark Connect server at `sc://`: data gates and the model gate say what they say without it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tabled import Desk, parquet
from test_model_spark import BINARY, House, house

from mlgate.gates import data

__all__ = ["house"]
pytestmark = [
    pytest.mark.heavy, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore"),
]  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of pyspark's own in a process of its own."""
    pyspark = pytest.importorskip("pyspark")
    home = Path(pyspark.__file__).parent
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [home / "bin" / "spark-submit", "--class",
         "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[2]",
         "--conf", f"spark.connect.grpc.binding.port={port}",
         "--conf", "spark.connect.grpc.binding.address=127.0.0.1",
         "--conf", "spark.ui.enabled=false", "spark-internal"],
        cwd=tmp_path_factory.mktemp("connect"), env={**os.environ, "SPARK_HOME": str(home)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _until_open(server, port)
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


def _until_open(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(600):
        assert server.poll() is None, "the server ended"
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise AssertionError("the server does not listen")


def _at(remote: str) -> dict[str, Any]:
    return {"head": {"tables": {"engine": "spark", "spark": {"remote": remote}}}}


def test_a_data_gate_says_the_same(desk: Desk, address: str) -> None:
    desk.apart = True
    query = """SELECT i AS id, i % 80 AS age, 'p' || i % 3 AS plan, i::ubigint AS wide,
        make_timestamp_ns(i * 700) AS at FROM range(1000) t(i)"""
    parquet(desk.folder / "t.parquet", query)
    options = {
        "table": "t.parquet", "unique": ["id", "age"], "rows": {"max": 900},
        "columns": {"age": {"between": [0, 70], "mean": [0, 100], "monotonic": "increasing"},
                    "plan": {"regex": "^p[^[:alpha:]2]$"},
                    "wide": {"type": "integer", "monotonic": "decreasing"},
                    "at": {"type": "timestamp", "monotonic": "strictly-increasing"}},
        "conditions": [{"expression": r"plan NOT LIKE '_\_'"}],
    }  # fmt: skip
    told = [
        [(one.rule, one.result, one.message) for one in
         desk.check(data, "data", options, policies=given, store=None)]
        for given in ({}, _at(address))
    ]  # fmt: skip
    assert told[0] == told[1]
    assert told[0]


def test_the_model_gate_says_the_same(house: House, desk: Desk, address: str) -> None:
    house.write()
    house.worker = desk.workshop.worker
    told = [house.report(BINARY, given) for given in ({}, _at(address))]
    assert told[0] == told[1]
    assert len(told[0]) > 2


def test_an_address_where_nobody_listens_is_an_error(house: House, desk: Desk) -> None:
    pytest.importorskip("pyspark")
    house.write()
    house.worker = desk.workshop.worker
    with socket.socket() as taken:  # bound, and not listened at
        taken.bind(("127.0.0.1", 0))
        message, hint = house.report(BINARY, _at(f"sc://127.0.0.1:{taken.getsockname()[1]}"))
    assert message.startswith("predictions cannot be read: no Spark session")
    assert "[tables] spark" in hint
