"""Opcodes that keep a value in the memo, and fetch it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.artifacts.opcodes._table import four, opcode, place

if TYPE_CHECKING:
    from mlgate.artifacts.machine import Machine


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
    machine.remember(four(machine), machine.stack[-1])


@opcode(b"p")
def _put(machine: Machine) -> None:
    machine.remember(place(machine), machine.stack[-1])


@opcode(b"h")
def _binget(machine: Machine) -> None:
    machine.recall(machine.feed.take(1)[0])


@opcode(b"j")
def _long_binget(machine: Machine) -> None:
    machine.recall(four(machine))


@opcode(b"g")
def _get(machine: Machine) -> None:
    machine.recall(place(machine))
