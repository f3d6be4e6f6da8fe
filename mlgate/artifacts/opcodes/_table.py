"""Which function stands for which byte, and how their arguments are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlgate.artifacts.outcome import Refused
from mlgate.core.patterns import later

if TYPE_CHECKING:
    from mlgate.artifacts.machine import Machine

_DIGITS = 4_000
_NUMBER = later(rb"\s*[+-]?[0-9a-fA-FxXoO_]+L?\s*")

Opcode = Callable[["Machine"], None]
OPCODES: dict[int, Opcode] = {}


def opcode(*codes: bytes) -> Callable[[Opcode], Opcode]:
    """Enter a function under the bytes that stand for it."""

    def enter(function: Opcode) -> Opcode:
        for code in codes:
            OPCODES[code[0]] = function
        return function

    return enter


def _little(size: int, signed: bool = False) -> Callable[[Machine], int]:
    """Reads a number of `size` bytes, the lowest first."""

    def number(machine: Machine) -> int:
        return int.from_bytes(machine.feed.take(size), "little", signed=signed)

    return number


one, two, four, eight = _little(1), _little(2), _little(4), _little(8)
signed = _little(4, signed=True)


def as_text(raw: bytes, encoding: str = "utf-8") -> Any:
    """As a stream's texts are decoded. Raises `ValueError`."""
    return raw.decode(encoding, "surrogatepass" if encoding == "utf-8" else "strict")


def check_length(line: bytes) -> None:
    """Raise `Refused` for a number that some Pythons read and others do not: the limit of digits
    came with 3.10.7, and may be switched off."""
    if len(line) > _DIGITS and _NUMBER.fullmatch(line):
        raise Refused("limit", f"a number in it has {len(line):,} digits")


def place(machine: Machine) -> int:
    """A place in the memo, in digits."""
    line = machine.feed.line()
    check_length(line)
    return int(line)
