"""The judged rows of a test set: labels, and what both models say of each; in the worker."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlgate.gates._model_coded import factored

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]


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
