"""Opcodes that push a number, a text or a constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.artifacts.opcodes._table import (
    as_text,
    check_length,
    eight,
    four,
    one,
    opcode,
    signed,
    two,
)
from mlgate.artifacts.outcome import malformed
from mlgate.artifacts.values import DATA

if TYPE_CHECKING:
    from mlgate.artifacts.machine import Machine

_LONGEST_NAME = 512


def _sized(machine: Machine, size: int, text: bool) -> None:
    """Push a string or bytes of `size`; short text is kept, as it may become a name."""
    if size <= _LONGEST_NAME:
        raw = machine.feed.take(size)
        machine.stack.append(as_text(raw) if text else DATA)
        return
    machine.feed.skip(size)
    machine.stack.append(DATA)


@opcode(b"K")
def _binint1(machine: Machine) -> None:
    machine.stack.append(machine.feed.take(1)[0])


@opcode(b"M")
def _binint2(machine: Machine) -> None:
    machine.stack.append(two(machine))


@opcode(b"J")
def _binint(machine: Machine) -> None:
    machine.stack.append(signed(machine))


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
    check_length(line)
    try:
        return int(line, 0)
    except ValueError:
        return int(line)


@opcode(b"\x8a")
def _long1(machine: Machine) -> None:
    _long_of(machine, one(machine))


@opcode(b"\x8b")
def _long4(machine: Machine) -> None:
    size = signed(machine)
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
    _sized(machine, four(machine), text=True)


@opcode(b"\x8d")
def _binunicode8(machine: Machine) -> None:
    _sized(machine, eight(machine), text=True)


@opcode(b"V")
def _unicode(machine: Machine) -> None:
    line, _ = machine.feed.long_line()
    short = len(line) <= _LONGEST_NAME
    machine.stack.append(as_text(line, "raw-unicode-escape") if short else DATA)


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
    _push_ascii(machine, machine.feed.take(one(machine)))


@opcode(b"T")
def _binstring(machine: Machine) -> None:
    size = signed(machine)
    if size < 0:
        raise malformed("it has a string of negative length")
    if size <= _LONGEST_NAME:
        _push_ascii(machine, machine.feed.take(size))
        return
    machine.feed.skip(size)
    machine.stack.append(DATA)


@opcode(b"C")
def _short_binbytes(machine: Machine) -> None:
    _sized(machine, one(machine), text=False)


@opcode(b"B")
def _binbytes(machine: Machine) -> None:
    _sized(machine, four(machine), text=False)


@opcode(b"\x8e", b"\x96")
def _binbytes8(machine: Machine) -> None:
    _sized(machine, eight(machine), text=False)


@opcode(b"\x97", b"\x98")
def _out_of_band(machine: Machine) -> None:  # noqa: ARG001 - the form of all opcodes
    raise malformed("it takes buffers from outside the stream")
