"""skops: a zip of a JSON schema, which names every type that loading makes, and arrays.

Format: the nodes of `skops/io/_general.py`, `_numpy.py`, `_scipy.py` and `_sklearn.py`, and of
older versions in `skops/io/old/`. A name is judged as the loader of its node uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.artifacts import guards
from mlgate.artifacts.boosters import strict_json
from mlgate.artifacts.names import Names
from mlgate.artifacts.outcome import SKLEARN, Problem, malformed

if TYPE_CHECKING:
    from mlgate.artifacts.feed import Feed
    from mlgate.artifacts.outcome import Scan

_LARGEST = 256 << 20
_REFERS = frozenset({"FunctionNode", "TypeNode"})
"""Loaders that make a name available and do not call it."""
_CALLS = frozenset("""
    ConstructorFromReduceNode DTypeNode DictNode ListNode LossNode MaskedArrayNode NdArrayNode
    ObjectNode OperatorFuncNode PartialNode QuantileForestNode RandomGeneratorNode RandomStateNode
    SetNode SparseMatrixNode TreeNode TupleNode MethodNode
    """.split())  # noqa: SIM905
_FIXED = frozenset("""
    BytearrayNode BytesNode CachedNode DefaultDictNode JsonNode SliceNode
    """.split())  # noqa: SIM905
"""Loaders that make one and the same type, whatever the node calls it."""
_OWN = {
    "DictNode": {"builtins:dict", "collections:Counter", "collections:OrderedDict"},
    "ListNode": {"builtins:list", "collections:deque"},
    "SetNode": {"builtins:frozenset", "builtins:set"},
    "TupleNode": {"builtins:tuple"},
    "NdArrayNode": {"numpy:ndarray"},
    "MaskedArrayNode": {"numpy.ma:MaskedArray", "numpy.ma.core:MaskedArray"},
    "RandomStateNode": {"numpy.random.mtrand:RandomState", "numpy.random:RandomState"},
    "RandomGeneratorNode": {"numpy.random._generator:Generator", "numpy.random:Generator"},
    "TypeNode": {"builtins:type", "builtins:slice", "builtins:bytearray"},
}
"""What a loader itself makes, beyond the names that a pickle may have."""
_GENERATORS = frozenset({"MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"})


def check(feed: Feed, members: set[str], scan: Scan, where: str) -> None:
    """State every type and function that is not known. Raises `Refused` where it is damaged."""
    scan.recognised("skops")
    raw = feed.peek(_LARGEST + 1)
    schema = strict_json(raw, scan)
    if len(raw) > _LARGEST or not isinstance(schema, dict) or "__loader__" not in schema:
        raise malformed("its skops schema is none")
    reading = _Reading(members, scan, where)
    nodes: list[Any] = [schema]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            if isinstance(node.get("__loader__"), str):
                reading.node(node, node["__loader__"])
            if SKLEARN in node:
                scan.saved_by(_text(node[SKLEARN]))
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)


def _text(node: Any) -> Any:
    """What a node of a text holds, which is JSON once more."""
    content = node.get("content") if isinstance(node, dict) else None
    return content.strip('"') if isinstance(content, str) else None


class _Reading:
    """One schema, node by node."""

    def __init__(self, members: set[str], scan: Scan, where: str) -> None:
        self.members = members
        self.scan = scan
        self.where = where
        self.names = Names(scan.allow)

    def node(self, node: dict[str, Any], loader: str) -> None:
        """State what the node's loader would make that is not known."""
        if loader not in _REFERS | _CALLS | _FIXED:
            raise malformed(f"its schema names a loader {loader[:80]!r}, which skops has not")
        file = node.get("file")
        if file is not None and file not in self.members:
            raise malformed(f"its schema names a member {str(file)[:80]!r} that is not there")
        if loader in _FIXED:
            return
        module, name = node.get("__module__"), node.get("__class__")
        content = node.get("content")
        if loader == "OperatorFuncNode":
            module = "operator"  # whatever the node says
        elif loader == "RandomGeneratorNode":
            _generator(content)
        elif loader == "FunctionNode" and isinstance(content, dict):
            self._old_function(content, module, name)
            return
        self._name(loader, module, name)
        if loader == "MethodNode":
            method = content.get("func") if isinstance(content, dict) else None
            self._name(loader, module, f"{name}.{method}")

    def _old_function(self, content: dict[str, Any], module: Any, name: Any) -> None:
        """Older versions took the name from the content, newer ones do not look there."""
        self._name("FunctionNode", content.get("module_path"), content.get("function"))
        if f"{module}:{name}" not in ("builtins:function", "types:FunctionType", "numpy:ufunc"):
            self._name("FunctionNode", module, name)

    def _name(self, loader: str, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise malformed("a type in its skops schema has no name")
        if f"{module}:{name}" in _OWN.get(loader, ()):
            return
        found, problem = self.names.find(module, name, 4)
        if problem is not None:
            self.scan.state(Problem(*problem, where=self.where, name=found.full))
        elif loader in _CALLS and (not found.calls or _guarded(loader, found.full)):
            message = f"its skops schema calls {found.full}, as skops itself does not"
            self.scan.state(Problem("call", message, self.where))


def _guarded(loader: str, name: str) -> bool:
    """Whether the arguments of the call decide; those of an object are none, and those of other
    loaders are not known."""
    if loader == "ObjectNode":
        return guards.wrong(name, (), keywords=False) is not None
    return guards.guarded(name)


def _generator(content: Any) -> None:
    """Older versions call whatever has the generator's name in `numpy.random`."""
    import json

    try:
        told = content["bit_generator"]
        while told.get("__loader__") == "DictNode":
            told = told["content"]["bit_generator"]
        found = json.loads(told["content"]) if told["__loader__"] == "JsonNode" else None
    except (KeyError, TypeError, AttributeError, ValueError):
        found = None
    if not isinstance(found, str) or found not in _GENERATORS:
        raise malformed("its random generator has a name that numpy's have not")
