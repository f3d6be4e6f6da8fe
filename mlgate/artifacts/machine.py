"""Pickle's stack machine without its imports and calls: it knows every name and every call.

The opcodes are those of protocols 0 to 5 (`pickletools`); each does to the stack what CPython's
unpickler does, as both its implementations do it. What those would not accept is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlgate.artifacts import arrays, guards
from mlgate.artifacts.names import Names
from mlgate.artifacts.outcome import Problem, Refused, malformed
from mlgate.artifacts.values import (
    AGAIN,
    DATA,
    EMPTY,
    UNSET,
    Data,
    Made,
    Name,
    TooHeavy,
    items_of,
    name_of,
    tuple_of,
)
from mlgate.core.patterns import later

if TYPE_CHECKING:
    from mlgate.artifacts.feed import Feed
    from mlgate.artifacts.outcome import Scan

_LONGEST_NAME = 512
_DEEPEST = 20_000
_GAP = 1 << 12
_DIGITS = 4_000
_NUMBER = later(rb"\s*[+-]?[0-9a-fA-FxXoO_]+L?\s*")
_WRAPPER_KEYS = 24

Opcode = Callable[["Machine"], None]
OPCODES: dict[int, Opcode] = {}
STOP = ord(".")
_FILLED = frozenset({Data, dict, arrays.Fields})
"""Kinds of what is data, or a dict of which something is known."""


def opcode(*codes: bytes) -> Callable[[Opcode], Opcode]:
    """Enter a function under the bytes that stand for it."""

    def enter(function: Opcode) -> Opcode:
        for code in codes:
            OPCODES[code[0]] = function
        return function

    return enter


class Machine:
    """Reads one pickle from a feed, up to and with its STOP."""

    def __init__(self, feed: Feed, scan: Scan, where: str = "") -> None:
        self.feed = feed
        self.scan = scan
        self.where = where
        self.names = Names(scan.allow)
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: list[Any] = []
        self.memoized = 0
        self.protocol: int | None = None
        self.frame_end = 0
        self.reached = False
        """True once a name was asked for: what follows an error ran before it."""
        self.called = False
        self.persistent: Callable[[Any], Any] | None = None
        """What a persistent id stands for; None where the loader has no such thing."""
        self.built: Callable[[Machine, Made], None] | None = None
        """Told of an object that reads on from the stream once its state is set (joblib)."""

    def run(self) -> Any:
        """The value that the stream stands for. Raises `Refused`."""
        feed, opcodes = self.feed, OPCODES
        left = self.scan.limits.opcodes - self.scan.opcodes
        code, count = -1, 0
        try:
            for count in range(1, left + 1):  # noqa: B007 - told in the end
                try:
                    code = feed.buffer[feed.at]
                except IndexError:
                    if not feed.more():
                        raise malformed("it ends before its STOP") from None
                    code = feed.buffer[feed.at]
                feed.at += 1
                if code == STOP:
                    return self._end()
                opcodes[code](self)
        except IndexError:
            raise malformed(f"opcode {code:#04x} finds too little on the stack") from None
        except KeyError:
            raise malformed(f"{code:#04x} is no opcode") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise malformed(f"opcode {code:#04x} does not fit: {type(error).__name__}") from None
        except TooHeavy:
            raise Refused("limit", "its memo folds more values than memory holds") from None
        finally:
            self.scan.opcodes += count
        raise Refused("limit", f"it has more than {self.scan.limits.opcodes:,} opcodes")

    def _end(self) -> Any:
        value = self.stack.pop()
        if self.stack or self.below:
            raise malformed("values are left on the stack at its end")
        if self.feed.position < self.frame_end:
            raise malformed("its STOP lies inside a frame")
        return value

    def marked(self) -> list[Any]:
        """The values above the last MARK, which goes too."""
        items = self.stack
        self.stack = self.below.pop()
        return items

    def remember(self, index: int, value: Any) -> None:
        """Put `value` into the memo."""
        memo = self.memo
        if index == len(memo):
            memo.append(value)
        elif index < len(memo):
            if memo[index] is not UNSET:
                self.memoized -= 1
            memo[index] = value
        elif index - len(memo) > _GAP:
            raise Refused("limit", f"its memo jumps to {index:,}")
        else:
            memo.extend([UNSET] * (index - len(memo)))
            memo.append(value)
        self.memoized += 1

    def recall(self, index: int) -> None:
        """Push what lies in the memo."""
        value = self.memo[index] if index >= 0 else UNSET
        if value is UNSET:
            raise malformed(f"its memo has nothing at {index}")
        self.stack.append(AGAIN if type(value) in _FILLED else value)

    def ask(self, module: str, name: str) -> None:
        """Push the name, and state it if it is not allowed."""
        self.reached = True
        found, problem = self.names.find(module, name, self.protocol or 0)
        if problem is not None:
            self.scan.state(Problem(*problem, where=self.where, name=found.full))
        self.stack.append(found)

    def call(self, called: Any, args: Any, keywords: bool = False) -> None:
        """Push what calling `called` gives."""
        self.reached = self.called = True
        if type(called) is not Name:
            self.refuse("call", "calls something that is no plain name")
            self.stack.append(DATA)
            return
        given = items_of(args)
        if given is None:
            raise malformed(f"{called.full} is called with what is no tuple")
        if not called.calls:
            self.refuse("call", f"calls {called.full}, which may only be referred to")
        wrong = guards.wrong(called.full, given, keywords)
        if wrong is not None:
            self.refuse("call", f"calls {called.full} {wrong}")
        kept = called.full in guards.KEPT
        self.stack.append(Made(called, given) if kept else called.made)

    def refuse(self, rule: str, message: str) -> None:
        """State a problem and read on."""
        self.scan.state(Problem(rule, f"the pickle {message}", self.where))

    def change(self, target: Any) -> None:
        """Check that `target` is something a stream may fill or set the state of."""
        if target is AGAIN:
            raise malformed("it fills data that it has read already")
        if type(target) is Name:
            self.refuse("call", f"changes {target.full} itself")
        elif type(target) is Made and target.of.full == guards.TYPE:
            self.refuse("call", "changes a class")


def _little(size: int, signed: bool = False) -> Callable[[Machine], int]:
    def number(machine: Machine) -> int:
        return int.from_bytes(machine.feed.take(size), "little", signed=signed)

    return number


_one, _two, _four, _eight = _little(1), _little(2), _little(4), _little(8)
_signed = _little(4, signed=True)


def _text(raw: bytes, encoding: str = "utf-8") -> Any:
    return raw.decode(encoding, "surrogatepass" if encoding == "utf-8" else "strict")


def _sized(machine: Machine, size: int, text: bool) -> None:
    """Push a string or bytes of `size`; short text is kept, as it may become a name."""
    if size <= _LONGEST_NAME:
        raw = machine.feed.take(size)
        machine.stack.append(_text(raw) if text else DATA)
        return
    machine.feed.skip(size)
    machine.stack.append(DATA)


# --- numbers, texts and constants ----------------------------------------------------------------


@opcode(b"K")
def _binint1(machine: Machine) -> None:
    machine.stack.append(machine.feed.take(1)[0])


@opcode(b"M")
def _binint2(machine: Machine) -> None:
    machine.stack.append(_two(machine))


@opcode(b"J")
def _binint(machine: Machine) -> None:
    machine.stack.append(_signed(machine))


@opcode(b"G")
def _binfloat(machine: Machine) -> None:
    machine.feed.skip(8)
    machine.stack.append(DATA)


@opcode(b"I")
def _int(machine: Machine) -> None:
    line = machine.feed.line()
    constants = {b"00": False, b"01": True}
    machine.stack.append(constants[line] if line in constants else _of_any_base(line))


@opcode(b"L")
def _long(machine: Machine) -> None:
    machine.stack.append(_of_any_base(machine.feed.line().removesuffix(b"L")))


def _of_any_base(line: bytes) -> int:
    """As CPython reads it: `0x1f`, `0b1`, and `017` as C does or as ten and seven."""
    _check_length(line)
    try:
        return int(line, 0)
    except ValueError:
        return int(line)


def _check_length(line: bytes) -> None:
    """Raise `Refused` for a number that some Pythons read and others do not: the limit of digits
    came with 3.10.7, and may be switched off."""
    if len(line) > _DIGITS and _NUMBER.fullmatch(line):
        raise Refused("limit", f"a number in it has {len(line):,} digits")


def _index(machine: Machine) -> int:
    """A place in the memo, in digits."""
    line = machine.feed.line()
    _check_length(line)
    return int(line)


@opcode(b"\x8a")
def _long1(machine: Machine) -> None:
    _long_of(machine, _one(machine))


@opcode(b"\x8b")
def _long4(machine: Machine) -> None:
    size = _signed(machine)
    if size < 0:
        raise malformed("it has a number of negative length")
    _long_of(machine, size)


def _long_of(machine: Machine, size: int) -> None:
    if size > 64:
        machine.feed.skip(size)
        machine.stack.append(DATA)
        return
    machine.stack.append(int.from_bytes(machine.feed.take(size), "little", signed=True))


@opcode(b"F")
def _float(machine: Machine) -> None:
    float(machine.feed.line())
    machine.stack.append(DATA)


@opcode(b"N")
def _none(machine: Machine) -> None:
    machine.stack.append(None)


@opcode(b"\x88")
def _true(machine: Machine) -> None:
    machine.stack.append(True)


@opcode(b"\x89")
def _false(machine: Machine) -> None:
    machine.stack.append(False)


@opcode(b"\x8c")
def _short_binunicode(machine: Machine) -> None:
    feed = machine.feed
    size = feed.take(1)[0]
    machine.stack.append(str(feed.take(size), "utf-8", "surrogatepass"))


@opcode(b"X")
def _binunicode(machine: Machine) -> None:
    _sized(machine, _four(machine), text=True)


@opcode(b"\x8d")
def _binunicode8(machine: Machine) -> None:
    _sized(machine, _eight(machine), text=True)


@opcode(b"V")
def _unicode(machine: Machine) -> None:
    line, _ = machine.feed.long_line()
    short = len(line) <= _LONGEST_NAME
    machine.stack.append(_text(line, "raw-unicode-escape") if short else DATA)


@opcode(b"S")
def _string(machine: Machine) -> None:
    line, last = machine.feed.long_line()
    if len(line) < 2 or line[:1] != last or last not in (b'"', b"'"):
        raise malformed("it has a string without quotes")
    if b"\\" in line or len(line) > _LONGEST_NAME:  # no name needs an escape
        machine.stack.append(DATA)
        return
    _push_ascii(machine, line[1:-1])


def _push_ascii(machine: Machine, raw: bytes) -> None:
    """Push text of Python 2, which loaders decode as ASCII, latin-1 or not at all."""
    kept = len(raw) <= _LONGEST_NAME and raw.isascii()
    machine.stack.append(raw.decode("ascii") if kept else DATA)


@opcode(b"U")
def _short_binstring(machine: Machine) -> None:
    _push_ascii(machine, machine.feed.take(_one(machine)))


@opcode(b"T")
def _binstring(machine: Machine) -> None:
    size = _signed(machine)
    if size < 0:
        raise malformed("it has a string of negative length")
    if size <= _LONGEST_NAME:
        _push_ascii(machine, machine.feed.take(size))
        return
    machine.feed.skip(size)
    machine.stack.append(DATA)


@opcode(b"C")
def _short_binbytes(machine: Machine) -> None:
    _sized(machine, _one(machine), text=False)


@opcode(b"B")
def _binbytes(machine: Machine) -> None:
    _sized(machine, _four(machine), text=False)


@opcode(b"\x8e", b"\x96")
def _binbytes8(machine: Machine) -> None:
    _sized(machine, _eight(machine), text=False)


@opcode(b"\x97", b"\x98")
def _out_of_band(machine: Machine) -> None:  # noqa: ARG001 - the form of all opcodes
    raise malformed("it takes buffers from outside the stream")


# --- containers ----------------------------------------------------------------------------------


@opcode(b"(")
def _mark(machine: Machine) -> None:
    machine.below.append(machine.stack)
    machine.stack = []
    if len(machine.below) > _DEEPEST:
        raise Refused("limit", f"it nests deeper than {_DEEPEST:,} levels")


@opcode(b"1")
def _pop_mark(machine: Machine) -> None:
    machine.marked()


@opcode(b"0")
def _pop(machine: Machine) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.marked()


@opcode(b"2")
def _dup(machine: Machine) -> None:
    stack = machine.stack
    if type(stack[-1]) in _FILLED:
        stack[-1] = AGAIN
    stack.append(stack[-1])


@opcode(b"]", b"\x8f")
def _empty(machine: Machine) -> None:
    machine.stack.append(DATA)


@opcode(b"}")
def _empty_dict(machine: Machine) -> None:
    machine.stack.append(EMPTY)


@opcode(b")")
def _empty_tuple(machine: Machine) -> None:
    machine.stack.append(())


@opcode(b"t")
def _tuple(machine: Machine) -> None:
    items = tuple(machine.marked())
    machine.stack.append(tuple_of(items))


@opcode(b"\x85")
def _tuple1(machine: Machine) -> None:
    machine.stack[-1] = tuple_of((machine.stack[-1],))


@opcode(b"\x86")
def _tuple2(machine: Machine) -> None:
    stack = machine.stack
    second = stack.pop()
    stack[-1] = tuple_of((stack[-1], second))


@opcode(b"\x87")
def _tuple3(machine: Machine) -> None:
    stack = machine.stack
    third, second = stack.pop(), stack.pop()
    stack[-1] = tuple_of((stack[-1], second, third))


@opcode(b"l", b"\x91")
def _list_or_frozenset(machine: Machine) -> None:
    machine.marked()
    machine.stack.append(DATA)


@opcode(b"d")
def _dict(machine: Machine) -> None:
    items = machine.marked()
    machine.stack.append(_state(items, EMPTY))


@opcode(b"a")
def _append(machine: Machine) -> None:
    machine.stack.pop()
    machine.change(machine.stack[-1])


@opcode(b"e", b"\x90")
def _appends(machine: Machine) -> None:
    machine.marked()
    machine.change(machine.stack[-1])


@opcode(b"s")
def _setitem(machine: Machine) -> None:
    stack = machine.stack
    value, key = stack.pop(), stack.pop()
    machine.change(stack[-1])
    stack[-1] = _state([key, value], stack[-1])


@opcode(b"u")
def _setitems(machine: Machine) -> None:
    items = machine.marked()
    machine.change(machine.stack[-1])
    machine.stack[-1] = _state(items, machine.stack[-1])


def _state(items: list[Any], filled: Any) -> Any:
    """`filled` with `items`: a dict where that may become the state of an array on disk, which
    joblib writes with all its keys at once."""
    if len(items) % 2:
        raise malformed("a dict has a key without a value")
    kind = type(filled)
    if kind is Made or kind is Name:
        return filled
    fields = arrays.fields_of(items[1::2])
    if fields is not None or kind is arrays.Fields:
        known = kind is arrays.Fields and filled.objects
        return arrays.Fields(known or (fields is not None and fields.objects))
    keys = items[::2]
    known_keys = len(keys) <= _WRAPPER_KEYS and all(type(key) is str for key in keys)
    if filled is EMPTY and known_keys and not guards.STATE.isdisjoint(keys):
        return dict(zip(keys, items[1::2], strict=True))
    return DATA if items else filled


# --- memo ----------------------------------------------------------------------------------------


@opcode(b"\x94")
def _memoize(machine: Machine) -> None:
    index = machine.memoized
    if index == len(machine.memo):
        machine.memo.append(machine.stack[-1])
        machine.memoized = index + 1
    else:
        machine.remember(index, machine.stack[-1])


@opcode(b"q")
def _binput(machine: Machine) -> None:
    machine.remember(machine.feed.take(1)[0], machine.stack[-1])


@opcode(b"r")
def _long_binput(machine: Machine) -> None:
    machine.remember(_four(machine), machine.stack[-1])


@opcode(b"p")
def _put(machine: Machine) -> None:
    machine.remember(_index(machine), machine.stack[-1])


@opcode(b"h")
def _binget(machine: Machine) -> None:
    machine.recall(machine.feed.take(1)[0])


@opcode(b"j")
def _long_binget(machine: Machine) -> None:
    machine.recall(_four(machine))


@opcode(b"g")
def _get(machine: Machine) -> None:
    machine.recall(_index(machine))


# --- names and calls -----------------------------------------------------------------------------


@opcode(b"c")
def _global(machine: Machine) -> None:
    module, name = machine.feed.line(), machine.feed.line()
    machine.ask(_text(module), _text(name))


@opcode(b"\x93")
def _stack_global(machine: Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    if type(name) is not str or type(module) is not str:
        machine.reached = True
        raise malformed("a name in it is no plain text")
    machine.ask(module, name)


@opcode(b"R")
def _reduce(machine: Machine) -> None:
    args = machine.stack.pop()
    machine.call(machine.stack.pop(), args)


@opcode(b"\x81")
def _newobj(machine: Machine) -> None:
    args = machine.stack.pop()
    machine.call(machine.stack.pop(), args)


@opcode(b"\x92")
def _newobj_ex(machine: Machine) -> None:
    keywords, args = machine.stack.pop(), machine.stack.pop()
    machine.call(machine.stack.pop(), args, keywords is not None)


@opcode(b"o")
def _obj(machine: Machine) -> None:
    items = machine.marked()
    machine.call(items[0], tuple(items[1:]))


@opcode(b"i")
def _inst(machine: Machine) -> None:
    module, name = machine.feed.line(), machine.feed.line()
    items = machine.marked()
    machine.ask(_text(module), _text(name))
    machine.call(machine.stack.pop(), tuple(items))


@opcode(b"b")
def _build(machine: Machine) -> None:
    state = machine.stack.pop()
    target = machine.stack[-1]
    machine.called = True
    machine.change(target)
    if type(target) is not Made:
        return
    if name_of(target.of) in guards.KEPT:
        if target.state is not UNSET:
            raise malformed(f"it sets the state of {target.of.full} twice")
        target.state = state
    if machine.built is not None:
        machine.built(machine, target)


@opcode(b"P")
def _persid(machine: Machine) -> None:
    machine.stack.append(machine.feed.line().decode("ascii"))
    _resolve(machine)


@opcode(b"Q")
def _resolve(machine: Machine) -> None:
    """BINPERSID."""
    if machine.persistent is None:
        raise malformed("it asks for objects by persistent ids")
    machine.stack[-1] = machine.persistent(machine.stack[-1])


@opcode(b"\x82", b"\x83", b"\x84")
def _extension(machine: Machine) -> None:
    machine.reached = True
    raise malformed("it uses the extension registry, which names what no scan can know")


# --- the stream itself ---------------------------------------------------------------------------


@opcode(b"\x80")
def _proto(machine: Machine) -> None:
    protocol = _one(machine)
    if machine.protocol is not None or protocol > 5:
        raise malformed(f"it declares protocol {protocol} where none belongs")
    machine.protocol = protocol


@opcode(b"\x95")
def _frame(machine: Machine) -> None:
    size = _eight(machine)
    if machine.feed.position < machine.frame_end:
        raise malformed("it has a frame inside a frame")
    machine.frame_end = machine.feed.position + size
