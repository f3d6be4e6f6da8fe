"""Whether the splits of a data set know of each other, or a feature of the label."""

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

_SPLIT = "split anew, by key or by time, and train again: what was measured is too good"
rules = {
    "shared-row": Rule("Rows are in two splits.", _SPLIT, Level.ERROR),
    "shared-key": Rule("Keys are in two splits.", _SPLIT, Level.ERROR),
    "near-duplicate": Rule("Rows of two splits differ in case, accents or punctuation only.",
                           _SPLIT, Level.ERROR),
    "time-order": Rule("A split holds rows later than the begin of the one after it.", _SPLIT,
                       Level.ERROR),
    "giveaway": Rule("One feature alone gives the label away.",
                     "drop the feature, or name it in `ignore` if it is known at prediction time",
                     Level.ERROR),
    "origin": Rule("The table is not in the commit.", level=Level.NOTE),
}  # fmt: skip

Text = Annotated[str, Meta(min_length=1)]
Ratio = Annotated[float, Meta(ge=0, le=1)]


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a `leakage` gate."""

    tables: Annotated[dict[str, Text], Meta(min_length=1)]
    """The splits by name, in the order of time: `{ train = "train.parquet", test = "..." }`."""
    key: Text | tuple[Text, ...] = ()
    """The column, or columns, of which no value may be in two splits: a customer, a patient."""
    rows: bool = True
    """Whether no row may be in two splits as a whole."""
    row_columns: tuple[Text, ...] = ()
    """The columns by which rows are compared; all that the splits share unless given."""
    near_duplicates: tuple[Text, ...] = ()
    """Columns by which rows are compared without case, accents, punctuation and spaces."""
    time: Text | None = None
    """The column of the time: each split must end before the next one begins. The day on which one
    ends and the next begins may be in both."""
    label: Text | None = None
    """The column of the label: no feature alone may give it away."""
    ignore: tuple[Text, ...] = ()
    """Columns that are not looked at as features."""
    giveaway: Annotated[float, Meta(gt=0.5, le=1)] = 0.99
    """The share of a constant guess's errors that a feature must avoid alone to be a giveaway."""
    most: Ratio = 0.0
    """The share of the later split's rows that may be shared."""

    def __post_init__(self) -> None:
        if len(self.tables) < 2 and self.label is None:
            raise ValueError("`tables` must name two splits at least, or `label` be given")
        if not (self.rows or self.key or self.near_duplicates or self.time or self.label):
            raise ValueError("nothing is asked: give `rows`, `key`, `time` or `label`")


def inputs(ctx: Context) -> Inputs | None:
    """The files of all splits."""
    from mlgate.sources._tables import locate

    tables = [locate(ctx, path) for path in ctx.options.tables.values()]
    names = {p.name for table in tables if table.origin == "commit" for p in table.parts}
    judged = " and ".join(shown(path) for path in ctx.options.tables.values())
    return Inputs(paths=tuple(sorted(names)), judged=judged)


def check(ctx: Context, _paths: tuple[str, ...]) -> Iterator[Finding | Figure]:
    """Compare every two splits, then look at each feature of the first one."""
    from mlgate.gates import _leakage_features, _leakage_splits

    yield from _leakage_splits.findings(ctx)
    if ctx.options.label is not None:
        yield from _leakage_features.findings(ctx)
