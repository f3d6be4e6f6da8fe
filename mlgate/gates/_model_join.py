"""Puts the rows of two tables side by side by their ids, in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.core.text import counted
from mlgate.gates._model_read import OtherRows, Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_SPARSE = 4
"""Whole ids that span up to so many times their number are looked up in a table of places."""


def order(ids: Array, others: Array, names: tuple[str, str]) -> Array | None:
    """The places in `others` of the rows of `ids`; None where both stand in the same order.

    Raises `Refused` where an id is missing, there twice, or on one side only.
    """
    if (ids.dtype.kind in "US") != (others.dtype.kind in "US"):
        kinds = [f"{name} has {_kind(one)}" for name, one in zip(names, (ids, others), strict=True)]
        raise Refused(f"the ids do not fit: {', '.join(kinds)}", "write them in the same type")
    places = _looked_up(ids, others) if _dense(ids) and _dense(others) else None
    if places is None:
        places = _sorted(ids, others, names)
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


def _sorted(ids: Array, others: Array, names: tuple[str, str]) -> Array:
    """By sorting both; names what does not fit."""
    import numpy as np

    first, second = np.argsort(ids, kind="stable"), np.argsort(others, kind="stable")
    left, right = ids[first], others[second]
    for name, ordered in zip(names, (left, right), strict=True):
        check_once(ordered, name)
    if len(left) != len(right) or not bool((left == right).all()):
        _one_sided(left, right, names)
    places = np.empty(len(ids), dtype=np.int64)
    places[first] = second
    return places


def check_ids(ids: Array, name: str) -> None:
    """Raise `Refused` where an id is missing or there twice."""
    import numpy as np

    if _dense(ids) and _once(ids, int(ids.min()), int(ids.max())):
        return
    check_once(np.sort(ids), name)


def check_once(ordered: Array, name: str) -> None:
    """The same for sorted ids."""
    missing = int((ordered == "").sum()) if ordered.dtype.kind in "US" else 0
    if ordered.dtype.kind == "f":
        missing = int((ordered != ordered).sum())
    if missing:
        raise Refused(f"{name}: {counted(missing, 'row')} without an id", "give it one")
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(twice):
        raise Refused(
            f"{name}: {counted(len(twice), 'id')} not unique, such as {twice[0]}",
            "name further columns that make the id unique: id = ['user', 'day']",
        )


def _one_sided(left: Array, right: Array, names: tuple[str, str]) -> None:
    import numpy as np

    facts = []
    for name, own, other in ((names[0], left, right), (names[1], right, left)):
        alone = own[~np.isin(own, other)]
        if len(alone):
            facts.append(f"{counted(len(alone), 'id')} only in {name}, such as {alone[0]}")
    raise OtherRows(
        f"candidate and baseline were made on different rows: {'; '.join(facts)}",
        "make both predictions on the same test set",
    )
