"""Which files besides the policy's own decide what its gates accept."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mlgate.core import parts
from mlgate.core.errors import UsageError
from mlgate.policy import tool_config

if TYPE_CHECKING:
    from msgspec import Struct

    from mlgate.policy.model import GatePolicy
    from mlgate.runner.policies import Resolved

_TESTS = frozenset(
    {"pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", ".coveragerc"}
)
_BASELINE = ".secrets.baseline"


class Watch(NamedTuple):
    """Files that decide about one gate."""

    gate: str
    names: frozenset[str] = frozenset()
    """Names of a tool's configuration files."""
    sections: tuple[str, ...] = ()
    """The tool's sections, where a file is shared by many."""
    folders: frozenset[str] | None = frozenset()
    """Where files of these names count; None: everywhere."""
    paths: frozenset[str] = frozenset()
    """Files, and folders with all below them, that the policy names."""
    remark: str | None = None
    """Why a change of them needs no approval; None: it needs one."""

    def concerns(self, path: str) -> bool:
        """True if the file at `path` is one of them."""
        folder, _, name = path.rpartition("/")
        if name in self.names and (self.folders is None or folder in self.folders):
            return True
        return path in self.paths or any(path.startswith(f"{one}/") for one in self.paths)


def watches(resolved: Resolved, options: Mapping[str, Struct]) -> Iterator[Watch]:
    """What is to be watched for the gates of a policy."""
    for gate in resolved.policy.gates:
        project = resolved.homes.get(gate.name, ("", resolved.policy))[0]
        yield from _of_gate(gate, options[gate.name], project)


def _of_gate(gate: GatePolicy, options: Any, project: str) -> Iterator[Watch]:
    above = frozenset(_upwards(project))
    if gate.kind == "tests":
        yield Watch(gate.name, _TESTS, ("pytest", "tool:pytest", "coverage"), above)
    elif gate.kind == "secrets":
        yield Watch(gate.name, paths=_below(project, [options.baseline or _BASELINE]))
    elif gate.kind == "command":
        yield Watch(gate.name, paths=_below(project, options.run))
    elif gate.kind == "dependencies" and options.database:
        remark = "advisories were altered: the base's are asked, too"
        yield Watch(gate.name, paths=_below(project, [options.database]), remark=remark)
    module = _tool(options)
    if hasattr(module, "configs"):
        args = getattr(options, "args", ())
        named = tool_config.named_by(args, getattr(module, "config_options", ()))
        folders = None if getattr(module, "nested", False) else above
        names = frozenset(module.configs)
        yield Watch(gate.name, names, module.sections, folders, _below(project, named))


def _tool(options: Any) -> Any:
    name = getattr(options, "tool", None)
    try:
        return parts.load("tools", name) if isinstance(name, str) else None
    except UsageError:
        return None


def _below(project: str, names: Iterable[str]) -> frozenset[str]:
    """`names` as paths of the repository; what leads out of it is none."""
    found = {posixpath.normpath(posixpath.join(project, name)) for name in names if name}
    return frozenset(path for path in found if not path.startswith(("/", "..")) and path != ".")


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder
