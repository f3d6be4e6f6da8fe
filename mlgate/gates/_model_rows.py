"""The rows of a test set with labels and what both models say of them, checked; in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.core.text import counted
from mlgate.gates import _model_join as join
from mlgate.gates._model_read import MANY, Coded, Refused, columns, factored

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class Outputs:
    """What one model says of each row."""

    def __init__(self, prediction: Array | None, scores: Array | None) -> None:
        self.prediction = prediction
        """Numbers of classes, or predicted numbers."""
        self.scores = scores
        """(rows) of the positive class, (rows, classes), or None."""

    def take(self, rows: Array) -> Outputs:
        """Those of some rows."""
        prediction = None if self.prediction is None else self.prediction[rows]
        return Outputs(prediction, None if self.scores is None else self.scores[rows])


class Rows:
    """The judged rows, in the candidate's order."""

    def __init__(self, label: Array | None, new: Outputs, old: Outputs | None) -> None:
        self.label = label
        """Numbers of `classes`, or numbers."""
        self.new = new
        self.old = old
        self.classes: list[Any] = []
        self.positive: int = 1
        self.weight: Array | None = None
        self.cluster: Array | None = None
        self.slices: list[tuple[list[str], Array]] = []
        """Per slicing the names of its slices, and each row's."""
        self.columns: dict[str, tuple[Array, Array | None]] = {}
        """Of task `score`: per column the new values and the old ones."""

    def __len__(self) -> int:
        found = self.label if self.label is not None else next(iter(self.columns.values()))[0]
        return len(found)

    def take(self, rows: Array) -> Rows:
        """Some of the rows, without slices."""
        part = Rows(
            None if self.label is None else self.label[rows],
            self.new.take(rows),
            self.old.take(rows) if self.old else None,
        )
        part.classes, part.positive = self.classes, self.positive
        part.weight = None if self.weight is None else self.weight[rows]
        part.cluster = None if self.cluster is None else factored(self.cluster[rows])[0]
        part.columns = {
            name: (new[rows], None if old is None else old[rows])
            for name, (new, old) in self.columns.items()
        }
        return part


def read(request: dict[str, Any]) -> Rows:
    """The rows that a request names. Raises `Refused` for whatever cannot be judged."""
    new = _Table(request["candidate"], request, own_labels=request["labels"] is None)
    old = None
    if request["baseline"] is not None:
        old = _Table(request["baseline"], request, own_labels=False)
    if request["labels"] is not None:
        _join_labels(new, request)
    if old is not None:
        _align(new, old)
    return _assembled(new, old, request)


class _Table:
    """One table as it was read."""

    def __init__(self, place: dict[str, Any], request: dict[str, Any], own_labels: bool) -> None:
        asked = request["columns"]
        self.path: str = place["path"]
        self.ids: list[str] = asked["id"]
        outputs = [*filter(None, [asked["prediction"]]), *asked["scores"], *asked["values"]]
        wanted = [*self.ids, *outputs]
        if place["role"] == "candidate":
            wanted += [*filter(None, [asked["cluster"], asked["weight"]])]
            wanted += [one["column"] for slicing in request["slices"] for one in slicing]
        labels = [asked["label"]] if asked["label"] and own_labels else []
        self.found = columns(place, list(dict.fromkeys([*wanted, *labels])))
        self.id = _id(self.found, self.ids) if self.ids else None

    def __len__(self) -> int:
        return len(next(iter(self.found.values())))


def _id(found: dict[str, Any], names: list[str]) -> Array:
    """The id of each row; several columns become one text."""
    import numpy as np

    parts = [_spelled(found[name]) if len(names) > 1 else _unfolded(found[name]) for name in names]
    joined = parts[0]
    for part in parts[1:]:
        joined = np.char.add(np.char.add(joined, "\x1f"), part)
    return joined


def _unfolded(column: Array | Coded) -> Array:
    import numpy as np

    if isinstance(column, Coded):
        return np.array(column.texts)[column.codes]
    return column.astype(str) if column.dtype.kind == "O" else column


def _spelled(column: Array | Coded) -> Array:
    return _unfolded(column).astype(str)


def _join_labels(new: _Table, request: dict[str, Any]) -> None:
    """The labels of another table, by id; rows of it that were not predicted are refused."""
    asked = request["columns"]
    table = columns(request["labels"], [*new.ids, asked["label"]])
    labels = table[asked["label"]]
    if new.id is None:
        if len(labels) != len(new):
            raise Refused(
                f"{request['labels']['path']} has {len(labels):,} rows, {new.path} {len(new):,}"
            )
        new.found[asked["label"]] = labels
        return
    places = join.order(new.id, _id(table, new.ids), (new.path, request["labels"]["path"]))
    new.found[asked["label"]] = labels if places is None else _taken(labels, places)


def _taken(column: Array | Coded, places: Array) -> Array | Coded:
    if isinstance(column, Coded):
        return Coded(column.codes[places], column.texts)
    return column[places]


def _align(new: _Table, old: _Table) -> None:
    """Put the baseline's rows into the candidate's order."""
    if new.id is None or old.id is None:
        if len(new) != len(old):
            raise Refused(
                f"{new.path} has {len(new):,} rows, {old.path} {len(old):,}: they cannot be paired",
                "make both on the same test set, and name its `id` column",
            )
        return
    places = None
    if not _equal(new.id, old.id):
        places = join.order(new.id, old.id, (new.path, old.path))
    else:
        join.check_ids(new.id, new.path)
    new.id = old.id = None
    if places is not None:
        for name in old.found:
            if name not in old.ids:
                old.found[name] = _taken(old.found[name], places)


def _equal(ids: Array, others: Array) -> bool:
    return (
        len(ids) == len(others)
        and (ids.dtype.kind in "US") == (others.dtype.kind in "US")
        and bool((ids == others).all())
    )


def _assembled(new: _Table, old: _Table | None, request: dict[str, Any]) -> Rows:
    asked, task = request["columns"], request["task"]
    if new.id is not None:
        join.check_ids(new.id, new.path)
        new.id = None
    if task == "score":
        rows = Rows(None, Outputs(None, None), None)
        for name in asked["values"]:
            values = _finite(new, name)
            rows.columns[name] = (values, _finite(old, name) if old else None)
    elif task == "regression":
        label = _finite(new, asked["label"])
        outputs = [Outputs(_finite(one, asked["prediction"]), None) for one in (new, old) if one]
        rows = Rows(label, outputs[0], outputs[1] if old else None)
    else:
        rows = _classified(new, old, request)
    _surrounded(rows, new, request)
    return rows


def _finite(table: _Table, name: str) -> Array:
    """A column of numbers. Raises `Refused` for text, NaN and infinities."""
    import numpy as np

    values = table.found[name]
    if isinstance(values, Coded) or values.dtype.kind not in "iufb":
        raise Refused(f"{table.path}: column {name!r} holds text where numbers are needed")
    if values.dtype.kind == "f":
        bad = len(values) - np.count_nonzero(np.isfinite(values))
        if bad:
            first = int(np.flatnonzero(~np.isfinite(values))[0]) + 1
            raise Refused(
                f"{table.path}: column {name!r} has {counted(int(bad), 'value')} that "
                f"{'is' if bad == 1 else 'are'} NaN or infinite, first in row {first:,}",
                "mend the evaluation: a row without a prediction is no row that was judged",
            )
        return values
    return values.astype(float)


def _classified(new: _Table, old: _Table | None, request: dict[str, Any]) -> Rows:
    """Labels and predictions as numbers of the same classes."""
    asked = request["columns"]
    tables = [table for table in (new, old) if table]
    parts = [_classes_of(new, asked["label"])]
    if asked["prediction"]:
        parts += [_classes_of(table, asked["prediction"]) for table in tables]
    _same_kind(parts)
    classes, positive = _classes(parts, request)
    number = {value: at for at, value in enumerate(classes)}
    coded = [_renumbered(codes, values, number) for _, codes, values in parts]
    outputs = []
    for at, table in enumerate(tables):
        scores = _scores(table, asked["scores"], request)
        prediction = coded[1 + at] if asked["prediction"] else _decided(scores, request, positive)
        outputs.append(Outputs(prediction, scores))
    rows = Rows(coded[0], outputs[0], outputs[1] if old else None)
    rows.classes, rows.positive = classes, positive
    return rows


_Classed = tuple[str, "Array", list[Any]]


def _classes_of(table: _Table, name: str) -> _Classed:
    """A column of classes: whole numbers, or text."""
    import numpy as np

    codes, values = factored(table.found[name])
    where = f"{table.path}: column {name!r}"
    for value in values:
        if value == "" or value != value:
            gone = int((codes == values.index(value)).sum()) if value == value else None
            rows = counted(gone, "row") if gone else "rows"
            raise Refused(f"{where} has {rows} without a value", "label every row, or leave it out")
    if values and isinstance(values[0], float):
        if not all(float(value).is_integer() for value in values):
            raise Refused(
                f"{where} holds numbers such as {next(v for v in values if v % 1)}, not classes",
                "name probabilities as `score`, and predicted classes as `prediction`",
            )
        values = [int(value) for value in values]
    return where, np.asarray(codes), values


def _same_kind(parts: list[_Classed]) -> None:
    kinds = {isinstance(values[0], str) for _, _, values in parts}
    if len(kinds) > 1:
        told = [
            f"{where} has {'text' if isinstance(values[0], str) else 'whole numbers'} ({values[0]})"
            for where, _, values in parts
        ]
        raise Refused("labels and predictions are of different types: " + "; ".join(told),
                      "write both with the same names of classes")  # fmt: skip


def _classes(parts: list[_Classed], request: dict[str, Any]) -> tuple[list[Any], int]:
    """All classes in order, and which of them is the positive one."""
    seen = sorted({value for _, _, values in parts for value in values})
    declared = request["classes"]
    if declared:
        _only_declared(parts, declared)
        seen = declared
    if request["task"] != "binary":
        return seen, 0
    positive = request["positive"]
    if positive is None:
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
    if len({*seen, positive}) > 2:
        where, _, values = max(parts, key=lambda part: len({*part[2], positive}))
        strange = next(value for value in reversed(values) if value not in (positive, seen[0]))
        raise Refused(
            f"{where} holds more than two classes, such as {strange}",
            'task = "multiclass", or correct the labels',
        )
    other = 1 - positive if positive in (0, 1) else None
    return [next((value for value in seen if value != positive), other), positive], 1


def _only_declared(parts: list[_Classed], declared: list[Any]) -> None:
    for where, codes, values in parts:
        for at, value in enumerate(values):
            if value not in declared:
                number = counted(int((codes == at).sum()), "row")
                raise Refused(
                    f"{where} holds {value!r} in {number}, which is none of the classes",
                    "correct the label, or add it to `classes`",
                )


def _renumbered(codes: Array, values: list[Any], number: dict[Any, int]) -> Array:
    import numpy as np

    small = np.uint8 if len(number) < 256 else np.int32
    if [number[value] for value in values] == list(range(len(values))):
        return codes.astype(small, copy=False)
    return np.array([number[value] for value in values], dtype=small)[codes]


def _scores(table: _Table, names: list[str], request: dict[str, Any]) -> Array | None:
    """The scores; probabilities where a metric takes them for such."""
    import numpy as np

    if not names:
        return None
    found = [_finite(table, name) for name in names]
    if request["probabilities"]:
        for name, values in zip(names, found, strict=True):
            outside = np.count_nonzero((values < 0) | (values > 1))
            if outside:
                worst = float(values[np.argmax(np.abs(values - 0.5))])
                raise Refused(
                    f"{table.path}: column {name!r} has {counted(int(outside), 'value')} outside "
                    f"0 to 1, such as {worst:.4g}",
                    "write probabilities, or ask for metrics that need none (roc_auc)",
                )
    if len(found) == 1:
        return found[0]
    stacked = np.stack(found, axis=1)
    if request["probabilities"]:
        sums = stacked.sum(axis=1)
        if not np.allclose(sums, 1, rtol=0, atol=1e-4):
            at = int(np.argmax(np.abs(sums - 1)))
            raise Refused(
                f"{table.path}: the probabilities of row {at + 1:,} sum to {sums[at]:.4g}, not to 1"
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


def _surrounded(rows: Rows, new: _Table, request: dict[str, Any]) -> None:
    """Weights, clusters and slices, which are the candidate's."""
    asked = request["columns"]
    if asked["weight"]:
        rows.weight = _finite(new, asked["weight"])
        if (rows.weight < 0).any() or rows.weight.sum() <= 0:
            raise Refused(f"{new.path}: column {asked['weight']!r} has negative weights, or none")
    if asked["cluster"]:
        rows.cluster = factored(new.found[asked["cluster"]])[0]
    for slicing in request["slices"]:
        rows.slices.append(_sliced(new, slicing))


def _sliced(table: _Table, slicing: list[dict[str, Any]]) -> tuple[list[str], Array]:
    """The names of the slices of one or several crossed columns, and each row's slice."""
    import numpy as np

    names, codes = [""], np.zeros(len(table), dtype=np.int64)
    for one in slicing:
        if one["ranges"]:
            part, values = _ranged(_finite(table, one["column"]), one["ranges"])
        else:
            part, values = factored(table.found[one["column"]])
        texts = [f"{one['column']}={_text(value)}" for value in values]
        if len(slicing) == 1:
            return texts, part
        codes = codes * len(values) + part
        names = [f"{name}, {text}" if name else text for name in names for text in texts]
        if len(names) > 100_000:
            raise Refused("the crossed slices are more than 100,000", "slice by fewer columns")
    return names, codes


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "(empty)" if value == "" or value != value else str(value)


def _ranged(values: Array, edges: list[float]) -> tuple[Array, list[str]]:
    """Ranges between edges, each with its lower edge."""
    from itertools import pairwise

    import numpy as np

    words = [f"{edge:g}" for edge in edges]
    names = [f"<{words[0]}", *(f"{low}..{high}" for low, high in pairwise(words))]
    return np.searchsorted(np.array(edges), values, side="right"), [*names, f">={words[-1]}"]


__all__ = ["MANY", "Outputs", "Rows", "read"]
