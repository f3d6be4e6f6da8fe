"""Conditions for Spark: what is written for it decides as the embedded engine; all else is left."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlgate.tables import _conditions, _spark_functions
from mlgate.tables._queries import Rows
from mlgate.tables._spark_conditions import _Writer, alike
from mlgate.tables._spark_functions import BEYOND_ASCII
from mlgate.tables._spark_kinds import NAN, of_column
from mlgate.tables._spark_otherwise import Otherwise, otherwise
from mlgate.tables._sql import name
from mlgate.tables.table import Column

NATIVE = {
    "n": "bigint", "i": "int", "j": "bigint", "f": "float", "d": "double", "e": "double",
    "m": "decimal(10,2)", "s": "string", "t": "string", "x": "boolean", "y": "boolean",
    "day": "date", "due": "date", "moment": "timestamp_ntz", "utc": "timestamp",
    "parts": "struct<a:int>", "wide": "decimal(38,10)", "odd": "array<int>",
    "small": "smallint", "tiny": "tinyint",
}  # fmt: skip
COLUMNS = {key: Column(key, "other", native) for key, native in NATIVE.items()}
INF = math.inf
TEXTS = ["", "a", "A b", " a\t", "\u00a0x\u3000", "é", "e\u0301", "日本語", "🙂b", "a_b", "a%b",
         "a\\b", "it's", "ab\n", None, "b", "zz", "İ", "ß", "ΟΔΟΣ"]  # fmt: skip
DAYS = ["2024-02-29", "2026-01-01", "2025-12-29", "1969-12-31", "2000-01-03", None, "1900-03-01",
        "2026-11-22", "2021-01-03", "9999-12-31"]  # fmt: skip
VALUES: dict[str, list[Any]] = {
    "i": [0, 1, -1, 7, -7, None, 2, 100, -100, 3],
    "j": [3, -3, 2, -2, None, 1, 10**6, 16777217, 5, -1],
    "f": [0.0, -0.0, 0.1, -0.1, None, 1.5, -2.5, INF, -INF, 16777216.0, 0.3],
    "d": [0.1, -0.0, 0.0, INF, -INF, None, 2.5, -2.5, 1e300, 1e-300, 0.3, 4503599627370497.5],
    "e": [0.0, 3.0, -0.0, 0.5, INF, -1.5, None],
    "m": [None, "0.10", "-0.10", "2.50", "100.00", "0.00", "-9999.99"],
    "x": [True, False, None], "y": [True, None, False, False],
}  # fmt: skip
ROWS = 840
NUMBERS = ("i", "j", "f", "d", "m", "1", "-2", "0.5", "0.1", "2.5", "1e0")
LOSSY = ({"f", "m"}, {"f", "i"}, {"f", "j"})
EXPRESSIONS = [
    *(f"{one} {sign} {other}" for sign in ("=", "<", ">=", "<>", "IS DISTINCT FROM")
      for one in ("i", "f", "d", "m") for other in NUMBERS if {one, other} not in LOSSY),
    *(f"{one} {sign} {other}" for sign in "+-*/" for one in ("i", "f", "d", "m", "0.5")
      for other in ("i", "j", "f", "e", "m", "3", "0.1", "1e0", "NULL")
      if {one, other} not in LOSSY),
    "i // 3", "i % 3", "-i", "-d", "-m", "+i", "i // -2", "i % -2", "j % 7", "abs(i)", "abs(d)",
    "abs(m)", "abs(f)", "floor(d)", "ceil(d)", "floor(e)", "ceil(e)", "isfinite(d)", "isfinite(f)",
    "(i + j) * 2 - i", "m * m + 0.5", "m + 1 = i", "i / 2 + d", "d * e", "f * f", "f / 3",
    "greatest(i, j)", "least(i, j, 3)", "greatest(s, t)", "least(day, due)", "least(d, 1.5)",
    "greatest(i, 2.5e0)", "nullif(i, 7)", "nullif(s, 'a')", "coalesce(i, j, 0)",
    "ifnull(s, 'none')", "coalesce(d, i)", "if(x, i, j)", "if(x, s, NULL)",
    "CASE WHEN x THEN 'one' WHEN y THEN s END", "CASE i WHEN 1 THEN d WHEN 7 THEN 2 ELSE j END",
    "CASE s WHEN 'a' THEN 1 ELSE 0 END", "x AND y", "x OR y", "NOT x", "x = y", "x <> true",
    "x IS TRUE", "x IS NOT FALSE", "x < y", "i IS NULL", "s IS NOT NULL", "parts IS NULL",
    "i IN (1, 7, NULL)", "i NOT IN (1, 7)", "s IN ('a', 'é')", "d IN (0.1, 2.5)", "f IN (0.1)",
    "i BETWEEN -1 AND 7", "i NOT BETWEEN j AND 3", "d BETWEEN 0.1 AND 2.5", "s BETWEEN 'a' AND 'c'",
    "m IN (2.50, 100)", "f BETWEEN 0.1 AND 1", "day IN ('2024-02-29', NULL)",
    "s = t", "s < t", "s <> 'é'", "s || t", "s || 'x'", "concat(s, t)", "concat(s, 'é', t)",
    "length(s)", "len(s)", "char_length(s)", "character_length(s)", "trim(s)", "ltrim(s)",
    "rtrim(s)", "substr(s, 2)", "substring(s, 1, 2)", "substr(s, 9, 2)",
    "substring(s FROM 2 FOR 0)", "left(s, 2)", "right(s, 2)", "left(s, 0)", "right(s, 0)",
    "replace(s, 'a', 'éé')", "replace(s, 'a', '')", "instr(s, t)", "strpos(s, 'b')",
    "position('' IN s)", "instr(s, t) = 1", "contains(s, t)", "contains(s, '')",
    "starts_with(s, t)", "prefix(s, 'a')", "s ^@ 'a'", "ends_with(s, t)", "suffix(s, 'b')",
    "s LIKE 'a%'", "s LIKE 'a\\_b'", "s LIKE '_'", "s NOT LIKE '%b%'", "s LIKE 'a!_b' ESCAPE '!'",
    "s NOT LIKE 'a!%b' ESCAPE '!'", "s LIKE ''", "s LIKE '日%'",
    "regexp_matches(s, '^[[:alpha:]]')", "s ~ '\\s'", "NOT regexp_matches(s, 'b$')",
    "lower(p)", "upper(p)", "p ILIKE 'A%'", "p NOT ILIKE '_B%'",
    "day = due", "day < '2026-01-01'", "day - due", "day + i", "day - i", "day - 3",
    "due - day > 3",
    "day BETWEEN '2000-01-01' AND DATE '2026-01-01'", "moment >= '2024-02-29'",
    "moment < '2024-02-29 12:30:00.5'", "moment = day", "moment > due", "moment::date",
    "moment < TIMESTAMP '2026-01-01 00:00:00'", "utc >= '2024-02-29 12:00:00'",
    "utc < '2026-01-01'", "hour(moment)", "minute(moment)", "second(moment)", "i::double",
    "m::double", "f::double", "CAST(i AS DOUBLE) / 2",
    *(f"{part}({of})" for part in _spark_functions._PARTS if part != "dow"
      for of in ("day", "moment")),
    *(f"extract({part} FROM day)" for part in ("year", "month", "week", "isodow", "dow")),
    "date_part('quarter', moment)",
]  # fmt: skip
LEFT = [
    "log(d) > 1", "ln(d) > 1", "round(d, 2) = 1", "concat(s, i) = 'a'", "s || i = 'a1'",
    "regexp_replace(s, 'a', 'b') = 'x'", "regexp_extract(s, 'a') = 'x'", "substr(s, -1) = 'a'",
    "substr(s, 0, 2) = 'a'", "substr(s, i) = 'a'", "left(s, -1) = 'a'", "isnan(d)", "s = 5",
    "x = 1", "i IS TRUE", "d::integer = 3", "s::integer = 3", "try_cast(s AS integer) = 3",
    "i::varchar = '1'", "day = '2026-1-1'", "day = s", "moment = '2026-01-01T00:00:00Z'",
    "utc = moment", "utc = day", "year(utc) = 2026", "moment - moment > INTERVAL 1 DAY",
    "parts.a = 1", "odd[1] = 1", "odd = [1]", "d % 2 = 1", "d // 2 = 1",
    "reverse(s) = 'a'",
    "s SIMILAR TO 'a'", "s GLOB 'a*'", "s LIKE t", "s LIKE 'x' || t", "s ILIKE 'É'",
    "regexp_matches(s, t)", "regexp_matches(s, 'a', 'i')", "wide * wide > 1", "wide > d", "f = m",
    "f < i",
    "replace(s, t, 'x') = 'a'", "sqrt(d) > 1", "pow(d, 2) > 1", "epoch(moment) > 1",
    "date_trunc('month', day) = day", "date_diff('day', day, due) > 1", "coalesce(m, 1) = 1",
    "trim(s, 'x') = 'a'", "md5(s) = 'a'", "hash(s) = 1", "small + 1 > 5", "-tiny = 3",
    "abs(small) = 1", r"regexp_matches(s, '\C')", r"s ~ '\pL'", "s LIKE 'É' OR log(d) > 1",
]  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> Iterator[Rows]:
    with duckdb.connect() as connection:
        yield lambda query: list(connection.execute(query).fetchall())


@pytest.mark.parametrize("condition", LEFT)
def test_what_may_mean_another_thing_is_left_out(condition: str, rows: Rows) -> None:
    with pytest.raises(Otherwise):
        alike(_conditions.check(condition, COLUMNS, rows), COLUMNS)


@pytest.mark.parametrize(("times", "said"), [(300, "levels deep"), (20, "too long")])
def test_a_condition_that_grows_without_end_is_refused(times: int, said: str, rows: Rows) -> None:
    condition = " / ".join(["d"] * times) + " > 1"
    with pytest.raises(Otherwise, match=said):
        alike(_conditions.check(condition, COLUMNS, rows), COLUMNS)


def test_every_function_that_is_allowed_is_compared(rows: Rows) -> None:
    called = {
        part["function_name"].lower()
        for expression in EXPRESSIONS
        for part in _conditions._parts(_conditions._parsed(expression, rows))
        if part["class"] == "FUNCTION"
    }
    assert called >= set(_spark_functions._WRITTEN) - {"dow"}  # which only `extract` knows


def table() -> pa.Table:
    """Columns of hard values, each of a length of its own, so that they meet in many pairs."""
    from datetime import UTC, date, datetime, timedelta
    from decimal import Decimal

    days = [None if d is None else date.fromisoformat(d) for d in DAYS]
    begins = [None if d is None else datetime(d.year, d.month, d.day) for d in days[:9]]
    moments = [None if d is None else d + timedelta(hours=n * 5 % 24, seconds=n * 17.5)
               for n, d in enumerate([*begins, *begins[:2]])]  # fmt: skip
    given: dict[str, list[Any]] = {
        **VALUES, "m": [None if m is None else Decimal(m) for m in VALUES["m"]],
        "s": TEXTS, "t": ["a", "", "b", None, "é", "🙂", "A"],
        "p": [t for t in TEXTS if t is None or t.isascii()],
        "day": days[:9], "due": [*days[3:9], days[0]], "moment": moments,
        "utc": [m and m.replace(tzinfo=UTC) for m in moments], "parts": [{"a": 1}, None],
    }  # fmt: skip
    types = {
        "i": pa.int32(), "j": pa.int64(), "f": pa.float32(), "m": pa.decimal128(10, 2),
        "moment": pa.timestamp("us"), "utc": pa.timestamp("us", "UTC"),
    }  # fmt: skip
    cycled = {
        key: pa.array([values[n % len(values)] for n in range(ROWS)], types.get(key))
        for key, values in given.items()
    }
    return pa.table({"n": pa.array(range(ROWS)), **cycled})


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (one != one and other != other)
    return type(one) is type(other) and bool(one == other)


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_each_expression_has_the_value_that_the_embedded_engine_gives(
    tmp_path: Path, rows: Rows
) -> None:
    pytest.importorskip("pyspark")
    from mlgate.tables._spark import _FUNCTIONS
    from mlgate.tables._spark_session import session
    from mlgate.tables._spark_sql import spoken

    pq.write_table(table(), tmp_path / "t.parquet")
    spark = session({"master": "local[2]"})
    for function in _FUNCTIONS:
        spark.sql(f"CREATE OR REPLACE TEMPORARY FUNCTION {function}")
    spark.read.parquet(str(tmp_path / "t.parquet")).createOrReplaceTempView("hard")
    writer = _Writer({key: of_column(name(key), native)
                      for key, native in {**NATIVE, "p": "string"}.items()})  # fmt: skip
    wrong: list[Any] = []
    for begin in range(0, len(EXPRESSIONS), 60):
        asked = EXPRESSIONS[begin : begin + 60]
        written = [spoken(writer.written(_conditions._parsed(one, rows)).sql) for one in asked]
        found = spark.sql(f"SELECT n, {', '.join(written)} FROM hard ORDER BY n").collect()
        wanted = rows(f"SELECT n, {', '.join(asked)} FROM '{tmp_path}/t.parquet' ORDER BY n")
        for at, expression in enumerate(asked, 1):
            pairs = [(w[at], f[at]) for w, f in zip(wanted, found, strict=True)]
            wrong += [(expression, *p) for p in pairs if not same(*p)][:2]
    assert not wrong, "\n".join(map(str, wrong))
    for condition, column, said in (
        ("d <= 9", pa.array([1.0, math.nan]), NAN),
        ("lower(d) = 'i'", pa.array(["İ"]), BEYOND_ASCII),
    ):  # fmt: skip
        native = "double" if said == NAN else "string"
        pq.write_table(pa.table({"d": column}), tmp_path / "one.parquet")
        spark.read.parquet(str(tmp_path / "one.parquet")).createOrReplaceTempView("hard")
        columns = {"d": Column("d", "other", native)}
        sql = alike(_conditions.check(condition, columns, rows), columns)
        with pytest.raises(Otherwise, match=said), otherwise("parquet"):
            spark.sql(spoken(f"SELECT {sql} FROM hard")).collect()
