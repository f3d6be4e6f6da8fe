"""Whether a table's distributions have moved against a reference, more than by chance."""

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

_MEND = (
    "see whether the world changed or the pipeline broke; then retrain, mend it, or raise the floor"
)
rules = {
    "ks": Rule("The distribution of a number has moved.", _MEND, Level.ERROR),
    "share": Rule("The share of a category has moved.", _MEND, Level.ERROR),
    "nulls": Rule("The share of nulls has moved.", _MEND, Level.ERROR),
    "psi": Rule("The population stability index is above its limit.", _MEND, Level.ERROR),
    "schema": Rule("A column is missing, or of another type than in the reference.",
                   "correct the step that writes the table", Level.ERROR),
    "too-few": Rule("There are too few rows to tell drift from chance.",
                    "gather more rows, or raise the floors", Level.WARNING),
    "not-compared": Rule("Columns that have no distribution to compare.", level=Level.NOTE),
    "within": Rule("No difference reaches its floor.", level=Level.NOTE),
    "same": Rule("The table is the reference, byte by byte.", level=Level.NOTE),
    "reference": Rule("The reference is a profile that was saved, not its data.",
                      level=Level.NOTE),
    "origin": Rule("The table is not in the commit.", level=Level.NOTE),
}  # fmt: skip

Floor = Annotated[float, Meta(gt=0, lt=1)]


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a `drift` gate."""

    table: Annotated[str, Meta(min_length=1)]
    """The table that is judged."""
    against: Annotated[str, Meta(min_length=1)] = "base"
    """The reference: `base`, the same table in the base; the path of another table; or that of a
    profile that `mlgate data profile TABLE --save` wrote, `TABLE.profile.json`. What lies beside
    the table in the base, and is of its content, is used unasked."""
    columns: tuple[str, ...] = ()
    """The only columns to compare; all but times unless given."""
    ignore: tuple[str, ...] = ()
    """Columns that are not compared, such as ids that grow."""
    ks: Floor = 0.03
    """The Kolmogorov-Smirnov distance of a number's distribution from which on it matters."""
    share: Floor = 0.015
    """The change of a category's share from which on it matters."""
    null_rate: Floor = 0.005
    """The change of the share of nulls from which on it matters."""
    psi: Annotated[float, Meta(gt=0)] | None = None
    """The population stability index above which a column has drifted too; not asked unless
    given."""
    alpha: Annotated[float, Meta(gt=0, le=0.5)] = 0.05
    """The chance of any false alarm at all, over all columns together."""
    bins: Annotated[int, Meta(ge=16, le=65536)] = 8192
    """Bins of a histogram; where they hide too much, they are divided further."""


def inputs(ctx: Context) -> Inputs | None:
    """The table's files; answers about it and its reference are stored by content below this."""
    from mlgate.sources._tables import locate

    table = locate(ctx, ctx.options.table)
    paths = tuple(part.name for part in table.parts) if table.origin == "commit" else ()
    against = "the base" if ctx.options.against == "base" else shown(ctx.options.against)
    return Inputs(paths=paths, judged=f"{shown(ctx.options.table)} against {against}")


def check(ctx: Context, _paths: tuple[str, ...]) -> Iterator[Finding | Figure]:
    """Compare every column, decide all of them together, and state what came of it."""
    from mlgate.gates import _drift_compare

    yield from _drift_compare.facts(ctx)
