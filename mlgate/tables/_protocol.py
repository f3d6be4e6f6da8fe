"""What is asked of an engine's worker, and how it answers: JSON lines, the last one `end`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mlgate.tables.aggregates import Any_, Value
from mlgate.tables.table import Column, Form, Located


class Source(Struct, frozen=True):
    """The files of a table, as an engine opens them."""

    files: tuple[str, ...]
    form: Form
    partitioned: bool = False
    query: str | None = None
    """Of a database: the table in it, or a query."""


def source_of(table: Located) -> Source:
    """Where the table's bytes lie."""
    files = tuple(part.file for part in table.parts)
    return Source(files, table.form, table.partitioned, table.query)


class Aggregates(Struct, frozen=True, tag="aggregates", kw_only=True):
    """Answers for some files, and answers for the whole table; and the columns of those files."""

    table: Source
    parts: dict[int, list[Any_]] = {}
    """By the number of the file."""
    whole: list[Any_] = []
    known: dict[int, list[Value]] = {}
    """What a file alone answers to each of `whole`, by its number, where that was found before."""


class Several(Struct, frozen=True, tag="several", kw_only=True):
    """Aggregates of several tables, in one process; each line says whose it is."""

    asks: list[Aggregates]


class Orphans(Struct, frozen=True, tag="orphans", kw_only=True):
    """How many values of a column are not in a column of another table."""

    table: Source
    column: str
    other: Source
    other_column: str


class Breach(Struct, frozen=True, kw_only=True):
    """Rows that break a rule: those of which `kept` (an aggregate that counts) is not met, those
    whose key comes again where it counts repeated keys, or those that `lost` counts."""

    number: int
    kept: Any_ | None = None
    lost: Orphans | None = None
    rule: str = ""
    """The rule as rows that break it name it: `between: age`."""


class Examples(Struct, frozen=True, tag="examples", kw_only=True):
    """The first rows that break each rule: number, file, and key where there is one.

    The file is empty where rows are numbered through all of them.
    """

    table: Source
    breaches: list[Breach]
    key: str | None = None
    most: int = 5


class Failing(Struct, frozen=True, tag="failing", kw_only=True):
    """All rows that break a rule, written to `file` as Parquet; `found` says how many they are."""

    table: Source
    breaches: list[Breach]
    file: str
    names: list[str] = []
    """What the table's files are called; each row says of which it is, where there are several."""


class Overlap(Struct, frozen=True, tag="overlap", kw_only=True):
    """How many rows of `table` have an equal one in `other`, as to `columns` (all if empty)."""

    table: Source
    other: Source
    columns: tuple[str, ...] = ()
    normalised: bool = False
    """Compare texts without case, accents, punctuation and spaces."""
    nulls_count: bool = False
    """Whether nulls are equal, as in whole rows; a key that holds one is like no other."""
    most: int = 5


class Twin(Struct, frozen=True):
    """A column of one table, what it is called in the other, and what counts as equal."""

    column: str
    other: str
    relative: float = 0.0
    absolute: float = 0.0


class Skew(Struct, frozen=True, tag="skew", kw_only=True):
    """Where rows of two tables with the same key differ.

    Answered in one line: `found` is [rows, rows of the other, keys in both, rows that repeat a key,
    the same of the other], `values` is for each twin [rows that differ, of those: null in the first
    only, in the other only; the mean of the other less the first, the greatest difference].
    """

    table: Source
    other: Source
    key: tuple[Twin, ...]
    twins: tuple[Twin, ...]


Ask = Aggregates | Several | Examples | Failing | Orphans | Overlap | Skew


class Request(Struct, frozen=True, kw_only=True):
    """One question, and the means to answer it."""

    ask: Ask
    spill: str
    """A folder for what does not fit into memory."""
    memory: str = "512MB"
    threads: int | None = None
    spark: dict[str, str] = {}
    """`remote` or `master`: the Spark session, where that is the engine."""


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of an answer."""

    table: int = 0
    part: int | None = None
    schema: list[Column] | None = None
    values: list[Value] | None = None
    apart: list[tuple[int, list[Value]]] = []
    """Of the whole table: what files alone answered on the way, as in `known`."""
    scanned: bool | None = None
    """False where the footer alone decided."""
    found: Any = None
    error: str | None = None
    hint: str | None = None
    missing: str | None = None
    """The package that the engine needs."""
    end: bool | None = None
