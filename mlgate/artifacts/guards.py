"""What the arguments of some allowed names must be: as their libraries write them, no other way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlgate.artifacts.values import DATA, Made, Name, items_of, name_of
from mlgate.core.patterns import later

ARRAY_ON_DISK = "joblib.numpy_pickle:NumpyArrayWrapper"
DTYPE = "numpy:dtype"
RANGE = "builtins:range"
TYPE = "builtins:type"
KEPT = frozenset({ARRAY_ON_DISK, DTYPE})
"""Names whose objects keep their arguments and state."""
STATE = frozenset({"subclass", "shape", "order", "dtype", "numpy_array_alignment_bytes"})
"""Keys of an array on disk."""

_LARGEST = 1 << 20
_CODECS = ("latin1", "latin-1")
_CODE = later(r"[<>|=]?[?A-Za-z]\d*")
_REBUILDS = "torch._utils:_rebuild_"
_LAYERS = "torch.nn.modules."


def wrong(name: str, args: tuple[Any, ...], keywords: bool) -> str | None:
    """What is wrong with calling `name` so; None if nothing is."""
    guard = _guard(name)
    if guard is None:
        return None
    return "with keywords" if keywords else guard(args)


def guarded(name: str) -> bool:
    """True where it depends on the arguments whether `name` may be called."""
    return _guard(name) is not None


def _guard(name: str) -> Callable[[tuple[Any, ...]], str | None] | None:
    # Layers are made without arguments, which would be the sizes of their weights.
    return _nothing if name.startswith(_LAYERS) else _GUARDS.get(name)


def _encode(args: tuple[Any, ...]) -> str | None:
    """Bytes, as protocol 2 writes them."""
    return None if len(args) == 2 and args[1] in _CODECS else "for another codec"


def _no_size(args: tuple[Any, ...]) -> str | None:
    """A number would be the size of what is to be allocated."""
    if len(args) > 1 and type(args[1]) is str and args[1] not in _CODECS:
        return "for another codec"
    large = any(type(arg) is int and not 0 <= arg <= _LARGEST for arg in args)
    return "with a size" if large else None


def _text(args: tuple[Any, ...]) -> str | None:
    """A codec is looked up by its name, which imports a module of that name."""
    return None if len(args) < 2 else "with a codec"


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
    fits = len(args) == 3 and _plain_class(args[0]) and name_of(args[1]).startswith("builtins:")
    return wrong(name_of(args[1]), args[2:], keywords=False) if fits else "other than copyreg does"


def _newobj(args: tuple[Any, ...]) -> str | None:
    """The opcode NEWOBJ in another form: judged as that is."""
    if not args or not _plain_class(args[0]) or not args[0].calls:
        return "other than copyreg does"
    return wrong(args[0].full, args[1:], keywords=False)


def _plain_class(called: Any) -> bool:
    """A name whose objects need not be known: those that are, only their own opcodes make."""
    return type(called) is Name and called.full not in KEPT


def _type_of_array(args: tuple[Any, ...]) -> str | None:
    """As numpy writes it: a letter and a size. `object`, a class or another dtype would be one that
    nobody told of."""
    record = bool(args) and name_of(args[0]) == "numpy:record"
    plain = bool(args) and type(args[0]) is str and _CODE.fullmatch(args[0]) is not None
    return None if len(args) == 3 and (record or plain) else "other than numpy does"


def _from_type(args: tuple[Any, ...]) -> str | None:
    """Torch calls the first argument with the third."""
    inner = items_of(args[2]) if len(args) == 4 else None
    function = name_of(args[0]) if args else ""
    if inner is None or type(args[1]) is not Name or not function.startswith(_REBUILDS):
        return "other than torch does"
    return wrong(function, inner, keywords=False)


def _of_pandas(args: tuple[Any, ...]) -> str | None:
    """Pandas makes an object of the first argument."""
    fits = bool(args) and name_of(args[0]).startswith(("pandas:", "pandas."))
    return None if fits else "for what is no index"


def _bit_generator(args: tuple[Any, ...]) -> str | None:
    """Numpy makes an object of the argument if it is a class."""
    known = not args or type(args[0]) is str or name_of(args[0]).startswith("numpy.random.")
    return None if known else "for another class"


def _nothing(args: tuple[Any, ...]) -> str | None:
    """Its arguments would name files; the state comes later."""
    return "with arguments" if args else None


def _no_range(args: tuple[Any, ...]) -> str | None:
    """A range may stand for more items than memory holds."""
    ranges = any(type(arg) is Made and arg.of.full == RANGE for arg in args)
    return "with a range" if ranges else _no_size(args)


def _plain_fraction(args: tuple[Any, ...]) -> str | None:
    """The power that an exponent asks for may have no end."""
    powers = any(type(arg) is str and "e" in arg.casefold() for arg in args)
    return "with an exponent" if powers else None


def _storage(args: tuple[Any, ...]) -> str | None:
    """Tensors view what a persistent id brought."""
    return None if args and args[0] is DATA else "without a storage"


_GUARDS: dict[str, Callable[[tuple[Any, ...]], str | None]] = {
    "_codecs:encode": _encode,
    "builtins:bytearray": _no_range,
    "builtins:bytes": _no_range,
    "builtins:dict": _no_range,
    "builtins:frozenset": _no_range,
    "builtins:list": _no_range,
    "builtins:set": _no_range,
    "builtins:str": _text,
    "builtins:tuple": _no_range,
    TYPE: _one_argument,
    "collections:Counter": _no_range,
    "collections:OrderedDict": _no_range,
    "collections:deque": _no_range,
    "copyreg:__newobj__": _newobj,
    "copyreg:_reconstructor": _of_object,
    "fractions:Fraction": _plain_fraction,
    "lightgbm.basic:Booster": _nothing,
    ARRAY_ON_DISK: _nothing,
    DTYPE: _type_of_array,
    "numpy:record": _no_size,
    "numpy:void": _no_size,
    "numpy._core.multiarray:_reconstruct": _reconstruct,
    "numpy.core.multiarray:_reconstruct": _reconstruct,
    "numpy.ma.core:_mareconstruct": _masked,
    "numpy.random._pickle:__bit_generator_ctor": _bit_generator,
    "numpy.random._pickle:__generator_ctor": _known_constructor,
    "numpy.random._pickle:__randomstate_ctor": _known_constructor,
    "pandas.core.indexes.base:_new_Index": _of_pandas,
    "pandas.core.indexes.datetimes:_new_DatetimeIndex": _of_pandas,
    "pandas.core.indexes.period:_new_PeriodIndex": _of_pandas,
    "torch._tensor:_rebuild_from_type_v2": _from_type,
    "torch._utils:_rebuild_tensor": _storage,
    "torch._utils:_rebuild_tensor_v2": _storage,
    "torch._utils:_rebuild_tensor_v3": _storage,
    "xgboost.core:Booster": _nothing,
}
