"""The rows of a test set with labels and what both models say of them, checked; in the worker."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlgate.core.text import counted
from mlgate.gates import _model_join as join
from mlgate.gates._model_classes import classified
from mlgate.gates._model_invalid import left_out
from mlgate.gates._model_lists import listed
from mlgate.gates._model_read import MANY, Refused, factored
from mlgate.gates._model_slices import sliced
from mlgate.gates._model_table import (
    Table,
    align,
    check_labels,
    check_same_rows,
    finite,
    join_labels,
    witness,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]


_WITHOUT = 'correct the evaluation, or say what counts as none: invalid = { values = [""] }'


_OF_WORDS = (
    "name a column of numbers; of words ask for a share: metric = 'share', filter = \"== 'C'\""
)

_UNWEIGHED = "give every row a weight; 0 where it is not to count"


class Outputs:
    """What one model says of each row."""

    def __init__(self, prediction: Array | None, scores: Array | None) -> None:
        self.prediction = prediction
        """Numbers of classes, or predicted numbers."""
        self.scores = scores
        """(rows) of the positive class, (rows, classes), or None."""

    def each(self, change: Callable[[Array], Array]) -> Outputs:
        """The same of each column."""
        prediction = None if self.prediction is None else change(self.prediction)
        return Outputs(prediction, None if self.scores is None else change(self.scores))


class Rows:
    """The judged rows, in the candidate's order."""

    def __init__(self, label: Array | None, new: Outputs, old: Outputs | None) -> None:
        self.label = label
        """Numbers of `classes`, numbers, or (rows, classes) of 0 and 1."""
        self.new = new
        self.old = old
        self.classes: list[Any] = []
        self.positive: int = 1
        self.weight: Array | None = None
        self.cluster: Array | None = None
        self.query: Array | None = None
        """Of task `ranking`: numbers of the queries."""
        self.slices: list[tuple[list[str], Array]] = []
        """Per slicing the names of its slices, and each row's."""
        self.groups: dict[int, tuple[list[str], Array]] = {}
        """The same of the groups that a measure compares."""
        self.rough = False
        """True for a table of very many rows, and its slices: rank metrics are computed in bins."""
        self.judged = 0
        self.invalid: list[int] = []
        """Of task `score`: rows before those without a judgement were left out, and how many of
        them the new table and the old one lacked."""
        self.columns: dict[str, tuple[Array, Array | None]] = {}
        """Of task `score`: per column the new values and the old ones."""

    def __len__(self) -> int:
        found = self.label if self.label is not None else next(iter(self.columns.values()))[0]
        return len(found)

    @property
    def several(self) -> bool:
        """True if a row has any number of classes: labels and predictions are 0 and 1 by class."""
        return self.label is not None and self.label.ndim == 2

    @cached_property
    def of_class(self) -> list[int]:
        """How many rows that weigh anything each class has."""
        import numpy as np

        label: Any = self.label if self.weight is None else self.label[self.weight > 0]  # type: ignore[index]  # rows of classes have labels
        if self.several:
            many: list[int] = label.sum(0, dtype=np.int64).tolist()
            return many
        if len(self.classes) == 2:
            ones = int(np.count_nonzero(label))
            return [len(label) - ones, ones]
        counts: list[int] = np.bincount(label, minlength=len(self.classes)).tolist()
        return counts

    @cached_property
    def churn(self) -> float | None:
        """The share of rows on which the two models' answers differ."""
        import numpy as np

        if self.old is None or self.old.prediction is None or self.new.prediction is None:
            return None
        differ = self.new.prediction != self.old.prediction
        return float(np.count_nonzero(differ.any(1) if self.several else differ)) / len(self)

    def take(self, rows: Array | slice) -> Rows:
        """Some of the rows, without slices."""
        part = self._each(lambda column: column[rows])
        part.cluster = None if part.cluster is None else factored(part.cluster)[0]
        part.query = None if part.query is None else factored(part.query)[0]
        return part

    def moved(self, places: Array) -> Rows:
        """All rows, each in its place, without slices."""
        import numpy as np

        def change(column: Array) -> Array:
            found = np.empty_like(column)
            found[places] = column
            return found

        return self._each(change)

    def _each(self, change: Callable[[Array], Array]) -> Rows:
        def maybe(column: Array | None) -> Array | None:
            return None if column is None else change(column)

        found = Rows(maybe(self.label), self.new.each(change), self.old and self.old.each(change))
        found.classes, found.positive, found.rough = self.classes, self.positive, self.rough
        found.weight = maybe(self.weight)
        found.cluster, found.query = maybe(self.cluster), maybe(self.query)
        found.columns = {
            name: (change(new), maybe(old)) for name, (new, old) in self.columns.items()
        }
        return found


def read(request: dict[str, Any]) -> Rows:
    """The rows that a request names. Raises `Refused` for whatever cannot be judged."""
    new = Table(request["candidate"], request, own_labels=request["labels"] is None)
    old = None
    if request["baseline"] is not None:
        old = Table(request["baseline"], request, own_labels=False)
    if request["labels"] is not None:
        join_labels(new, request)
    ids = new.id
    if old is not None:
        align(new, old)
    rows = _assembled(new, old, request)
    if old is not None and ids is None:
        check_same_rows(new, old, witness(request))
    elif old is not None and ids is not None:
        check_labels(new, old, request["columns"]["label"], ids)
    return rows


def _assembled(new: Table, old: Table | None, request: dict[str, Any]) -> Rows:
    asked, task = request["columns"], request["task"]
    if new.id is not None:
        join.check_ids(new.id)
        new.id = None
    if task == "score":
        rows = Rows(None, Outputs(None, None), None)
        of_words = {one["column"] for one in request["measures"] if one["of_words"]}
        if request["invalid"]:
            both = [one for one in (new, old) if one]
            rows.judged = len(new)
            rows.invalid = left_out(both, asked["values"], of_words, request["invalid"])
        for name in asked["values"]:
            column = words if name in of_words else _numbers
            rows.columns[name] = (column(new, name), column(old, name) if old else None)
    elif task == "ranking":
        rows = _ranked(new, old, asked)
    elif task == "multilabel":
        lists = listed(new, old, request)
        several = [Outputs(*one) for one in lists.outputs]
        rows = Rows(lists.label, several[0], several[1] if old else None)
        rows.classes = lists.classes
    elif task == "regression":
        label = finite(new, asked["label"])
        outputs = [Outputs(finite(one, asked["prediction"]), None) for one in (new, old) if one]
        rows = Rows(label, outputs[0], outputs[1] if old else None)
    else:
        found = classified(new, old, request)
        told = [Outputs(*one) for one in found.outputs]
        rows = Rows(found.label, told[0], told[1] if old else None)
        rows.classes, rows.positive = found.classes, found.positive
    _surrounded(rows, new, request)
    return rows


def _numbers(table: Table, name: str) -> Array:
    """A column of scores."""
    return finite(table, name, _WITHOUT, _OF_WORDS)


def _ranked(new: Table, old: Table | None, asked: dict[str, Any]) -> Rows:
    """Rows of queries: gains, and what they are ranked by."""
    gain = finite(new, asked["label"])
    if (gain < 0).any():
        raise Refused(f"{new.where(asked['label'])} has negative gains")
    told = [Outputs(None, finite(one, asked["scores"][0])) for one in (new, old) if one]
    rows = Rows(gain, told[0], told[1] if old else None)
    rows.query = _together(new, asked["query"])
    return rows


def _together(table: Table, name: str) -> Array:
    """Numbers of what rows have in common. Raises `Refused` for rows that do not tell: they are not
    all of one cluster or query."""
    import numpy as np

    codes, values = factored(table.found[name])
    lacks = [at for at, value in enumerate(values) if value == "" or value != value]
    if lacks:
        rows = np.flatnonzero(np.isin(codes, lacks))
        raise Refused(
            f"{table.path}: column {name!r} has {counted(len(rows), 'row')} without a value, first "
            f"row {int(rows[0]) + 1:,}",
            "fill every row: one that stands alone has a value of its own",
        )
    return codes


def _surrounded(rows: Rows, new: Table, request: dict[str, Any]) -> None:
    """Weights, clusters and slices, which are the candidate's."""
    asked = request["columns"]
    rows.rough = len(rows) > MANY
    if asked["weight"]:
        rows.weight = finite(new, asked["weight"], _UNWEIGHED)
        if (rows.weight < 0).any() or rows.weight.sum() <= 0:
            raise Refused(f"{new.path}: column {asked['weight']!r} has negative weights, or none")
    if asked["cluster"]:
        rows.cluster = _together(new, asked["cluster"])
    elif rows.query is not None:
        rows.cluster = rows.query
    for slicing in request["slices"]:
        rows.slices.append(sliced(new, slicing))
    for at, measure in enumerate(request["measures"]):
        if measure["groups"]:
            rows.groups[at] = sliced(new, measure["groups"])
