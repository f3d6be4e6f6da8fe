"""What a table is: files of one form, each with its content's digest, and the columns in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.parts import nearest
from mlgate.core.text import shown

Form = Literal["parquet", "csv", "json", "arrow", "duckdb", "sqlite"]
Type = Literal[
    "integer", "float", "decimal", "string", "boolean", "date", "time", "timestamp", "binary",
    "nested", "other",
]  # fmt: skip

FORMS: dict[str, Form] = {
    ".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv", ".csv.gz": "csv",
    ".tsv.gz": "csv", ".jsonl": "json", ".ndjson": "json", ".jsonl.gz": "json", ".arrow": "arrow",
    ".feather": "arrow", ".duckdb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite",
}  # fmt: skip

_COMPARED, _LISTED = 2000, 20
"""How many columns a hint looks at, and how many it lists."""
_NAME = re.compile(r"[^\W\d][\w$]*(?:\.[^\W\d][\w$]*)?")


class Column(Struct, frozen=True):
    """A column as a policy names its type, and as the engine does."""

    name: str
    type: Type
    native: str


class Part(Struct, frozen=True, kw_only=True):
    """One file of a table."""

    name: str
    """Its path in the repository."""
    file: str
    """Where its bytes lie: an absolute path."""
    digest: str | None = None
    """`blob:...` of git, `md5:...` of DVC, `blake2b:...` of our own; None: not known yet."""


class Located(Struct, frozen=True, kw_only=True):
    """A table that was found."""

    path: str
    """As the policy names it."""
    parts: tuple[Part, ...]
    """In the order of their names."""
    origin: str
    """`commit`, `work tree`: where the bytes are from."""
    form: Form
    partitioned: bool = False
    """True if folders named `key=value` add columns."""
    query: str | None = None
    """Of a database: the table in it, or a query."""


def named(path: str) -> tuple[str, str | None]:
    """The file or pattern of a table, and of a database what is asked of it: `a.sqlite#orders`.

    Raises `GateError` where a database is named and no table in it.
    """
    file, _, query = path.partition("#")
    if FORMS.get(os.path.splitext(file.lower())[1]) not in ("duckdb", "sqlite"):
        return path, None
    if not query.strip():
        raise GateError(
            f"{shown(file)} is a database: which table?", f"{shown(file)}#TABLE, or a query there"
        )
    return file, query.strip()


def is_name(query: str) -> bool:
    """True if what is asked of a database is one of its tables, and no query."""
    return _NAME.fullmatch(query) is not None


def form_of(name: str) -> Form:
    """The form of a file, by its name. Raises `GateError`."""
    lower = name.lower()
    for end, form in FORMS.items():
        if lower.endswith(end):
            return form
    raise GateError(
        f"{shown(name)} is no table by its name",
        "tables end in .parquet, .csv, .tsv, .jsonl, .arrow or .feather; databases in .duckdb or"
        " .sqlite",
    )


def meant(name: str, columns: Iterable[str]) -> str:
    """A hint for a name that is no column: the nearest one, else the first few."""
    known = [shown(column) for column in columns]
    few = known[:_LISTED]
    close = nearest(shown(name), known[:_COMPARED])
    more = f" and {len(known) - len(few):,} more" if len(known) > len(few) else ""
    return close if close.startswith("did") else f"known: {', '.join(few)}{more}"
