"""Opcodes of marks, tuples, lists, sets and dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.artifacts import arrays, guards
from mlgate.artifacts.opcodes._table import opcode
from mlgate.artifacts.outcome import SKLEARN, Refused, malformed
from mlgate.artifacts.values import AGAIN, DATA, EMPTY, Made, Name, tuple_of

if TYPE_CHECKING:
    from mlgate.artifacts.machine import Machine

_DEEPEST = 20_000
_WRAPPER_KEYS = 24


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
    if type(stack[-1]) in arrays.FILLED:
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
    machine.stack.append(_state(machine, items, EMPTY))


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
    stack[-1] = _state(machine, [key, value], stack[-1])


@opcode(b"u")
def _setitems(machine: Machine) -> None:
    items = machine.marked()
    machine.change(machine.stack[-1])
    machine.stack[-1] = _state(machine, items, machine.stack[-1])


def _state(machine: Machine, items: list[Any], filled: Any) -> Any:
    """`filled` with `items`: a dict where that may become the state of an array on disk, which
    joblib writes with all its keys at once."""
    if len(items) % 2:
        raise malformed("a dict has a key without a value")
    if items and items[-2] == SKLEARN:
        machine.scan.saved_by(items[-1])
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
