"""Code that the JSON beside weights declares: Hugging Face's `auto_map`, Keras' layers of code.

Sources: transformers `dynamic_module_utils.py`, Keras `saving/serialization_lib.py` (and
CVE-2024-3660, CVE-2025-1550, CVE-2025-8747).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.artifacts.names import UNKNOWN
from mlgate.artifacts.outcome import Problem

if TYPE_CHECKING:
    from mlgate.artifacts.outcome import Scan

_CODE = "code-inside"
_REMOTE = ("auto_map", "custom_pipelines")
_LAMBDAS = frozenset({"Lambda", "__lambda__"})
_KERAS = frozenset({"keras", "keras_hub", "keras_nlp", "keras_cv", "tf_keras"})
_FUNCTIONS = ("activations", "initializers", "losses", "metrics", "ops", "regularizers")
"""The modules of Keras whose functions compute and do nothing else."""


def check(model: Any, scan: Scan, where: str = "") -> None:
    """State every piece of code that loading by this description would run."""
    nodes = [model]
    while nodes:
        node = nodes.pop()
        if isinstance(node, list):
            nodes.extend(node)
        elif isinstance(node, dict):
            _remote(node, scan, where)
            _keras(node, scan, where)
            nodes.extend(node.values())


def _remote(node: dict[str, Any], scan: Scan, where: str) -> None:
    for key in _REMOTE:
        if node.get(key):
            message = f"its {key} has loaders that trust remote code run {str(node[key])[:120]}"
            scan.state(Problem(_CODE, message, where))


def _keras(node: dict[str, Any], scan: Scan, where: str) -> None:
    """One serialised object: a class or function of some module, with its configuration."""
    made, module = node.get("class_name"), node.get("module")
    if not isinstance(made, str):
        return
    if made in _LAMBDAS:
        scan.state(Problem(_CODE, "a Lambda layer of it holds Python bytecode", where))
    elif isinstance(module, str):
        name = str(node.get("config")) if made == "function" else made
        package, *rest = module.split(".")
        rest = rest[1:] if rest[:1] == ["src"] else rest
        known = package in _KERAS and (made != "function" or (rest[:1] and rest[0] in _FUNCTIONS))
        full = f"{module}:{name}"[:120]
        if not known and module != "builtins" and full not in scan.allow:
            message = f"loading it asks for {full}, which is not known to be harmless"
            scan.state(Problem(UNKNOWN, message, where, full))
