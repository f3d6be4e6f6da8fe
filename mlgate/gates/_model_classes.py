"""Labels, predictions and scores of classes, as numbers of the same classes; in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from mlgate.core.text import counted
from mlgate.gates._model_coded import factored
from mlgate.gates._model_refused import Refused
from mlgate.gates._model_table import Table, finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class _Classed(NamedTuple):
    """A column of classes: each row's number of `values`."""

    table: Table
    name: str
    codes: Array
    values: list[Any]

    @property
    def where(self) -> str:
        return self.table.where(self.name)

    def first(self, rows: Array) -> str:
        """The first of these rows as messages name it."""
        return self.table.first(self.name, rows)


class Classified:
    """What tables of classes hold, in numbers of `classes`."""

    def __init__(self, classes: list[Any], positive: int, label: Array) -> None:
        self.classes = classes
        self.positive = positive
        self.label = label
        self.outputs: list[tuple[Array | None, Array | None]] = []
        """Of each table its predictions and its scores."""


def classified(new: Table, old: Table | None, request: dict[str, Any]) -> Classified:
    """Labels and predictions as numbers of the same classes."""
    asked = request["columns"]
    tables = [table for table in (new, old) if table]
    parts = [_classes_of(new, asked["label"])]
    if asked["prediction"]:
        parts += [_classes_of(table, asked["prediction"]) for table in tables]
    _same_kind(parts)
    classes, positive = _classes(parts, request)
    number = {value: at for at, value in enumerate(classes)}
    coded = [_renumbered(part.codes, part.values, number) for part in parts]
    found = Classified(classes, positive, coded[0])
    for at, table in enumerate(tables):
        scores = _scores(table, asked["scores"], request)
        if scores is not None and scores.ndim == 2 and scores.shape[1] != len(classes):
            raise Refused(
                f"{scores.shape[1]} score columns for {len(classes)} classes",
                "name them by class: score = { cat = 'p_cat', dog = 'p_dog' }",
            )
        prediction = coded[1 + at] if asked["prediction"] else _decided(scores, request, positive)
        found.outputs.append((prediction, scores))
    return found


def _classes_of(table: Table, name: str) -> _Classed:
    """A column of classes: whole numbers, or text."""
    import numpy as np

    codes, values = factored(table.found[name])
    where = table.where(name)
    for value in values:
        if value == "" or value != value:
            at = next(at for at, one in enumerate(values) if one is value)
            places = np.flatnonzero(codes == at)
            first = f", first {table.first(name, places)}" if len(places) else ""
            rows = counted(len(places), "row") if len(places) else "rows"
            hint = "fill every row, or leave the row out on both sides"
            raise Refused(f"{where} has {rows} without a value{first}", hint)
    if values and isinstance(values[0], float):
        if not all(float(value).is_integer() for value in values):
            raise Refused(
                f"{where} holds numbers such as {next(v for v in values if v % 1)}, not classes",
                "name probabilities as `score`, and predicted classes as `prediction`",
            )
        values = [int(value) for value in values]
    return _Classed(table, name, np.asarray(codes), values)


def _same_kind(parts: list[_Classed]) -> None:
    kinds = {isinstance(part.values[0], str) for part in parts}
    if len(kinds) > 1:
        told = [
            f"{part.where} has {'text' if isinstance(part.values[0], str) else 'whole numbers'} "
            f"({part.values[0]})"
            for part in parts
        ]
        raise Refused("labels and predictions are of different types: " + "; ".join(told),
                      "write both with the same names of classes")  # fmt: skip


def _classes(parts: list[_Classed], request: dict[str, Any]) -> tuple[list[Any], int]:
    """All classes in order, and which of them is the positive one."""
    seen = sorted({value for part in parts for value in part.values})
    declared = request["classes"]
    if declared:
        _only_declared(parts, declared)
        seen = declared
    if request["task"] != "binary":
        return seen, 0
    positive = request["positive"]
    if positive is None:
        if len(seen) > 2 and {0, 1} <= set(seen):
            _third(parts, 1)
        if not set(seen) <= {0, 1} and not set(seen) <= {-1, 1}:
            raise Refused(
                f"which class is the positive one? There are {', '.join(map(str, seen[:5]))}",
                (
                    f'positive = "{seen[-1]}"'
                    if isinstance(seen[0], str)
                    else f"positive = {seen[-1]}"
                ),
            )
        positive = 1
    if seen and isinstance(positive, str) != isinstance(seen[0], str):
        kinds = [
            "text" if isinstance(one, str) else "a whole number" for one in (positive, seen[0])
        ]
        raise Refused(
            f"`positive` is {kinds[0]} ({positive!r}), but {parts[0].where} holds {kinds[1]} "
            f"({seen[0]!r})",
            "write `positive` as the table does, with or without quotes",
        )
    if len({*seen, positive}) > 2:
        _third(parts, positive)
    other = 1 - positive if positive in (0, 1) else None
    return [next((value for value in seen if value != positive), other), positive], 1


def _third(parts: list[_Classed], positive: Any) -> NoReturn:
    """Name what is neither the positive class nor the most frequent of the others."""
    import numpy as np

    rows = [
        (part, value, np.flatnonzero(part.codes == at))
        for part in parts
        for at, value in enumerate(part.values)
        if value != positive
    ]
    usual = max(rows, key=lambda one: len(one[2]))[1]
    part, strange, places = next(one for one in rows if one[1] != usual)
    raise Refused(
        f"{part.where} holds more than two classes: {strange} in {counted(len(places), 'row')}, "
        f"first {part.first(places)}, beside {usual} and {positive}",
        'correct the labels, or task = "multiclass"',
    )


def _only_declared(parts: list[_Classed], declared: list[Any]) -> None:
    for part in parts:
        for at, value in enumerate(part.values):
            if value not in declared:
                rows = (part.codes == at).nonzero()[0]
                raise Refused(
                    f"{part.where} holds {value!r} in {counted(len(rows), 'row')}, first "
                    f"{part.first(rows)}, which is none of the classes",
                    "correct the label, or add it to `classes`",
                )


def _renumbered(codes: Array, values: list[Any], number: dict[Any, int]) -> Array:
    import numpy as np

    small = np.uint8 if len(number) < 256 else np.int32
    if [number[value] for value in values] == list(range(len(values))):
        return codes.astype(small, copy=False)
    return np.array([number[value] for value in values], dtype=small)[codes]


def _scores(table: Table, names: list[str], request: dict[str, Any]) -> Array | None:
    """The scores; probabilities where a metric takes them for such."""
    import numpy as np

    if not names:
        return None
    found = [finite(table, name) for name in names]
    if request["probabilities"]:
        for name, values in zip(names, found, strict=True):
            if values.min(initial=0) < 0 or values.max(initial=1) > 1:
                outside = (values < 0) | (values > 1)
                worst = float(values[np.argmax(np.abs(values - 0.5))])
                raise Refused(
                    f"{table.where(name)} has "
                    f"{counted(int(np.count_nonzero(outside)), 'value')} outside 0 to 1, such as "
                    f"{worst:.6g}, first in {table.first(name, np.flatnonzero(outside))}",
                    "write probabilities, or ask for metrics that need none: roc_auc, and what "
                    "counts classes where `prediction` names them, or `threshold` where to cut",
                )
    if len(found) == 1:
        return found[0]
    stacked = np.stack(found, axis=1)
    if request["probabilities"]:
        sums = stacked.sum(axis=1)
        if not np.allclose(sums, 1, rtol=0, atol=1e-4):
            at = int(np.argmax(np.abs(sums - 1)))
            raise Refused(
                f"{table.path}: the probabilities of {table.row(names[0], at)} sum to "
                f"{sums[at]:.4g}, not to 1"
            )
    return stacked


def _decided(scores: Array | None, request: dict[str, Any], positive: int) -> Array | None:
    """The class that scores speak for, where no prediction is given."""
    import numpy as np

    if scores is None:
        return None
    if scores.ndim == 2:
        found: Array = scores.argmax(axis=1).astype(np.int32)
        return found
    decided: Array = (scores >= request["threshold"]).astype(np.uint8)
    return decided if positive == 1 else 1 - decided
