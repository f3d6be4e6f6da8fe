"""Lets a policy's condition through only if it is one pure expression over the table's columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mlgate.core.errors import GateError
from mlgate.core.text import shown
from mlgate.tables._sql import name
from mlgate.tables.table import meant

if TYPE_CHECKING:
    from mlgate.tables._queries import Rows
    from mlgate.tables._sql import Columns
    from mlgate.tables.table import Column

_ALLOWED = frozenset(
    {"BETWEEN", "CASE", "CAST", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION",
     "OPERATOR", "TYPE"}
)  # fmt: skip
_LONGEST = 2000
_BEYOND_RE2 = ("(?=", "(?!", "(?<=", "(?<!", "(?>", "(?P=")


def check(expression: str, columns: Columns, rows: Rows) -> dict[str, Any]:
    """The syntax tree of one expression that the same row always decides alike.

    Raises `GateError` for anything else.
    """
    if len(expression) > _LONGEST:
        raise GateError(f"a condition is longer than {_LONGEST:,} characters")
    node = _parsed(expression, rows)
    for part in _parts(node):
        if part["class"] not in _ALLOWED:
            what = part["class"].lower().replace("_", " ")
            raise GateError(
                f"the condition `{shown(expression)}` holds a {what}",
                "write comparisons and functions over the row's own columns only",
            )
        if part["class"] == "COLUMN_REF":
            _known(part["column_names"], columns, expression)
    _pure({p["function_name"] for p in _parts(node) if p["class"] == "FUNCTION"}, expression, rows)
    named = {p["column_names"][0].lower() for p in _parts(node) if p["class"] == "COLUMN_REF"}
    _decides(expression, [c for c in columns.values() if c.name.lower() in named], rows)
    return node


def _parsed(expression: str, rows: Rows) -> dict[str, Any]:
    """The syntax tree of the one expression that it is: by itself, and in brackets.

    By itself, so that it closes no bracket of ours; in brackets, where a list becomes a row and an
    alias or a clause is an error.
    """
    _tree(expression, f"SELECT\n{expression}\n", rows)
    statements = _tree(expression, f"SELECT (\n{expression}\n)", rows)["statements"]
    node = statements[0]["node"]
    plain = len(statements) == 1 and node["type"] == "SELECT_NODE" and len(node["select_list"]) == 1
    top = node["select_list"][0] if plain else {}
    if not plain or top.get("function_name") == "row" or node["from_table"]["type"] != "EMPTY":
        raise _several(expression)
    return dict(top)


def _several(expression: str) -> GateError:
    return GateError(
        f"the condition `{shown(expression)}` is more than one expression",
        "write one condition for each of them",
    )


def _tree(expression: str, statement: str, rows: Rows) -> dict[str, Any]:
    import json

    quoted = statement.replace("'", "''")
    tree = json.loads(rows(f"SELECT json_serialize_sql('{quoted}')")[0][0])
    if tree.get("error"):
        first = str(tree.get("error_message")).partition("\n")[0]
        if "Only SELECT statements" in first:  # another statement stands behind a semicolon
            raise _several(expression)
        raise GateError(
            f"the condition `{shown(expression)}` is not one expression: {shown(first)}",
            "write one SQL expression, such as `paid <= price`",
        )
    return dict(tree)


def _parts(node: Any) -> Iterator[dict[str, Any]]:
    waiting = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if "class" in item:
                yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _known(path: list[str], columns: Columns, expression: str) -> None:
    names = {column.lower() for column in columns}
    if path[0].lower() not in names:
        raise GateError(
            f"the condition `{shown(expression)}` names {shown(path[0])}, which is no column",
            meant(path[0], columns),
        )


def _pure(functions: set[str], expression: str, rows: Rows) -> None:
    """Refuse functions that answer differently for the same row, or that are none of a row."""
    if not functions:
        return
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(functions))
    query = (
        "SELECT function_name FROM duckdb_functions() WHERE function_type = 'scalar'"
        f" AND function_name IN ({listed})"
        " GROUP BY function_name HAVING bool_and(stability = 'CONSISTENT')"
    )
    refused = functions - {row[0] for row in rows(query)}
    if refused:
        raise GateError(
            f"the condition `{shown(expression)}` calls {shown(min(refused))},"
            " which is no function of a row alone",
            "use functions whose result depends on the row only: neither random nor the clock",
        )


def _decides(expression: str, named: Sequence[Column], rows: Rows) -> None:
    """Refuse what is a number or a text, which the engine would take for true unless it is zero."""
    nulls = ", ".join(f"NULL::{column.native} AS {name(column.name)}" for column in named)
    try:
        kind = rows(f"SELECT typeof(\n{expression}\n) FROM (SELECT {nulls or 'NULL'})")[0][0]
    except Exception:  # of types that are another engine's: the scan will say what is wrong
        return
    if kind not in ("BOOLEAN", '"NULL"'):
        raise GateError(
            f"the condition `{shown(expression)}` is a {kind}, neither true nor false",
            "compare it with something, as in `paid <= price`",
        )


def check_regex(regex: str, rows: Rows) -> None:
    """Raises `GateError` for what RE2 does not understand, before any row is read."""
    if any(mark in regex for mark in _BEYOND_RE2):
        raise GateError(
            f"the regular expression {shown(regex)} looks around, which RE2 cannot",
            "write it without (?=, (?!, (?<= and (?<!",
        )
    quoted = regex.replace("'", "''")
    try:
        rows(f"SELECT regexp_matches('', '{quoted}')")
    except Exception as error:
        first = str(error).partition("\n")[0].removeprefix("Invalid Input Error: ")
        raise GateError(
            f"{shown(regex)} is no regular expression: {shown(first)}",
            "see https://github.com/google/re2/wiki/Syntax",
        ) from None
