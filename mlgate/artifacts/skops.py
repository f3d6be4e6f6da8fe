"""skops: a zip of a JSON schema, which names every type that loading makes, and arrays.

Format: `skops/io/_persist.py` and the nodes of `skops/io/_general.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.artifacts.boosters import strict_json
from mlgate.artifacts.names import Names
from mlgate.artifacts.outcome import Problem, malformed

if TYPE_CHECKING:
    from mlgate.artifacts.feed import Feed
    from mlgate.artifacts.outcome import Scan

_LARGEST = 256 << 20
_OWN = """
builtins:NoneType builtins:function builtins:method builtins:slice builtins:str builtins:type
builtins:builtin_function_or_method builtins:bool builtins:bytearray collections:OrderedDict
numpy:ndarray numpy:ufunc numpy.random.mtrand:RandomState types:FunctionType
""".split()  # noqa: SIM905
"""What skops itself writes for its own nodes; the names inside are looked at."""


def check(feed: Feed, members: set[str], scan: Scan, where: str) -> None:
    """State every type and function that is not known. Raises `Refused` where it is damaged."""
    scan.recognised("skops")
    raw = feed.peek(_LARGEST + 1)
    schema = strict_json(raw)
    if len(raw) > _LARGEST or not isinstance(schema, dict) or "__loader__" not in schema:
        raise malformed("its skops schema is none")
    names = Names(scan.allow)
    nodes: list[Any] = [schema]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            _node(node, names, members, scan, where)
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)


def _node(node: dict[str, Any], names: Names, members: set[str], scan: Scan, where: str) -> None:
    module, name, file = node.get("__module__"), node.get("__class__"), node.get("file")
    if node.get("__loader__") in ("FunctionNode", "TypeNode") and isinstance(
        node.get("content"), dict
    ):
        named = node["content"]
        module, name = named.get("module_path", module), named.get("function", name)
    if file is not None and "__loader__" in node and file not in members:
        raise malformed(f"its schema names a member {str(file)[:80]!r} that is not there")
    if module is None and name is None:
        return
    if not isinstance(module, str) or not isinstance(name, str):
        raise malformed("a type in its skops schema has no name")
    if f"{module}:{name}" in _OWN:
        return
    found, problem = names.find(module, name, 4)
    if problem is not None:
        scan.state(Problem(*problem, where=where, name=found.full))
