"""Archives that hold a program beside weights, or in their place: told by their members' names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.artifacts.outcome import Refused, malformed

if TYPE_CHECKING:
    from collections.abc import Iterable

_CODE = (".py", ".pyc", ".pyd", ".pyw", ".so", ".dll", ".dylib", ".sh")
_EXPORTED = frozenset({"archive_format", "serialized_exported_program.json"})


def is_code(name: str) -> bool:
    """Whether a member of this name is imported or run where its archive is used."""
    return name.lower().endswith(_CODE)


def refuse(names: Iterable[str]) -> None:
    """Raises `Refused` where the members are those of a program of torch, or where torch, which
    tells no case apart, would find other members than we do."""
    for name in names:
        low = name.lower()
        steps = low.split("/")
        if steps[-1] == "data.pkl" and not name.endswith("data.pkl"):
            raise malformed(f"the member {name[:80]!r} is found by torch under another name")
        if steps[1:2] == ["code"] and len(steps) > 2:
            raise Refused("code-inside", "it holds code (TorchScript), not weights")
        if steps[-2:] == [".data", "extern_modules"]:
            raise Refused("code-inside", "it holds code (torch.package), not weights")
        if steps[-1] in _EXPORTED or "aotinductor" in steps:
            raise Refused("code-inside", "it holds a program (torch.export), not weights")
