"""What a table is: files of one form, each with its content's digest, and the columns in them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import shown

Form = Literal["parquet", "csv", "json", "arrow"]
Type = Literal[
    "integer", "float", "decimal", "string", "boolean", "date", "time", "timestamp", "binary",
    "nested", "other",
]  # fmt: skip

_FORMS: dict[str, Form] = {
    ".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv", ".csv.gz": "csv",
    ".tsv.gz": "csv", ".jsonl": "json", ".ndjson": "json", ".jsonl.gz": "json", ".arrow": "arrow",
    ".feather": "arrow",
}  # fmt: skip


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


def form_of(name: str) -> Form:
    """The form of a file, by its name. Raises `GateError`."""
    lower = name.lower()
    for end, form in _FORMS.items():
        if lower.endswith(end):
            return form
    raise GateError(
        f"{shown(name)} is no table by its name",
        "tables end in .parquet, .csv, .tsv, .jsonl, .arrow or .feather",
    )
