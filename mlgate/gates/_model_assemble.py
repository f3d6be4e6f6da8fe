"""The rows that a request names, read from its tables and checked; in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.core.text import counted
from mlgate.gates import _model_join as join
from mlgate.gates._model_classes import classified
from mlgate.gates._model_coded import factored
from mlgate.gates._model_invalid import left_out
from mlgate.gates._model_lists import listed
from mlgate.gates._model_pairing import align, check_labels, check_same_rows
from mlgate.gates._model_read import MANY
from mlgate.gates._model_refused import Refused
from mlgate.gates._model_rows import Outputs, Rows
from mlgate.gates._model_slices import sliced
from mlgate.gates._model_table import Table, finite, join_labels, witness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_WITHOUT = 'correct the evaluation, or say what counts as none: invalid = { values = [""] }'
_UNWEIGHED = "give every row a weight; 0 where it is not to count"


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
        if request["invalid"]:
            both = [one for one in (new, old) if one]
            rows.judged = len(new)
            rows.invalid = left_out(both, asked["values"], request["invalid"])
        for name in asked["values"]:
            values = finite(new, name, _WITHOUT)
            rows.columns[name] = (values, finite(old, name, _WITHOUT) if old else None)
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
