"""Whether a table holds personal data where none is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from mlgate.core.gate import Inputs, Rule
from mlgate.core.text import shown
from mlgate.core.words import Level, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.finding import Figure, Finding
    from mlgate.core.gate import Context

stages = frozenset({Stage.MERGE, Stage.MONITOR})
conceals = True

_MEND = "drop, mask or hash the column before the table is written; or declare it in `allowed`"
rules = {
    "email": Rule("A column holds e-mail addresses.", _MEND, Level.ERROR),
    "phone": Rule("A column holds telephone numbers.", _MEND, Level.ERROR),
    "iban": Rule("A column holds bank accounts (IBAN, by their check digits).", _MEND, Level.ERROR),
    "card": Rule("A column holds payment cards (by range and Luhn's digit).", _MEND, Level.ERROR),
    "national-id": Rule("A column holds national identity numbers, by their check digits.", _MEND,
                        Level.ERROR),
    "ip": Rule("A column holds public IP addresses.", _MEND, Level.ERROR),
    "address": Rule("A column holds postal addresses.", _MEND, Level.ERROR),
    "classes": Rule("Which laws and standards the table falls under.", level=Level.NOTE),
    "declared": Rule("A column that is declared is not in the table.",
                     "correct its name in `allowed`, or take it out", Level.WARNING),
    "origin": Rule("The table is not in the commit.", level=Level.NOTE),
}  # fmt: skip

Text = Annotated[str, Meta(min_length=1)]
Name = Literal["email", "phone", "iban", "card", "national-id", "ip", "address"]
NAMES: tuple[Name, ...] = ("email", "phone", "iban", "card", "national-id", "ip", "address")


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a `privacy` gate."""

    table: Text
    """The table: a file, a folder, or a pattern such as `data/*.parquet`."""
    kinds: tuple[Name, ...] = NAMES
    """What is looked for; everything unless given."""
    allowed: dict[Text, tuple[Name | Literal["any"], ...]] = {}
    """Columns that may hold personal data, with the kinds: `{ contact = ["email", "phone"] }`;
    `any` for all kinds."""
    columns: tuple[Text, ...] = ()
    """The only columns to look at; all unless given."""
    max_share: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """The share of a column's values that may hold a kind that is not declared."""

    def __post_init__(self) -> None:
        if not self.kinds:
            raise ValueError("`kinds` is empty, so nothing is asked")


def inputs(ctx: Context) -> Inputs | None:
    """The table's files; the answers are stored by content below this."""
    from mlgate.sources._tables import locate

    table = locate(ctx, ctx.options.table)
    paths = tuple(part.name for part in table.parts) if table.origin == "commit" else ()
    return Inputs(paths=paths, judged=shown(ctx.options.table))


def check(ctx: Context, _paths: tuple[str, ...]) -> Iterator[Finding | Figure]:
    """Look at every column, and state what each holds, never a value."""
    from mlgate.gates import _privacy_judge

    yield from _privacy_judge.findings(ctx)
