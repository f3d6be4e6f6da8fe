"""Shows a column's values with the personal data in them replaced by its kind."""

from __future__ import annotations

from mlgate.tables._queries import Rows
from mlgate.tables._sql import name, text
from mlgate.tables.personal import KINDS, Kind, sightings
from mlgate.tables.table import Column

_GLANCE = 2000
"""Values by which a column of numbers is known to be one of card numbers or the like."""
_ALWAYS = tuple(kind for kind in KINDS if not kind.chance or kind.name == "card")
_BY_CHANCE = tuple(kind for kind in KINDS if kind.chance)


def masked(column: Column, source: str, rows: Rows) -> str:
    """The column as SQL that shows no personal data.

    What looks like an address or a card number is replaced wherever it stands, proven or not; what
    looks like any other number only in a column that mostly holds such numbers.
    """
    quoted = name(column.name)
    if column.type == "binary":
        return f"'[' || octet_length({quoted}) || ' bytes]'"
    if column.type not in ("string", "integer", "nested", "other"):
        return quoted
    found = _held(quoted, source, rows)
    kinds = found if column.type == "integer" else [k for k in KINDS if k in _ALWAYS or k in found]
    if not kinds:
        return quoted
    value = replaced = f"{quoted}::varchar"
    for kind in kinds:
        replaced = f"regexp_replace({replaced}, {text(kind.pattern)}, '[{kind.name}]', 'g')"
    pattern = "|".join(f"(?:{kind.pattern})" for kind in kinds)
    return f"CASE WHEN regexp_matches({value}, {text(pattern)}) THEN {replaced} ELSE {value} END"


def _held(quoted: str, source: str, rows: Rows) -> list[Kind]:
    """The kinds of numbers that the first values are, more often than by chance."""
    first = f"SELECT {quoted}::varchar FROM {source} WHERE {quoted} IS NOT NULL LIMIT {_GLANCE}"
    values = [row[0] for row in rows(first)]
    right: dict[str, int] = {}
    for value in values:
        for one in sightings(value, _BY_CHANCE):
            if one.proven:
                right[one.form] = right.get(one.form, 0) + (1 if one.bare else len(values))
    return [kind for kind in _BY_CHANCE if 2 * right.get(kind.form, 0) > len(values)]
