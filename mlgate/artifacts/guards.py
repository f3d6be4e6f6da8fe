"""What the arguments of some allowed names must be: as their libraries write them, no other way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlgate.artifacts.values import DATA, Name, name_of

ARRAY_ON_DISK = "joblib.numpy_pickle:NumpyArrayWrapper"
DTYPE = "numpy:dtype"
KEPT = frozenset({ARRAY_ON_DISK, DTYPE})
"""Names whose objects keep their arguments and state."""
STATE = frozenset({"subclass", "shape", "order", "dtype", "numpy_array_alignment_bytes"})
"""Keys of an array on disk."""

_LARGEST = 1 << 20


def wrong(name: str, args: tuple[Any, ...], keywords: bool) -> str | None:
    """What is wrong with calling `name` so; None if nothing is."""
    guard = _GUARDS.get(name)
    if guard is None:
        return None
    return "with keywords" if keywords else guard(args)


def guarded(name: str) -> bool:
    """True where it depends on the arguments whether `name` may be called."""
    return name in _GUARDS


def _encode(args: tuple[Any, ...]) -> str | None:
    """Bytes, as protocol 2 writes them."""
    return None if len(args) == 2 and args[1] in ("latin1", "latin-1") else "for another codec"


def _no_size(args: tuple[Any, ...]) -> str | None:
    """A number would be the size of what is to be allocated."""
    large = any(type(arg) is int and not 0 <= arg <= _LARGEST for arg in args)
    return "with a size" if large else None


def _reconstruct(args: tuple[Any, ...]) -> str | None:
    """An empty array, whose state comes later."""
    fits = len(args) == 3 and type(args[0]) is Name and args[1] == (0,)
    return None if fits else "other than numpy does"


def _masked(args: tuple[Any, ...]) -> str | None:
    fits = len(args) == 4 and type(args[0]) is type(args[1]) is Name and args[2] == (0,)
    return None if fits else "other than numpy does"


def _one_argument(args: tuple[Any, ...]) -> str | None:
    return None if len(args) == 1 else "to make a class"


def _known_constructor(args: tuple[Any, ...]) -> str | None:
    """Numpy calls the second argument."""
    fits = len(args) < 2 or name_of(args[1]) == "numpy.random._pickle:__bit_generator_ctor"
    return None if fits else "with another constructor"


def _of_object(args: tuple[Any, ...]) -> str | None:
    """An object made without `__init__`, as protocols 0 and 1 write it."""
    fits = len(args) == 3 and type(args[0]) is Name and name_of(args[1]).startswith("builtins:")
    return None if fits else "other than copyreg does"


def _storage(args: tuple[Any, ...]) -> str | None:
    """Tensors view what a persistent id brought."""
    return None if args and args[0] is DATA else "without a storage"


_GUARDS: dict[str, Callable[[tuple[Any, ...]], str | None]] = {
    "_codecs:encode": _encode,
    "builtins:bytearray": _no_size,
    "builtins:bytes": _no_size,
    "builtins:type": _one_argument,
    "copyreg:_reconstructor": _of_object,
    "numpy._core.multiarray:_reconstruct": _reconstruct,
    "numpy.core.multiarray:_reconstruct": _reconstruct,
    "numpy.ma.core:_mareconstruct": _masked,
    "numpy.random._pickle:__generator_ctor": _known_constructor,
    "numpy.random._pickle:__randomstate_ctor": _known_constructor,
    "torch._utils:_rebuild_tensor": _storage,
    "torch._utils:_rebuild_tensor_v2": _storage,
    "torch._utils:_rebuild_tensor_v3": _storage,
}
