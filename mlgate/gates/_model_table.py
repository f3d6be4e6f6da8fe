"""A table of predictions as it was read, and labels that another one has; in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.core.text import counted
from mlgate.gates import _model_join as join
from mlgate.gates._model_coded import taken, unfolded
from mlgate.gates._model_ids import ids_of
from mlgate.gates._model_read import columns
from mlgate.gates._model_refused import Refused
from mlgate.tables.columns import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class Table:
    """One table as it was read."""

    def __init__(self, place: dict[str, Any], request: dict[str, Any], own_labels: bool) -> None:
        asked = request["columns"]
        self.path: str = place["path"]
        self.ids: list[str] = asked["id"]
        outputs = [*_names(request, "prediction"), *asked["scores"], *asked["values"]]
        wanted = [*self.ids, *outputs]
        if place["role"] == "candidate":
            wanted += [*_names(request, "cluster", "weight", "query"), *_slicing(request)]
        labels = [asked["label"]] if asked["label"] and own_labels else []
        if place["role"] == "baseline":
            place = place | {"optional": witness(request)}
        named = list(dict.fromkeys([*wanted, *labels]))
        self.found = columns(place, named, rounded=_rounded(request))
        self._joined: dict[str, tuple[str, Array | None]] = {}
        """Of columns of another table its path, and the place that each row has there."""
        self.id = ids_of(self.found, self.ids, place) if self.ids else None

    def __len__(self) -> int:
        return len(next(iter(self.found.values())))

    def join(self, name: str, column: Array | Coded, path: str, places: Array | None) -> None:
        """Take a column of another table, whose rows stand in other places, or in the same."""
        self.found[name] = column if places is None else taken(column, places)
        self._joined[name] = (path, places)

    def where(self, name: str) -> str:
        """The column as messages name it."""
        return f"{self._joined.get(name, (self.path,))[0]}: column {name!r}"

    def row(self, name: str, at: int) -> str:
        """A row of the column as messages name it, counted from 1."""
        places = self._joined[name][1] if name in self._joined else None
        return f"row {(at if places is None else int(places[at])) + 1:,}"

    def first(self, name: str, rows: Array) -> str:
        """The first of these rows in the table that has the column."""
        places = self._joined[name][1] if name in self._joined else None
        return self.row(name, int(rows[0] if places is None else rows[places[rows].argmin()]))


def _names(request: dict[str, Any], *kinds: str) -> list[str]:
    """The columns of these kinds that the policy names."""
    return [request["columns"][kind] for kind in kinds if request["columns"][kind]]


def _slicing(request: dict[str, Any]) -> list[str]:
    """The columns whose values name slices and groups."""
    slicings = [*request["slices"], *(one["groups"] for one in request["measures"])]
    return [one["column"] for slicing in slicings for one in slicing]


def _rounded(request: dict[str, Any]) -> set[str]:
    """The columns of which single precision is enough: numbers that are computed with, and not
    those that tell rows, clusters or slices apart."""
    asked = request["columns"]
    computed = [*_names(request, "prediction", "label", "weight"), *asked["scores"]]
    apart = [*asked["id"], *_names(request, "cluster", "query"), *_slicing(request)]
    return {*computed, *asked["values"]} - {*apart}


def join_labels(new: Table, request: dict[str, Any]) -> None:
    """The labels of another table, by id; rows of it that were not predicted are refused."""
    asked = request["columns"]
    table = columns(request["labels"], [*new.ids, asked["label"]], rounded=_rounded(request))
    places, path = None, request["labels"]["path"]
    if new.id is not None:
        places = join.order(new.id, ids_of(table, new.ids, request["labels"]))
    elif len(table[asked["label"]]) != len(new):
        raise Refused(f"{path} has {len(table[asked['label']]):,} rows, {new.path} {len(new):,}")
    new.join(asked["label"], table[asked["label"]], path, places)


def witness(request: dict[str, Any]) -> str | None:
    """The column that, where both tables have it, has to be the same: the label; where rows are
    paired by their places, also what else is the test set's and not the model's."""
    asked = request["columns"]
    if asked["label"] and (request["labels"] is None or not asked["id"]):
        return str(asked["label"])
    if asked["id"]:
        return None
    crossed = [one["column"] for slicing in request["slices"] for one in slicing]
    return next(filter(None, [asked["query"], asked["cluster"], *crossed]), None)


def _text(table: Table, name: str) -> Refused:
    """The first text among what should be numbers."""
    told = map(str, unfolded(table.found[name]).tolist())
    at, word = next(((at, one) for at, one in enumerate(told) if not _is_number(one)), (0, ""))
    return Refused(
        f"{table.where(name)} holds text where numbers are needed, first {word!r} in "
        f"{table.row(name, at)}",
        "correct the evaluation, or name a column of numbers",
    )


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


_GAPS = "correct the evaluation: a row without a prediction is no row that was judged"


def finite(table: Table, name: str, mend: str = _GAPS) -> Array:
    """A column of numbers. Raises `Refused` for text, NaN and infinities."""
    import numpy as np

    values = table.found[name]
    if isinstance(values, Coded) or values.dtype.kind not in "iufb":
        raise _text(table, name)
    if values.dtype.kind == "f":
        bad = len(values) - np.count_nonzero(np.isfinite(values))
        if bad:
            first = table.first(name, np.flatnonzero(~np.isfinite(values)))
            raise Refused(
                f"{table.where(name)} has {counted(int(bad), 'value')} that "
                f"{'is' if bad == 1 else 'are'} missing, NaN or infinite, first in {first}",
                mend,
            )
        return values
    return values.astype(float)
