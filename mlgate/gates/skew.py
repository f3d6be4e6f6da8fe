"""Whether serving sees what training saw: features, or predictions, of the same rows compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from mlgate.core.gate import Inputs, Rule
from mlgate.core.text import shown
from mlgate.core.words import Level, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.finding import Figure, Finding
    from mlgate.core.gate import Context

stages = frozenset({Stage.MERGE, Stage.MONITOR})

rules = {
    "value": Rule("Rows with the same key have different values in both tables.",
                  "compute the column by the same code in training and in serving", Level.ERROR),
    "matched": Rule("Too few rows have a counterpart in the other table.",
                    "log the key with every request, and compare tables of the same time",
                    Level.ERROR),
    "key": Rule("A key comes more than once, so that its rows cannot be compared.",
                "name a key that is unique, such as a request's id", Level.ERROR),
    "schema": Rule("A column is missing in one of the tables, or of another type.",
                   "log the column as training has it, or name it in `ignore`", Level.ERROR),
    "origin": Rule("The table is not in the commit.", level=Level.NOTE),
}  # fmt: skip

Text = Annotated[str, Meta(min_length=1)]
Ratio = Annotated[float, Meta(ge=0, le=1)]


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a `skew` gate."""

    table: Text
    """What training has: its features, or the predictions of a batch."""
    against: Text
    """What serving has logged: features, or the predictions that were given online."""
    key: Text | Annotated[tuple[Text, ...], Meta(min_length=1)]
    """The column, or columns, that tell which rows are the same; of one name in both tables."""
    columns: tuple[Text, ...] = ()
    """The columns to compare, by their names in `table`; all that `table` has unless given."""
    ignore: tuple[Text, ...] = ()
    """Columns that are not compared, such as the label."""
    names: dict[Text, Text] = {}
    """What columns are called in `against`, where that differs: `{ age = "feature_age" }`."""
    relative: Annotated[float, Meta(ge=0, lt=1)] = 1e-6
    """The difference that counts as equal, as a share of the greater number."""
    absolute: Annotated[float, Meta(ge=0)] = 0.0
    """The difference that counts as equal, added to that."""
    max_share: Ratio = 0.0
    """The share of the rows that may differ in a column."""
    shares: dict[Text, Ratio] = {}
    """The same for single columns."""
    min_matched: Ratio = 0.99
    """The share of the rows of `against` that must have a counterpart in `table`."""


def inputs(ctx: Context) -> Inputs | None:
    """The files of both tables."""
    from mlgate.sources._tables import locate

    paths = (ctx.options.table, ctx.options.against)
    tables = [locate(ctx, path) for path in paths]
    names = {p.name for table in tables if table.origin == "commit" for p in table.parts}
    judged = " against ".join(map(shown, paths))
    return Inputs(paths=tuple(sorted(names)), judged=judged)


def check(ctx: Context, _paths: tuple[str, ...]) -> Iterator[Finding | Figure]:
    """Join both tables, and state what differs in each column."""
    from mlgate.gates import _skew_judge

    yield from _skew_judge.findings(ctx)
