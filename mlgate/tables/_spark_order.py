"""The order of rows on Spark: by file, as the table lists its files, then by place in the file."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from mlgate.tables import _sql
from mlgate.tables._protocol import Source
from mlgate.tables._spark_footer import exact
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
    "regexp_replace(url_decode(replace(_metadata.file_path, '+', '%2B')),"
    " '^[A-Za-z0-9.+-]+:(//[^/]*)?(?=/)', '')"
)
"""The path of a row's file as it was given: Spark tells it as an address, `file:/a%20b`."""


def placed(spark: SparkSession, table: Source, whole: frozenset[str] | None = None) -> DataFrame:
    """The rows of the table with their places; `whole` is the `exact` of `frame`."""
    turns = _turns(table.files)
    parts = [
        frame(spark, table, tuple(files), whole).selectExpr(
            "*", f"{turn} AS {_TURN}", f"{_DECODED} AS {_PATH}",
            f"_metadata.file_block_start AS {PLACE[1]}",
            f"monotonically_increasing_id() AS {PLACE[2]}",
        )
        for turn, files in enumerate(turns)
    ]  # fmt: skip
    rows = functools.reduce(lambda one, more: one.unionByName(more, True), parts)
    numbers = _numbers(spark, turns).hint("broadcast")
    found = rows.join(numbers, [_TURN, _PATH], "left").drop(_TURN, _PATH)
    unknown = "raise_error('rows of a file that is none of the table')::int"
    return found.withColumn(PLACE[0], _expr(f"coalesce({PLACE[0]}, {unknown})"))


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


def _numbers(spark: SparkSession, turns: list[dict[str, int]]) -> DataFrame:
    listed = ", ".join(
        f"({turn}, {_sql.text(file)}, {number})"
        for turn, files in enumerate(turns)
        for file, number in files.items()
    )
    names = ", ".join((_TURN, _PATH, PLACE[0]))
    return spark.sql(spoken(f"SELECT * FROM VALUES {listed} AS numbers({names})"))


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
    block, row = ", ".join(PLACE[:2]), PLACE[2]
    before = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    so_far = f"{best}(v) OVER (PARTITION BY {block} ORDER BY {row} {before})"
    placed(spark, table, exact([a])).createOrReplaceTempView("rows_in_order")
    query = (
        f"WITH kept AS (SELECT {block}, {row}, {value} AS v FROM rows_in_order{only}), "
        f"blocks AS (SELECT {block}, {best}(v) AS best FROM kept GROUP BY {block}), "
        f"earlier AS (SELECT {block}, {best}(best) OVER (ORDER BY {block} {before}) AS best"
        " FROM blocks), "
        f"steps AS (SELECT {block}, v, {so_far} AS so_far FROM kept) "
        f"SELECT count(*) FILTER (WHERE v {sign} {among}(so_far, best))"
        f" FROM steps JOIN earlier USING ({block})"
    )
    return int(spark.sql(spoken(query)).collect()[0][0])
