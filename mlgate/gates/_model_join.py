"""Puts the rows of two tables side by side by their ids, in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.core.text import counted
from mlgate.gates._model_ids import Ids, refuse_twice
from mlgate.gates._model_refused import OtherRows, Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_SPARSE = 4
"""Whole ids that span up to so many times their number are looked up in a table of places."""


def order(mine: Ids, theirs: Ids) -> Array | None:
    """The places in `theirs` of the rows of `mine`; None where both stand in the same order.

    Raises `Refused` where an id is there twice, or on one side only.
    """
    ids, others = mine.values, theirs.values
    if (ids.dtype.kind in "US") != (others.dtype.kind in "US"):
        kinds = [f"{one.path} has {_kind(one.values)} ({one.shown(0)})" for one in (mine, theirs)]
        raise Refused(f"the ids do not fit: {', '.join(kinds)}", "write them in the same type")
    places = _looked_up(ids, others) if _dense(ids) and _dense(others) else None
    if places is None:
        places = _sorted(mine, theirs)
    if len(ids) == len(others) and bool((places == _count(len(ids))).all()):
        return None
    return places


def _count(number: int) -> Array:
    import numpy as np

    return np.arange(number, dtype=np.int32 if number < 2**31 else np.int64)


def _kind(ids: Array) -> str:
    return {"i": "whole numbers", "u": "whole numbers", "f": "numbers"}.get(ids.dtype.kind, "text")


def _dense(ids: Array) -> bool:
    if ids.dtype.kind not in "iu" or not len(ids):
        return False
    return int(ids.max()) - int(ids.min()) < max(_SPARSE * len(ids), 1024)


def _looked_up(ids: Array, others: Array) -> Array | None:
    """By a table of places; None where not every id is there exactly once on both sides."""
    import numpy as np

    least, most = int(others.min()), int(others.max())
    if len(ids) != len(others) or int(ids.min()) != least or int(ids.max()) != most:
        return None
    table = np.full(most - least + 1, -1, dtype=np.int32)
    table[others - others.dtype.type(least)] = _count(len(others))
    if np.count_nonzero(table >= 0) != len(others):
        return None
    places: Array = table[ids - ids.dtype.type(least)]
    return places if bool((places >= 0).all()) and _once(ids, least, most) else None


def _once(ids: Array, least: int, most: int) -> bool:
    """True if none of the whole numbers between `least` and `most` is there twice."""
    import numpy as np

    if bool((ids[1:] > ids[:-1]).all()):
        return True
    seen = np.zeros(most - least + 1, dtype=bool)
    seen[ids - ids.dtype.type(least)] = True
    return int(np.count_nonzero(seen)) == len(ids)


def _sorted(mine: Ids, theirs: Ids) -> Array:
    """By sorting both; names what does not fit."""
    import numpy as np

    first, second = (np.argsort(one.values, kind="stable") for one in (mine, theirs))
    left, right = mine.values[first], theirs.values[second]
    for one, ordered in ((mine, left), (theirs, right)):
        _check_once(one, ordered)
    if len(left) != len(right) or not bool((left == right).all()):
        _one_sided(mine, theirs)
    places = np.empty(len(first), dtype=np.int64)
    places[first] = second
    return places


def check_ids(ids: Ids) -> None:
    """Raise `Refused` where an id is there twice."""
    import numpy as np

    values = ids.values
    if _dense(values) and _once(values, int(values.min()), int(values.max())):
        return
    _check_once(ids, np.sort(values))


def _check_once(ids: Ids, ordered: Array) -> None:
    if bool((ordered[1:] == ordered[:-1]).any()):
        refuse_twice(ids)


def _one_sided(mine: Ids, theirs: Ids) -> None:
    import numpy as np

    facts = []
    for own, other in ((mine, theirs), (theirs, mine)):
        alone = np.flatnonzero(~np.isin(own.values, other.values))
        if len(alone):
            such = own.shown(int(alone[0]))
            facts.append(f"{counted(len(alone), 'id')} only in {own.path}, such as {such}")
    if theirs.place.get("role") == "labels":
        raise Refused(
            f"predictions and labels are of different rows: {'; '.join(facts)}",
            "predict every row that has a label, and label every row that is predicted",
        )
    raise OtherRows(
        f"candidate and baseline were made on different rows: {'; '.join(facts)}",
        "make both predictions on the same test set",
    )
