"""Two tables of predictions put side by side: the same rows, in one order, with the same labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.core.text import counted
from mlgate.gates import _model_join as join
from mlgate.gates._model_coded import unfolded
from mlgate.gates._model_ids import Ids
from mlgate.gates._model_refused import OtherRows, Refused
from mlgate.gates._model_table import Table
from mlgate.tables.columns import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def check_same_rows(new: Table, old: Table, name: str | None) -> None:
    """Raise `OtherRows` where tables that are paired by row are of different rows."""
    import numpy as np

    if name is None:
        return
    if name not in old.found:
        raise Refused(
            f"{old.path} has no column {name!r}: nothing tells that its rows are those of "
            f"{new.path}, as `id = {{ row = true }}` says",
            f"write {name!r} into both tables, or name a column that is the rows' `id`",
        )
    differ = np.flatnonzero(_differ(new.found[name], old.found[name]))
    if not len(differ):
        return
    at = int(differ[0])
    one, other = (_value(table.found[name], at) for table in (new, old))
    raise OtherRows(
        f"the digests of {name!r} differ: {old.path} ({_digest(old.found[name])}) and {new.path} "
        f"({_digest(new.found[name])}) are paired by row, but {counted(len(differ), 'row')} "
        f"{'has' if len(differ) == 1 else 'have'} another {name}, first row {at + 1:,} "
        f"({other}, now {one})",
        "make both predictions on the same test set in the same order, or name its `id` column",
    )


def _digest(column: Array | Coded) -> str:
    """Of the values in their order, short."""
    import hashlib

    told = "\x1f".join(map(str, unfolded(column).tolist()))
    return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def check_labels(new: Table, old: Table, label: str | None, ids: Ids) -> None:
    """Raise `Refused` where the baseline, in the candidate's order, has labels of its own that are
    not the candidate's."""
    import numpy as np

    if label is None or label not in old.found:
        return
    differ = np.flatnonzero(_differ(new.found[label], old.found[label]))
    if not len(differ):
        return
    at = int(differ[0])
    one, other = (_value(table.found[label], at) for table in (new, old))
    if isinstance(one, str) != isinstance(other, str):
        kinds = ["text" if isinstance(value, str) else "numbers" for value in (one, other)]
        raise Refused(
            f"column {label!r} has {kinds[0]} in {new.path} ({one}), {kinds[1]} in {old.path} "
            f"({other})",
            "write both with the same names of classes",
        )
    raise Refused(
        f"{counted(len(differ), 'row')} with another label in {old.path} than in {new.path}, such "
        f"as id {ids.shown(at)} ({other}, now {one})",
        "let one table of labels hold for both: labels = TABLE; or leave the column out of the "
        "baseline",
    )


def _differ(one: Array | Coded, other: Array | Coded) -> Array:
    """True for each row whose values differ; lists are equal in any order."""
    import numpy as np

    if isinstance(one, Coded) and isinstance(other, Coded) and one.texts == other.texts:
        return np.not_equal(one.codes, other.codes)
    listed = not isinstance(one, Coded) and one.dtype.kind == "O"
    if listed and not isinstance(other, Coded) and other.dtype.kind == "O":
        pairs = zip(one, other, strict=True)
        return np.array([_sorted(mine) != _sorted(theirs) for mine, theirs in pairs])
    plain = [unfolded(column) for column in (one, other)]
    if (plain[0].dtype.kind in "US") != (plain[1].dtype.kind in "US"):
        plain = [column.astype(str) for column in plain]
    found: Array = plain[0] != plain[1]
    return found


def _value(column: Array | Coded, at: int) -> Any:
    return column.texts[column.codes[at]] if isinstance(column, Coded) else column[at]


def _sorted(items: Any) -> list[str]:
    return sorted(map(str, items)) if items is not None else []


def align(new: Table, old: Table) -> None:
    """Put the baseline's rows into the candidate's order."""
    if new.id is None or old.id is None:
        if len(new) != len(old):
            raise OtherRows(
                f"{new.path} has {len(new):,} rows, {old.path} {len(old):,}: they cannot be paired",
                "make both on the same test set, and name its `id` column",
            )
        return
    places = None
    if not _equal(new.id, old.id):
        places = join.order(new.id, old.id)
    else:
        join.check_ids(new.id)
    new.id = old.id = None
    if places is not None:
        for name in old.found:
            if name not in old.ids:
                old.join(name, old.found[name], old.path, places)


def _equal(mine: Ids, theirs: Ids) -> bool:
    ids, others = mine.values, theirs.values
    return (
        len(ids) == len(others)
        and (ids.dtype.kind in "US") == (others.dtype.kind in "US")
        and bool((ids == others).all())
    )
