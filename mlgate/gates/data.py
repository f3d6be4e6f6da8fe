"""What must hold for a table: its schema, its columns and its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.finding import Figure, Finding, Location
from mlgate.core.gate import Inputs, Rule
from mlgate.core.text import shown
from mlgate.core.words import Level, Result, Stage
from mlgate.gates._data_options import (
    Balance,
    Column,
    ColumnRule,
    Condition,
    Fresh,
    RowCount,
    Text,
    Volume,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Context, Detected

stages = frozenset({Stage.MERGE, Stage.PROMOTE, Stage.MONITOR})

_BOUNDS = "correct the data, or change the bound in the policy"
rules = {
    "schema": Rule(
        "A column is missing, of another type, or not expected.",
        "correct the step that writes the table, or its columns in the policy",
        Level.ERROR,
    ),
    "rows": Rule("There are too few or too many rows.", _BOUNDS, Level.ERROR),
    "nulls": Rule("Too many or too few values are null.", _BOUNDS, Level.ERROR),
    "not-finite": Rule("Values are NaN or infinite.", _BOUNDS, Level.ERROR),
    "between": Rule("Values lie outside their bounds.", _BOUNDS, Level.ERROR),
    "values": Rule("Values are not among those that are allowed.", _BOUNDS, Level.ERROR),
    "regex": Rule("Texts do not match.", _BOUNDS, Level.ERROR),
    "length": Rule("Texts are too short or too long.", _BOUNDS, Level.ERROR),
    "unique": Rule("A key comes more than once.", "drop the repeated rows", Level.ERROR),
    "mean": Rule("The mean lies outside its bounds.", _BOUNDS, Level.ERROR),
    "stdev": Rule("The standard deviation lies outside its bounds.", _BOUNDS, Level.ERROR),
    "quantile": Rule("A quantile lies outside its bounds.", _BOUNDS, Level.ERROR),
    "monotonic": Rule("Values break their order.", "sort the table", Level.ERROR),
    "distinct": Rule("There are too few or too many different values.", _BOUNDS, Level.ERROR),
    "most-common": Rule("One value takes too great or small a share.", _BOUNDS, Level.ERROR),
    "in-table": Rule("Values are not in the table that must hold them.", _BOUNDS, Level.ERROR),
    "condition": Rule("Rows break a condition.", _BOUNDS, Level.ERROR),
    "fresh": Rule("The newest row is too old, or in the future.", "renew the data", Level.ERROR),
    "volume": Rule("A day brings too few or too many rows.", _BOUNDS, Level.ERROR),
    "balance": Rule("Groups differ in their share or their rate of the label.", _BOUNDS,
                    Level.ERROR),
    "origin": Rule("The table is not in the commit.", level=Level.NOTE),
}  # fmt: skip


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a `data` gate."""

    table: Text
    """The table: a file, a folder, a pattern such as `data/*.parquet`, or a table or query of a
    database: `shop.duckdb#orders`, `shop.sqlite#SELECT ...`."""
    rows: RowCount = RowCount()
    """How many rows there must be."""
    columns: dict[str, Column] = {}
    """What must hold for each column."""
    rules: tuple[ColumnRule, ...] = ()
    """Further rules for columns, mostly with a `filter`."""
    columns_exact: bool = False
    """Whether there may be no columns but those of `columns`."""
    ordered: bool = False
    """Whether the columns must stand in the order of `columns`."""
    unique: tuple[Text | tuple[Text, ...], ...] = ()
    """Keys of which no value may come twice; a list is one key of several columns. Rows with a null
    in the key are not compared."""
    key: Text | None = None
    """The column by which rows that break a rule are named, beside their number."""
    conditions: tuple[Condition, ...] = ()
    """What must be true of each row."""
    fresh: Fresh | None = None
    """How old the newest row may be."""
    volume: Volume | None = None
    """How many rows each day must bring."""
    balance: tuple[Balance, ...] = ()
    """How labels and rows must be spread over groups."""

    def __post_init__(self) -> None:
        if (self.columns_exact or self.ordered) and not self.columns:
            raise ValueError("`columns_exact` and `ordered` need `columns`")


def inputs(ctx: Context) -> Inputs | None:
    """The table's files; the answers are stored by content below this, and freshness never is."""
    from mlgate.sources._tables import locate

    table = locate(ctx, ctx.options.table)
    paths = tuple(part.name for part in table.parts) if table.origin == "commit" else ()
    return Inputs(paths=paths, judged=shown(ctx.options.table))


def check(ctx: Context, _paths: tuple[str, ...]) -> Iterator[Finding | Figure]:
    """Ask the table for all that the rules need, in one go, and judge each of them."""
    from mlgate.gates import _data_judge
    from mlgate.sources._tables import locate

    table = locate(ctx, ctx.options.table)
    if table.origin == "work tree":
        yield origin("data", table.path, table.origin)
    yield from _data_judge.findings(ctx, table)


def detect(ctx: Context) -> Detected | None:
    """Tables in the repository, as policy lines that are commented out."""
    from mlgate.gates import _data_adopt

    return _data_adopt.detected(ctx)


def origin(kind: str, path: str, where: str) -> Finding:
    """A note that the table that was judged is not in the commit."""
    return Finding(
        rule=f"{kind}/origin",
        message=f"{shown(path)} is not in the commit: the {where}'s file was judged",
        result=Result.PASS,
        level=Level.NOTE,
        location=Location(path=path),
    )
