"""What the pickle machine's stack holds instead of objects: as little as its decisions need."""

from __future__ import annotations

from typing import Any

_LARGEST = 1 << 30


class Data:
    """A number, text, bytes or container of which nothing needs to be known."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "data"


DATA = Data()
EMPTY = Data()
"""A dict to which nothing was given yet: arrays on disk are told by one that is filled at once."""
AGAIN = Data()
"""Data that lies elsewhere, too, as the memo or a copy on the stack has it. What fills it changes
what was read there already, and no pickler does so."""


UNSET = object()
"""The state of what has none yet."""


class Name:
    """What `module` calls `name`, as the stream asks for it; never imported."""

    __slots__ = ("calls", "made", "module", "name")

    def __init__(self, module: str, name: str, calls: bool) -> None:
        self.module = module
        self.name = name
        self.calls = calls
        """Whether the stream may call it, and not only refer to it."""
        self.made = Made(self)

    @property
    def full(self) -> str:
        return f"{self.module}:{self.name}"


class Made:
    """What calling a name gives; `args` and `state` are kept for arrays and their types only."""

    __slots__ = ("args", "of", "state")

    def __init__(self, of: Name, args: tuple[Any, ...] = ()) -> None:
        self.of = of
        self.args = args
        self.state: Any = UNSET


class Nest:
    """A tuple that holds tuples: its items, and how many values it stands for in full."""

    __slots__ = ("items", "weight")

    def __init__(self, items: tuple[Any, ...], weight: int) -> None:
        self.items = items
        self.weight = weight


class TooHeavy(Exception):
    """A tuple stands for more values than anybody can hash."""


def tuple_of(items: tuple[Any, ...]) -> Any:
    """The value for a tuple: itself, or a `Nest` where tuples lie in it."""
    weight = 0
    for item in items:
        kind = type(item)
        if kind is tuple:
            weight += len(item) + 1
        elif kind is Nest:
            weight += item.weight
    if not weight:
        return items
    weight += len(items) + 1
    if weight > _LARGEST:
        raise TooHeavy
    return Nest(items, weight)


def items_of(value: Any) -> tuple[Any, ...] | None:
    """The items of a value that stands for a tuple; None if it does not."""
    if type(value) is tuple:
        return value
    return value.items if type(value) is Nest else None


def name_of(value: Any) -> str:
    """`module:name` of a name, empty for everything else."""
    return value.full if type(value) is Name else ""
