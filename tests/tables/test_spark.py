"""The Spark engine: a real local session gives the embedded engine's answers and verdicts."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conformance import ORACLES, Rows, close
from pyarrow import feather
from tabled import Desk, parquet
from test_aggregates import (
    BEYOND,
    ROWS,
    SCHEMA,
    TEXT,
    TIME,
    WANTED,
    are_the_oracles,
    beyond_numbers,
)

from mlgate.core.errors import GateError, ToolMissing
from mlgate.gates import data as gate
from mlgate.gates import drift
from mlgate.tables import (
    _duckdb_script,
    _spark_columns,
    _spark_script,
    _spark_session,
)
from mlgate.tables import aggregates as ask
from mlgate.tables._protocol import Request, Source
from mlgate.tables._spark_otherwise import Otherwise
from mlgate.tables._spark_session import session
from mlgate.tables._spark_sql import spoken
from mlgate.tables._where import in_work_tree
from mlgate.tables.ask import ask as asked
from mlgate.tables.columns import Coded

POLICY = {"head": {"tables": {"engine": "spark", "spark": {"master": "local[2]"}}}}


class SparkDesk(Desk):
    """Asks the engine that the policy names, in this process."""

    policies = POLICY

    def worker(self, script: str, request: Any, **more: Any) -> Iterator[Any]:
        decoded = msgspec.json.decode(msgspec.json.encode(request), type=Request)
        engine = _spark_script.answered if "spark" in script else _duckdb_script.answered
        for line in engine(decoded):
            yield msgspec.json.decode(msgspec.json.encode(line))


@pytest.fixture
def spark(desk: Desk) -> Iterator[SparkDesk]:
    made = SparkDesk(desk.folder)
    yield made
    made.close()


def test_a_missing_engine_is_named(spark: SparkDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    parquet(spark.folder / "t.parquet", "SELECT 1 AS a")
    with pytest.raises(ToolMissing, match="pyspark") as told:
        asked(spark, in_work_tree(str(spark.folder), "t.parquet"), [ask.Rows()])
    assert told.value.hint == "pip install 'mlgate[spark]'"


def test_the_two_engines_believe_no_answer_of_each_other(spark: SparkDesk, desk: Desk) -> None:
    from mlgate.tables._asking import Asking

    parquet(desk.folder / "t.parquet", "SELECT 1 AS a")
    table = in_work_tree(str(desk.folder), "t.parquet")
    keys = {Asking(one, table, [])._key("d", b"rows") for one in (spark, desk)}
    assert len(keys) == 2


@pytest.mark.parametrize("name", ["t.feather", "t.duckdb#t", "t.sqlite#t"])
def test_what_only_one_machine_has_is_read_by_the_embedded_engine(
    spark: SparkDesk, desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Without Spark, and believed by both: its answers are the same engine's."""
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    rows = pa.table({"a": [1, 2, None, 4], "s": ["x", "y", "y", None]})
    path = desk.folder / name.partition("#")[0]
    if path.suffix == ".feather":
        feather.write_feather(rows, path)
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path)) as made:
            made.execute("CREATE TABLE t AS FROM rows")
    else:
        with sqlite3.connect(path) as lite:
            lite.execute("CREATE TABLE t (a INTEGER, s TEXT)")
            lite.executemany(
                "INSERT INTO t VALUES (?, ?)", [*zip(*rows.to_pydict().values(), strict=True)]
            )
    options = {
        "table": name, "rows": {"max": 3}, "unique": ["s"],
        "columns": {"a": {"type": "integer", "nulls": {"max": 0.1}, "monotonic": "decreasing"},
                    "s": {"regex": "[[:alpha:]]"}},
    }  # fmt: skip
    told = [
        [(f.rule, f.result, f.message) for f in one.check(gate, "data", options, policies=given)]
        for one, given in ((spark, POLICY), (desk, {}))
    ]
    assert told[0] == told[1]
    assert {"rows", "unique", "nulls", "monotonic"} <= {rule.partition("/")[2]
                                                         for rule, *_ in told[0]}  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("'it''s'", r"'it\'s'"),
        (r"'\d'", r"'\\d'"),
        ("''''", r"'\''"),
        ('"a""b`c"', '`a"b``c`'),
        ("""'"' = "'" """, """'"' = `'` """),
        ("1 -- it's\n+ 1", "1  \n+ 1"),
        ("1 /* it's\n */ + 1", "1   + 1"),
        ("'--' || '/*'", "'--' || '/*'"),
    ],
)
def test_texts_names_and_comments_are_written_as_spark_reads_them(ours: str, theirs: str) -> None:
    assert spoken(ours) == theirs


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (r"a LIKE 'x\_%'", r"a LIKE 'x\\_%'"),
        ("regexp_matches(f(a, ')'), '[[:alpha:]]''')",
         r"regexp_matches(f(a, ')'), '[A-Za-z]\\x{27}')"),
    ],
)  # fmt: skip
def test_patterns_are_written_as_spark_reads_them(ours: str, theirs: str) -> None:
    assert spoken(ours) == theirs


@pytest.mark.parametrize("name", ["_a.parquet", ".a.parquet", "a:b.parquet", "a*.parquet"])
def test_a_name_that_spark_reads_otherwise_is_not_given_to_it(name: str, tmp_path: Path) -> None:
    """It would pass over it without a word, and judge the other files."""
    (tmp_path / name).write_bytes(b"PAR1")
    with pytest.raises(Otherwise, match="name"):
        _spark_session.frame(Mock(), Source((str(tmp_path / name),), "parquet"),
                             (str(tmp_path / name),))  # fmt: skip


@pytest.mark.parametrize(
    ("native", "kind"),
    [("decimal(20,0)", "decimal"), ("decimal(20,1)", "decimal"), ("time(6)", "time"),
     ("array<int>", "nested"), ("interval day", "other"), ("bigint", "integer")],
)  # fmt: skip
def test_types_are_called_as_the_embedded_engine_calls_them(native: str, kind: str) -> None:
    assert _spark_session._type(native) == kind


def test_wide_unsigned_ids_stay_apart() -> None:
    """As doubles the two would be one."""
    ids = [2**63 + 1, 2**63 + 2]
    read = pa.chunked_array([pa.array(ids, pa.decimal128(20, 0))])
    found = _spark_columns._array(read, single=True, called="integer")
    assert not isinstance(found, Coded)
    assert found.tolist() == ids
    gone = _spark_columns._array(
        pa.chunked_array([pa.array([1, None], pa.decimal128(20, 0))]), False, "integer"
    )
    assert not isinstance(gone, Coded)
    assert gone[0] == 1 and gone[1] != gone[1]


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
def test_answers_are_the_oracles(spark: SparkDesk) -> None:
    pytest.importorskip("pyspark")
    nan, inf = float("nan"), float("inf")
    odd: Rows = [
        {"f": f, "i": i, "s": s, TEXT: t, TIME: None, "b": None}
        for f, i, s, t in [(nan, 2**61, 3, "x'y"), (inf, None, -7, 'q"r'), (-inf, 5, None, "日本"),
                           (-0.0, 5, 44, ""), (1.5, -9, 3, None)]
    ]  # fmt: skip
    folder = spark.folder / "t"
    folder.mkdir()
    for number, rows in enumerate((odd, ROWS, [])):
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / f"{number}.parquet")
    found = asked(spark, in_work_tree(str(spark.folder), "t"), WANTED)
    for a, value in found.values.items():
        assert close(value, ORACLES[type(a)]([*odd, *ROWS], a)), (a, value)


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
def test_rows_keep_their_order(spark: SparkDesk, desk: Desk) -> None:
    """Across files that Spark reads by size, whose addresses sort otherwise, and that it splits."""
    pytest.importorskip("pyspark")
    sorted_names = [" .parquet", "#.parquet", "%.parquet", "+.parquet", "^.parquet", "é.parquet"]
    sizes = [1, 3000, 0, 50, 9000, 400]
    begins = [sum(sizes[:number]) for number in range(len(sizes))]
    for name, begin, size in zip(sorted_names, begins, sizes, strict=True):
        rows = pa.table({
            "up": [float(begin + n) if n % 7 else None for n in range(size)],
            "ties": [(begin + n) // 10 for n in range(size)],
            "mixed": [(begin + n) * 7919 % 10007 for n in range(size)],
            "text": [f"{begin + n:09}" if n % 5 else "" for n in range(size)],
        }, pa.schema([("up", pa.float64()), ("ties", pa.int32()), ("mixed", pa.int64()),
                      ("text", pa.string())]))  # fmt: skip
        pq.write_table(rows, desk.folder / name, row_group_size=500)
    table = in_work_tree(str(desk.folder), "*.parquet")
    twice = msgspec.structs.replace(table, parts=(*table.parts, *table.parts[:2]))
    wanted = [
        ask.Disorder(column="up"), ask.Disorder(column="text", where="mixed > 100"),
        ask.Disorder(column="ties"), ask.Disorder(column="ties", strict=True),
        ask.Disorder(column="mixed", descending=True),
    ]  # fmt: skip
    conf = session({"master": "local[2]"}).conf
    conf.set("spark.sql.files.maxPartitionBytes", "20000")
    try:
        for one in (table, twice):
            embedded, found = asked(desk, one, wanted).values, asked(spark, one, wanted).values
            assert found == embedded
            assert found[ask.Disorder(column="up")] == (0 if one is table else 2571)
            assert found[ask.Disorder(column="ties", strict=True)] > 10_000
    finally:
        conf.unset("spark.sql.files.maxPartitionBytes")


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
def test_types_beyond_numbers(spark: SparkDesk) -> None:
    pytest.importorskip("pyspark")
    beyond_numbers(spark.folder / "t.parquet")
    are_the_oracles(asked(spark, in_work_tree(str(spark.folder), "t.parquet"), BEYOND))


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["t.parquet", "t.csv"])
def test_verdicts_are_the_same(spark: SparkDesk, desk: Desk, name: str) -> None:
    pytest.importorskip("pyspark")
    query = """SELECT i AS id, CASE WHEN i % 9 = 0 THEN NULL ELSE i % 80 END AS age,
        i * 0.25 AS amount, 'p' || i % 3 AS plan, i % 2 AS label,
        CASE i % 4 WHEN 0 THEN 'it''s' WHEN 1 THEN 'a\\b' WHEN 2 THEN 'x' || chr(10)
            ELSE 'x' || chr(13) END AS "my ""note`",
        DATE '2026-01-01' + (i // 100)::integer AS day FROM range({}) t(i)"""
    parquet(desk.folder / name, query.format(1000))
    parquet(desk.folder / ("then-" + name), query.format(800))
    options: dict[str, Any] = {
        "table": name, "unique": ["id", "age"], "rows": {"max": 900},
        "conditions": [
            {"expression": "age < 70 OR plan = 'p1'"},
            {"expression": """"my ""note`" <> 'it''s' -- it's"""},
            {"expression": """"my ""note`" <> 'a\\b' AND length("my ""note`") < 5"""},
        ],
        "columns": {
            "id": {"monotonic": "strictly-increasing"},
            "age": {"type": "integer", "nulls": {"max": 0.1}, "between": [0, 70],
                    "monotonic": "increasing"},
            "amount": {"mean": [0, 100], "stdev": [0, 1e6], "quantiles": {"0.5": [0, 200]}},
            "plan": {"values": ["p0", "p1"], "regex": "^p[01]$", "length": [2, 2],
                     "filter": "id > 5"},
            'my "note`': {"values": ["it's", "x"], "regex": r"^(it's|a\\b|.)$", "unique": True},
            "day": {"between": ["2026-01-01", "2026-01-09"]},
        },
        "balance": [{"group": "plan", "label": "label", "max_gap": 0.1}],
    }  # fmt: skip
    told = [
        [(f.rule, f.result, f.message) for f in one.check(gate, "data", options, policies=given)]
        for one, given in ((desk, {}), (spark, POLICY))
    ]
    assert told[0] == told[1]
    moved = {"table": name, "against": "then-" + name}
    told = [
        [(f.rule, f.result, f.message) for f in one.check(drift, "drift", moved, policies=given)]
        for one, given in ((desk, {}), (spark, POLICY))
    ]
    assert told[0] == told[1]


ODD_TYPES = {
    "when": pa.array([-1, -1500, 1999, 2000, None, 10**18], pa.timestamp("ns")),
    "utc": pa.array([-1000, 5000, 2000, 2000, None, 10**18], pa.timestamp("ns", "UTC")),
    "id": pa.array([2**64 - 1, 2**64 - 2, 1, 2, None, 2**64 - 1], pa.uint64()),
    "sum": pa.array([10**18, 1, 2, 3, None, 4], pa.decimal128(20, 0)),
    "name": pa.array(["a_b", r"a\_b", r"a\xb", "K", "\u0130", "1"]),
}


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
def test_what_spark_alone_reads_otherwise_gets_the_same_verdicts(
    spark: SparkDesk, desk: Desk
) -> None:
    """Nanoseconds, unsigned integers beside decimals, classes of POSIX, a backslash in LIKE."""
    pytest.importorskip("pyspark")
    pq.write_table(pa.table(ODD_TYPES), desk.folder / "t.parquet")
    rounded: dict[str, Any] = {
        "fresh": {"column": "when", "max_age": "1d"},
        "unique": ["id", "utc", "sum"],
        "columns": {
            "when": {"type": "timestamp", "between": ["1970-01-01", "2000-01-01"],
                     "monotonic": "increasing", "nulls": {"max": 0.0}},
            "utc": {"type": "timestamp", "monotonic": "strictly-decreasing",
                    "distinct": {"min": 9}},
            "id": {"type": "integer", "monotonic": "decreasing", "between": [0, 9]},
            "sum": {"type": "integer", "mean": [0, 1]},
            "name": {"regex": "^[[:alpha:]]$"},
        },
        "rules": [{"column": "name", "regex": r"(?i)^[[:^punct:]\\]+$|i|(?P<k>k)\z"}],
    }  # fmt: skip
    conditions = [
        r"name LIKE 'a\_b'", r"name NOT LIKE '%\%'", r"name LIKE 'a\_b' ESCAPE '\'",
        r"regexp_matches(name, '^[[:alpha:]]\pN?$')", "sum < 3",
    ]  # fmt: skip
    whole = {"conditions": [{"expression": one} for one in conditions], "unique": ["utc"]}
    for given in (rounded, whole):
        options = {"table": "t.parquet", **given}
        told = [
            [(f.rule, f.result, f.message.replace("DECIMAL(20,0)", "decimal(20,0)"))
             for f in one.check(gate, "data", options, policies=by)]
            for one, by in ((desk, {}), (spark, POLICY))
        ]  # fmt: skip
        assert told[0] == told[1]
        assert any("; rows 1" in message for *_, message in told[0])


UNLIKE = {
    "log": ["ln(d) > 0.5", "round(d, 1) = 0.1", "regexp_replace(s, 'a', 'b') = 'b'"],
    "nan": ["d <= 9", "isfinite(d)", "lower(s) = 'i'", "s ILIKE '%É%'", "s < 'b' OR NOT s = 'b'"],
    "narrow": ["small + 1 > 5"],
    "time": ["s = 'a'"],
    "_hidden": ["s = 'a'"],
    "two:three": ["s = 'a'"],
    "a*": ["s = 'a'"],
}


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", UNLIKE)
def test_what_spark_would_answer_otherwise_the_embedded_engine_answers(
    spark: SparkDesk, desk: Desk, name: str
) -> None:
    """Functions that round otherwise, NaN, nanoseconds, types and names of files unknown to it."""
    pytest.importorskip("pyspark")
    columns = {
        "d": pa.array([1.0, float("nan"), 2.5, None, float("inf")]),
        "s": pa.array(["a", "İ", "é", None, "b"]),
        "small": pa.array([1, 127, None, 5, 6], pa.int8()),
        "when": pa.array([1, 1001, 2000, 1999, None], pa.timestamp("ns")),
        "same": pa.array([1, 2, 3, 4, 5]),
    }
    if name == "time":
        columns["at"] = pa.array([1, 2, None, 3, 4], pa.time64("ns"))
    if name == "two:three":
        columns["S"] = columns["s"]
    (desk.folder / "t").mkdir()
    pq.write_table(pa.table(columns).slice(0, 3), desk.folder / "t" / "0.parquet")
    pq.write_table(pa.table(columns).slice(3), desk.folder / "t" / f"{name}.parquet")
    table = in_work_tree(str(desk.folder), "t")
    wanted: list[Any] = [
        ask.Rows(), ask.Nulls(column="s"), ask.Maximum(column="same"), ask.Distinct(column="when"),
        ask.Duplicates(columns=("same",)), ask.Mean(column="same", where=UNLIKE[name][0]),
        ask.Matching(column="s", regex=r"\C"),
        *(ask.Truth(condition=one) for one in UNLIKE[name]),
        *(ask.Duplicates(columns=("small",), where=one) for one in UNLIKE[name]),
    ]  # fmt: skip
    told: list[Any] = []
    for one in (desk, spark):
        try:
            found = asked(one, table, wanted)
            told.append(({c.name: c.type for c in found.columns}, found.values))
        except GateError as error:
            told.append(({}, error.message))
    assert told[0] == told[1]


TEXTS = {
    "leading zeros.csv": "id,day\n007,2026-01-31\n008,2026-02-01\n",
    "days of other countries.csv": "id,day\n1,31/01/2026\n2,01/02/2026\n",
    "text and numbers.csv": "id,day\n1,a\n2.5,b\nx,\n",
    "infinite.csv": "id,day\ninf,true\nnan,false\n1e3,true\n",
    "ragged.csv": "id,day\n1,2,3\n2\n",
    "times.jsonl": '{"id": 1, "day": "2026-01-31"}\n{"id": 2, "day": "2026-02-01"}\n',
    "wide.jsonl": '{"id": 18446744073709551615, "day": {"a": 1}}\n{"id": 2, "day": null}\n',
    "moments.jsonl": '{"id": 1, "day": "2026-01-31T12:00:00"}\n{"id": 2, "day": null}\n',
}


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
def test_text_has_the_types_that_the_embedded_engine_gives_it(spark: SparkDesk, desk: Desk) -> None:
    pytest.importorskip("pyspark")
    different = {}
    for name, text in TEXTS.items():
        (desk.folder / name).write_text(text)
        told: list[Any] = []
        for one in (desk, spark):
            try:
                wanted = [ask.Rows(), ask.Nulls(column="day"), ask.Maximum(column="id"),
                          ask.Maximum(column="day"), ask.Distinct(column="id")]  # fmt: skip
                found = asked(one, in_work_tree(str(desk.folder), name), wanted)
                told.append(({c.name: c.type for c in found.columns}, str(found.values)))
            except GateError as error:
                told.append(error.message)
        if told[0] != told[1]:
            different[name] = told
    assert not different
