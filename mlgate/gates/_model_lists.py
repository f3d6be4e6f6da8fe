"""Labels and predictions of any number of classes a row, as 0 and 1 by class; in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.core.text import counted
from mlgate.gates._model_refused import Refused
from mlgate.gates._model_table import Table, finite
from mlgate.tables.columns import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class Listed:
    """What tables of lists hold, by `classes`."""

    def __init__(self, classes: list[Any], label: Array) -> None:
        self.classes = classes
        self.label = label
        """(rows, classes), 0 or 1."""
        self.outputs: list[tuple[Array, None]] = []
        """Of each table its predictions, likewise."""


def listed(new: Table, old: Table | None, request: dict[str, Any]) -> Listed:
    """Labels and predictions as 0 and 1 of the same classes. Raises `Refused` for what is no list
    of them."""
    asked, tables = request["columns"], [table for table in (new, old) if table]
    columns = [_Lists(new, asked["label"])]
    if asked["prediction"]:
        columns += [_Lists(table, asked["prediction"]) for table in tables]
    kinds = {type(name) for column in columns for name in column.names}
    if len(kinds) > 1:
        raise Refused(
            f"{new.path}: classes are {' and '.join(sorted(kind.__name__ for kind in kinds))}",
            "write labels and predictions with the same names of classes",
        )
    classes = request["classes"] or sorted({name for column in columns for name in column.names})
    number = {name: at for at, name in enumerate(classes)}
    coded = [column.marked(number) for column in columns]
    found = Listed(classes, coded[0])
    for at, table in enumerate(tables):
        found.outputs.append(
            (coded[1 + at] if asked["prediction"] else _decided(table, request), None)
        )
    return found


class _Lists:
    """A column of lists, end to end."""

    def __init__(self, table: Table, name: str) -> None:
        import numpy as np

        self._table, self._name = table, name
        self._where = table.where(name)
        rows = table.found[name]
        if isinstance(rows, Coded) or rows.dtype.kind != "O":
            raise Refused(
                f"{self._where} holds no lists of classes",
                "write a list for each row, as .jsonl or .parquet; [] where no class fits",
            )
        self._rows = len(rows)
        for row, one in enumerate(rows):
            if not isinstance(one, list | np.ndarray):
                where = f"{self._where} holds no list in {self._table.row(self._name, row)}"
                raise Refused(where, "[] where none fits")
        self._row = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
        self._flat: list[Any] = [_plain(item) for one in rows for item in one]
        self.names: set[Any] = set(self._flat)
        for one in self.names:
            if type(one) not in (str, int) or one == "":
                at = int(self._row[self._flat.index(one)])
                where = self._table.row(self._name, at)
                raise Refused(f"{self._where} names {one!r} in {where}, which is no class")

    def marked(self, number: dict[Any, int]) -> Array:
        """(rows, classes), 1 where a row's list names the class."""
        import numpy as np

        strange = next((name for name in self._flat if name not in number), None)
        if strange is not None:
            times = counted(self._flat.count(strange), "row")
            raise Refused(
                f"{self._where} holds {strange!r} in {times}, which is none of the classes",
                "correct the label, or add it to `classes`",
            )
        found = np.zeros((self._rows, len(number)), dtype=np.uint8)
        at_class = np.array([number[name] for name in self._flat], dtype=np.intp)
        np.add.at(found, (self._row, at_class), 1)
        if found.size and found.max() > 1:
            row, at = np.argwhere(found > 1)[0].tolist()
            where = self._table.row(self._name, row)
            raise Refused(f"{self._where} names {list(number)[at]!r} twice in {where}")
        return found


def _plain(item: Any) -> Any:
    """An item of a list without numpy's type."""
    return item.item() if hasattr(item, "item") else item


def _decided(table: Table, request: dict[str, Any]) -> Array:
    """The classes whose score reaches the threshold."""
    import numpy as np

    scores = [finite(table, name) for name in request["columns"]["scores"]]
    decided: Array = (np.stack(scores, axis=1) >= request["threshold"]).astype(np.uint8)
    return decided
