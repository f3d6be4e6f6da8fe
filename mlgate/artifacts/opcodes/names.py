"""Opcodes that ask for names and call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.artifacts import guards
from mlgate.artifacts.opcodes._table import as_text, opcode
from mlgate.artifacts.outcome import malformed
from mlgate.artifacts.values import UNSET, Made, name_of

if TYPE_CHECKING:
    from mlgate.artifacts.machine import Machine


@opcode(b"c")
def _global(machine: Machine) -> None:
    module, name = machine.feed.line(), machine.feed.line()
    machine.ask(as_text(module), as_text(name))


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
    machine.ask(as_text(module), as_text(name))
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
