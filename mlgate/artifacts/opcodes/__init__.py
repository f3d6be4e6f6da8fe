"""What each opcode of protocols 0 to 5 (`pickletools`) does to the stack: what CPython's unpickler
does, in both its implementations. What those would not accept is refused."""

from mlgate.artifacts.opcodes import constants, containers, memo, names, stream
from mlgate.artifacts.opcodes._table import OPCODES

__all__ = ["OPCODES", "constants", "containers", "memo", "names", "stream"]
