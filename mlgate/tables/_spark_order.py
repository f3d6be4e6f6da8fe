"""The order of rows on Spark: by file, as the table lists its files, then by place in the file."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from mlgate.tables import _sql
from mlgate.tables._protocol import Source
from mlgate.tables._spark_session import frame
from mlgate.tables._spark_sql import spoken

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from mlgate.tables import aggregates as ask
    from mlgate.tables._sql import Columns

PLACE = ("__mlgate_file", "__mlgate_block", "__mlgate_row")
"""Columns that order rows: the file's number, the block's begin in it, the row within the block."""
_TURN, _PATH = "__mlgate_turn", "__mlgate_path"
_DECODED = (
    f"regexp_replace(url_decode(replace({_PATH}, '+', '%2B')),"
    " '^[A-Za-z0-9.+-]+:(//[^/]*)?(?=/)', '')"
)
"""The path of a row's file as it was given: Spark tells it as an address, `file:/a%20b`."""
_KNOWN = f"coalesce({PLACE[0]}, raise_error('rows of a file that is none of the table')::int)"


def placed(spark: SparkSession, table: Source) -> DataFrame:
    """The rows of the table with their places. Raises `GateError` as `frame` does."""
    numbers = spark.sql(_numbered(table)).hint("broadcast")
    decoded = _lying(spark, table).withColumns({_PATH: _expr(_DECODED)})
    found = decoded.join(numbers, [_TURN, _PATH], "left").drop(_TURN, _PATH)
    return found.withColumn(PLACE[0], _expr(_KNOWN))


def _lying(spark: SparkSession, table: Source, exact: frozenset[str] | None = None) -> DataFrame:
    """The rows with the addresses of their files, which are cheaper than the files' numbers."""
    parts = [
        frame(spark, table, tuple(files), exact).selectExpr(
            "*", f"{turn} AS {_TURN}", f"_metadata.file_path AS {_PATH}",
            f"_metadata.file_block_start AS {PLACE[1]}",
            f"monotonically_increasing_id() AS {PLACE[2]}",
        )
        for turn, files in enumerate(_turns(table.files))
    ]  # fmt: skip
    return functools.reduce(lambda one, more: one.unionByName(more, True), parts)


def _turns(files: tuple[str, ...]) -> list[dict[str, int]]:
    """The files with their numbers, a file that comes again in another turn: equal parts of a data
    version are one file, of which Spark would not say which of them a row is of."""
    turns: list[dict[str, int]] = []
    for number, file in enumerate(files):
        turn = next((one for one in turns if file not in one), None)
        if turn is None:
            turns.append(turn := {})
        turn[file] = number
    return turns


def _numbered(table: Source) -> str:
    """A query for the number of each file."""
    listed = ", ".join(
        f"({turn}, {_sql.text(file)}, {number})"
        for turn, files in enumerate(_turns(table.files))
        for file, number in files.items()
    )
    names = ", ".join((_TURN, _PATH, PLACE[0]))
    return spoken(f"SELECT * FROM VALUES {listed} AS numbers({names})")


def _expr(expression: str) -> Any:
    from pyspark.sql.functions import expr

    return expr(expression)


def disorder(spark: SparkSession, table: Source, a: ask.Disorder, columns: Columns) -> int:
    """Steps against the order, as the embedded engine counts them; blocks are looked at apart.

    Each value is compared with the best one before it: of its own block, or of all earlier blocks.
    """
    value = _sql.compared(columns, a.column)
    best, sign, only = _sql.order(a, columns)
    among = "least" if a.descending else "greatest"
    block, row = f"{_TURN}, {_PATH}, {PLACE[1]}", PLACE[2]
    before = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    so_far = f"{best}(v) OVER (PARTITION BY {block} ORDER BY {row} {before})"
    _lying(spark, table, frozenset()).createOrReplaceTempView("rows_in_order")
    query = (
        f"WITH kept AS (SELECT {block}, {row}, {value} AS v FROM rows_in_order{only}), "
        f"blocks AS (SELECT {block}, {_DECODED} AS file, {best}(v) AS best FROM kept"
        f" GROUP BY {block}), "
        f"numbered AS (SELECT blocks.*, {_KNOWN} AS number FROM blocks LEFT JOIN"
        f" ({_numbered(table)}) AS n ON blocks.{_TURN} = n.{_TURN} AND file = n.{_PATH}), "
        f"earlier AS (SELECT {block}, {best}(best) OVER (ORDER BY number, {PLACE[1]} {before})"
        " AS best FROM numbered), "
        f"steps AS (SELECT {block}, v, {so_far} AS so_far FROM kept) "
        f"SELECT count(*) FILTER (WHERE v {sign} {among}(so_far, best))"
        f" FROM steps JOIN earlier USING ({block})"
    )
    return int(spark.sql(spoken(query)).collect()[0][0])
