"""Opcodes of the stream itself: its protocol and its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.artifacts.opcodes._table import eight, one, opcode
from mlgate.artifacts.outcome import malformed

if TYPE_CHECKING:
    from mlgate.artifacts.machine import Machine


@opcode(b"\x80")
def _proto(machine: Machine) -> None:
    protocol = one(machine)
    if machine.protocol is not None or protocol > 5:
        raise malformed(f"it declares protocol {protocol} where none belongs")
    machine.protocol = protocol


@opcode(b"\x95")
def _frame(machine: Machine) -> None:
    size = eight(machine)
    if machine.feed.position < machine.frame_end:
        raise malformed("it has a frame inside a frame")
    machine.frame_end = machine.feed.position + size
