"""The ids of a table's rows, and which rows lack theirs or share one; in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from mlgate.core.text import counted, plain
from mlgate.gates._model_coded import unfolded
from mlgate.gates._model_read import columns
from mlgate.gates._model_refused import Refused
from mlgate.tables.columns import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_NAMED = 3
"""Rows that a message names."""
_EXACT = 2.0**53
"""Whole numbers up to which double precision tells any two apart."""
_BETWEEN = "\x1f"
"""Stands between the values of an id of several columns."""


class Ids(NamedTuple):
    """The id of each row, and the table that has them."""

    values: Array
    names: list[str]
    place: dict[str, Any]

    @property
    def path(self) -> str:
        """The table as messages name it."""
        return str(self.place["path"])

    def shown(self, at: int) -> str:
        """One of the ids as messages name it."""
        return plain(" / ".join(str(self.values[at]).split(_BETWEEN)))


def ids_of(found: dict[str, Array | Coded], names: list[str], place: dict[str, Any]) -> Ids:
    """The ids in the columns `names`; of several columns they become one text.

    Raises `Refused` for rows that lack a value, and for numbers that may stand for several ids.
    """
    import numpy as np

    parts = [unfolded(found[name]) for name in names]
    for name, part in zip(names, parts, strict=True):
        missing = np.flatnonzero(_missing(part))
        if len(missing):
            one = Ids(part, names, place)
            column = f"column {name!r} of these rows" if len(missing) > 1 else f"its {name!r}"
            raise Refused(
                f"{one.path}: {counted(len(missing), 'row')} without an id{_listed(one, missing)}",
                f"fill {column}, or name as `id` a column that every row has",
            )
        if part.dtype.kind == "f" and bool((np.abs(part) > _EXACT).any()):
            raise Refused(
                f"{place['path']}: column {name!r} has ids of more digits than a number holds",
                "write them as text, or as whole numbers of at most 64 bits",
            )
    joined = parts[0] if len(parts) == 1 else parts[0].astype(str)
    for part in parts[1:]:
        joined = np.char.add(np.char.add(joined, _BETWEEN), part.astype(str))
    return Ids(joined, names, place)


def _missing(part: Array) -> Array:
    import numpy as np

    if part.dtype.kind in "US":
        return np.equal(part, "")
    return np.not_equal(part, part) if part.dtype.kind == "f" else np.zeros(0, dtype=bool)


def refuse_twice(ids: Ids) -> NoReturn:
    """Raise `Refused` that names the first id that is there more than once, and its rows."""
    import numpy as np

    values, first, counts = np.unique(ids.values, return_index=True, return_counts=True)
    several = np.flatnonzero(counts > 1)
    chosen = several[int(np.argmin(first[several]))]
    rows = np.flatnonzero(ids.values == values[chosen])
    further = ", ".join(f'"{name}"' for name in [*ids.names, "..."])
    raise Refused(
        f"{ids.path}: {counted(len(several), 'id')} not unique, such as "
        f"{ids.shown(int(rows[0]))}{_listed(ids, rows)}",
        f"leave out the rows that are there twice, or name what tells them apart: id = [{further}]",
    )


def _listed(ids: Ids, rows: Array) -> str:
    """`: rows 4, 78 and 90`, counted from 1 without a head; of several files with theirs."""
    named = _in_files(ids, rows[:_NAMED].tolist())
    several = "row" if len(named) == 1 else "rows"
    if named[0].count(" "):  # "4 of b.csv"
        several, named = "", [f"row {one}" for one in named]
    text = ", ".join(named)
    if 1 < len(named) == len(rows):
        text = f"{', '.join(named[:-1])} and {named[-1]}"
    return f"{', first' if len(rows) > _NAMED else ':'} {several} {text}".replace("  ", " ")


def _in_files(ids: Ids, rows: list[int]) -> list[str]:
    files, names = ids.place["files"], ids.place["names"]
    if len(files) < 2:
        return [f"{row + 1:,}" for row in rows]
    starts, total = [], 0
    for file in files:
        starts.append(total)
        read = columns({**ids.place, "files": [file]}, ids.names[:1], empty=True)
        total += len(next(iter(read.values()), ()))
    found = []
    for row in rows:
        at = max(number for number, start in enumerate(starts) if start <= row)
        found.append(f"{row - starts[at] + 1:,} of {names[at]}")
    return found
