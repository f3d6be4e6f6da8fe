"""Arrays: how many bytes they take, whether they hold objects, and how joblib lays them on disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlgate.artifacts import guards
from mlgate.artifacts.outcome import malformed
from mlgate.artifacts.values import DATA, UNSET, Data, Made, items_of

if TYPE_CHECKING:
    from mlgate.artifacts.machine import Machine

_PLAIN = re.compile(r"([<>|=]?)([?bhilqpBHILQPefdgFDGiufcSUVmMO])(\d*)(\[[^\]]*\])?")
_SIZES = {"?": 1, "b": 1, "B": 1, "O": 8}
_MOST_ITEMS = 1 << 48
_REFERENCES = 0x01
"""NPY_ITEM_REFCOUNT among the flags of a dtype."""


class Fields:
    """A dict of an array's fields."""

    __slots__ = ("objects",)

    def __init__(self, objects: bool) -> None:
        self.objects = objects
        """Whether some of them are objects."""


FILLED = frozenset({Data, dict, Fields})
"""Kinds of what is data, or a dict of which something is known."""


def size_of(description: Any) -> int | None:
    """Bytes of one item of a dtype as `.npy` headers and dtypes' arguments describe it; None for
    objects. Raises `Refused` for what cannot be told."""
    if isinstance(description, str):
        match = _PLAIN.fullmatch(description)
        if match is None:
            raise malformed(f"{description[:40]!r} is no type of an array")
        _, kind, digits, _ = match.groups()
        if kind == "O":
            return None
        size = int(digits) if digits else _SIZES.get(kind, 8 if kind in "mM" else -1)
        if size < 0 or (kind == "V" and not digits):
            raise malformed(f"{description[:40]!r} has no size")
        return size * 4 if kind == "U" else size
    if not isinstance(description, list) or not all(map(_is_field, description)):
        raise malformed("the type of an array cannot be told")
    total = 0
    for field in description:
        item = size_of(field[1])
        if item is None:
            return None
        total += item * (count_of(field[2]) if len(field) > 2 else 1)
    return total


def _is_field(field: Any) -> bool:
    return isinstance(field, tuple) and len(field) in (2, 3)


def count_of(shape: Any) -> int:
    """The number of items of an array of `shape`."""
    sides = items_of(shape)
    if sides is None:
        sides = (shape,)
    total = 1
    for side in sides:
        if type(side) is not int or side < 0:
            raise malformed("the shape of an array is none")
        total *= side
        if total > _MOST_ITEMS:
            raise malformed("an array is larger than any memory")
    return total


def built(machine: Machine, made: Made) -> None:
    """Take up the state of a dtype, or read the array that follows a joblib wrapper."""
    if made.of.full == guards.DTYPE:
        _check_dtype(made)
    elif made.of.full == guards.ARRAY_ON_DISK:
        _on_disk(machine, made)


def _check_dtype(made: Made) -> None:
    """Refuse a dtype that denies its objects: numpy would take raw bytes for their addresses."""
    state = items_of(made.state)
    if state is None or len(state) < 8:
        raise malformed("the state of a dtype is none")
    inner = items_of(state[2])
    fields = state[4]
    told = made.args[0] if made.args else None
    if type(told) is str and state[5] not in (-1, size_of(told)):
        raise malformed("a dtype has two sizes")
    if inner is not None and not (inner and type(inner[0]) is Made and _is_dtype(inner[0])):
        raise malformed("the items of a dtype cannot be told")
    if fields is not None and type(fields) is not Fields:
        raise malformed("the fields of a dtype cannot be told")
    holds = (
        _kind(made) == "O"
        or (fields is not None and fields.objects)
        or (inner is not None and has_objects(inner[0]))
    )
    if holds and not (type(state[7]) is int and state[7] & _REFERENCES):
        raise malformed("a dtype denies that it holds objects")


def _kind(made: Made) -> str:
    text = made.args[0] if made.args and type(made.args[0]) is str else "?"
    return text.lstrip("<>|=")[:1]


def has_objects(made: Made) -> bool:
    """Whether an array of this dtype is stored as a pickle. Raises `Refused` for one that may still
    become another."""
    if made.state is UNSET:
        raise malformed("a dtype is used before its state is set")
    state = items_of(made.state)
    flags = state[7] if state is not None and len(state) > 7 else 0
    return _kind(made) == "O" or type(flags) is not int or bool(flags & _REFERENCES)


def fields_of(values: list[Any]) -> Fields | None:
    """The fields that the values of a dict stand for; None where there are none among them."""
    types = [
        items[0]
        for items in values
        if type(items) is tuple and items and type(items[0]) is Made and _is_dtype(items[0])
    ]
    if not types:
        return None
    return Fields(any(map(has_objects, types)) or len(types) < len(values))


def _is_dtype(made: Made) -> bool:
    return made.of.full == guards.DTYPE


def _on_disk(machine: Machine, made: Made) -> None:
    """Pass over the array that joblib reads where a wrapper's state is set.

    See `NumpyArrayWrapper.read_array`. The byte that gives the length of the padding is no opcode,
    so that `pickle.load`, which does not know of arrays, stops there. Where it is missing, what
    `pickle.load` would make of the array is tried.
    """
    state = made.state
    if type(state) is not dict or type(state.get("dtype")) is not Made:
        raise malformed("an array on disk has no type")
    dtype, feed = state["dtype"], machine.feed
    if dtype.of.full != guards.DTYPE or not dtype.args:
        raise malformed("an array on disk has no type")
    count = count_of(state.get("shape", DATA))
    if has_objects(dtype):
        from mlgate.artifacts.pickles import nested

        nested(machine)
    else:
        size = size_of(dtype.args[0])
        if size is None:
            raise malformed("an array on disk has no size")
        if state.get("numpy_array_alignment_bytes") is not None:
            padding = feed.take(1)[0]
            if not 1 <= padding <= 32 or feed.take(padding).strip(b"\xff"):
                raise malformed("the padding of an array on disk is none")
        else:
            from mlgate.artifacts.pickles import misread

            misread(machine, feed.peek(min(count * size, 1 << 16)))
        feed.skip(count * size)
    machine.stack[-1] = DATA
