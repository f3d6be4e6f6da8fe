"""Writes a policy's condition, parsed by the embedded engine, as Spark decides it alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlgate.core.text import shown
from mlgate.tables import _sql
from mlgate.tables._spark_functions import either, first, written
from mlgate.tables._spark_kinds import Typed, as_float, compared, of_column, together
from mlgate.tables._spark_otherwise import Otherwise

if TYPE_CHECKING:
    from mlgate.tables._sql import Columns

_SIGNS = {
    "COMPARE_EQUAL": "=", "COMPARE_NOTEQUAL": "<>", "COMPARE_LESSTHAN": "<",
    "COMPARE_LESSTHANOREQUALTO": "<=", "COMPARE_GREATERTHAN": ">",
    "COMPARE_GREATERTHANOREQUALTO": ">=", "COMPARE_DISTINCT_FROM": "IS DISTINCT FROM",
    "COMPARE_NOT_DISTINCT_FROM": "IS NOT DISTINCT FROM",
}  # fmt: skip
_MOST = 2**63
_DEEPEST, _LONGEST = 50, 50_000
"""Levels and signs: what is asked of a value twice stands there twice, at each level."""


def alike(tree: dict[str, Any], columns: Columns) -> str:
    """A condition's tree in Spark's words and our quotes. Raises `Otherwise`."""
    named = {name.lower(): column for name, column in columns.items()}
    found = _Writer({key: of_column(_sql.name(c.name), c.native) for key, c in named.items()})
    sql = found.written(tree)
    if sql.kind not in ("truth", "null"):
        raise Otherwise(f"{sql.kind} is no truth")
    return sql.sql


class _Writer:
    """Over the columns of one table."""

    def __init__(self, columns: dict[str, Typed]) -> None:
        self._columns = columns
        self._depth = 0

    def written(self, node: dict[str, Any]) -> Typed:
        """The part of the tree, typed. Raises `Otherwise`."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Otherwise(f"it is nested more than {_DEEPEST} levels deep")
        found: Typed = getattr(self, "_" + node["class"].lower())(node)
        self._depth -= 1
        if len(found.sql) > _LONGEST:
            raise Otherwise("written out it is too long")
        return found

    def _all(self, nodes: Sequence[dict[str, Any]]) -> list[Typed]:
        return [self.written(node) for node in nodes]

    def _column_ref(self, node: dict[str, Any]) -> Typed:
        if len(node["column_names"]) > 1:
            raise Otherwise("a part of a column")
        return self._columns[node["column_names"][0].lower()]

    def _constant(self, node: dict[str, Any]) -> Typed:
        kind, text = node["literal"]["kind"], node["literal"].get("text", "")
        if kind == "STRING":
            return Typed(_sql.text(text), "text", constant=text)
        if kind == "BOOLEAN":
            return Typed(text, "truth", constant=text)
        if kind == "NULL_LITERAL":
            return Typed("NULL", "null")
        if kind == "INTEGER" and text.lstrip("-").isdigit() and abs(int(text)) < _MOST:
            return Typed(f"({text})", "integer", (len(text.lstrip("-")), 0), text)
        whole, _, behind = text.lstrip("-").partition(".")
        if kind == "NUMERIC" and (whole + behind).isdigit():
            digits = (len(whole) + len(behind), len(behind))
            return Typed(f"({text})", "decimal", digits, text)
        if kind == "NUMERIC" and "e" in text.lower():
            return Typed(f"'{float(text)!r}'::double", "double", constant=text)
        raise Otherwise(f"the constant {shown(text)}")

    def _cast(self, node: dict[str, Any]) -> Typed:
        given, kind = self.written(node["child"]), node["type_expr"]["type_name"].lower()
        if not node["try_cast"] and not node["type_expr"]["children"]:
            if kind in ("double", "float8"):
                return as_float(given, "double")
            if kind == "boolean" and given.kind == "truth":
                return given
            if kind in ("date", "timestamp") and given.constant is not None:
                wanted = {"date": "date", "timestamp": "time"}[kind]
                return together([given, Typed("NULL", wanted), Typed("NULL", wanted)])[0][0]
            if kind == "date" and given.kind == "time":
                return Typed(f"({given.sql})::date", "date")
        raise Otherwise(f"a cast of {given.kind} to {shown(kind)}")

    def _comparison(self, node: dict[str, Any]) -> Typed:
        (left, right), _ = compared(self._all([node["left"], node["right"]]))
        return Typed(f"({left} {_SIGNS[node['type']]} {right})", "truth")

    def _between(self, node: dict[str, Any]) -> Typed:
        given = self._all([node["input"], node["lower"], node["upper"]])
        (value, low, high), _ = compared(given)
        return Typed(f"({value} BETWEEN {low} AND {high})", "truth")

    def _conjunction(self, node: dict[str, Any]) -> Typed:
        word = {"CONJUNCTION_AND": " AND ", "CONJUNCTION_OR": " OR "}[node["type"]]
        return Typed(f"({word.join(map(self._truth, node['children']))})", "truth")

    def _truth(self, node: dict[str, Any]) -> str:
        found = self.written(node)
        if found.kind not in ("truth", "null"):
            raise Otherwise(f"{found.kind} is no truth")
        return found.sql

    def _case(self, node: dict[str, Any]) -> Typed:
        checks = node["case_checks"]
        values = [*(check["then_expr"] for check in checks), node["else_expr"]]
        return either(self._all([check["when_expr"] for check in checks]), self._all(values))

    def _operator(self, node: dict[str, Any]) -> Typed:
        kind, children = node["type"], node["children"]
        if kind == "OPERATOR_NOT":
            return Typed(f"(NOT {self._truth(children[0])})", "truth")
        given = self._all(children)
        if kind in ("OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL"):
            word = "IS NULL" if kind == "OPERATOR_IS_NULL" else "IS NOT NULL"
            return Typed(f"(({given[0].sql}) {word})", "truth")
        if kind == "OPERATOR_COALESCE":
            return first(given)
        if kind in ("COMPARE_IN", "COMPARE_NOT_IN"):
            (value, *listed), _ = compared(given)
            word = "IN" if kind == "COMPARE_IN" else "NOT IN"
            return Typed(f"({value} {word} ({', '.join(listed)}))", "truth")
        raise Otherwise(f"{kind.lower().replace('_', ' ')}")

    def _function(self, node: dict[str, Any]) -> Typed:
        return written(node["function_name"].lower(),
                       self._all([one["expression"] for one in node["arguments"]]))  # fmt: skip
