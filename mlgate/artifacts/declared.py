"""Code and files that the JSON beside weights declares: `auto_map`, layers of code, shards.

Sources: transformers `dynamic_module_utils.py` and `modeling_utils.py`, diffusers
`pipeline_loading_utils.py`, sentence-transformers `SentenceTransformer.py`, Keras
`saving/serialization_lib.py` (and CVE-2024-3660, CVE-2025-1550, -8747, -12058, -49655).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.artifacts.names import UNKNOWN
from mlgate.artifacts.outcome import Problem
from mlgate.artifacts.trees import holds_more

if TYPE_CHECKING:
    from mlgate.artifacts.outcome import Scan

_CODE = "code-inside"
_REMOTE = ("auto_map", "custom_pipelines")
_LAMBDAS = frozenset({"Lambda", "__lambda__"})
_LOADERS = frozenset({"FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"})
"""Layers of Keras that load what another framework pickled, or saved as a program."""
_SENTENCES = "sentence_transformers"
_KERAS = frozenset({"keras", "keras_hub", "keras_nlp", "keras_cv", "tf_keras"})
_FUNCTIONS = ("activations", "initializers", "losses", "metrics", "ops", "regularizers")
"""The modules of Keras whose functions compute and do nothing else."""


def check(model: Any, scan: Scan, where: str = "") -> None:
    """State every piece of code that loading by this description would run."""
    nodes = [model]
    while nodes:
        node = nodes.pop()
        if isinstance(node, list) and holds_more(node):
            nodes.extend(node)
        elif isinstance(node, dict):
            _remote(node, scan, where)
            _shards(node, scan, where)
            _module(node, scan, where)
            _keras(node, scan, where)
            nodes.extend(node.values())


def _remote(node: dict[str, Any], scan: Scan, where: str) -> None:
    for key in _REMOTE:
        if node.get(key):
            message = f"its {key} has loaders that trust remote code run {str(node[key])[:120]}"
            scan.state(Problem(_CODE, message, where))
    if isinstance(node.get("_class_name"), list):
        scan.state(Problem(_CODE, "its pipeline is made by a module that lies beside it", where))


def _shards(node: dict[str, Any], scan: Scan, where: str) -> None:
    """Which file holds which tensor: all of them beside this one."""
    shards = node.get("weight_map")
    for file in sorted(set(map(str, shards.values()))) if isinstance(shards, dict) else ():
        if file in ("", ".", "..") or not {"/", "\\", ":", "\0"}.isdisjoint(file):
            message = f"its tensors lie in {file[:80]!r}, outside its folder"
            scan.state(Problem("external-data", message, where))


def _module(node: dict[str, Any], scan: Scan, where: str) -> None:
    """A module of sentence-transformers: its type is imported and made."""
    kind = node.get("type")
    if {"idx", "path", "type"} <= node.keys() and isinstance(kind, str):
        module, _, name = kind.rpartition(".")
        full = f"{module}:{name}"[:120]
        if module.partition(".")[0] != _SENTENCES and full not in scan.allow:
            scan.state(Problem(UNKNOWN, _unknown(full), where, full))


def _unknown(full: str) -> str:
    return f"loading it asks for {full}, which is not known to be harmless"


def _keras(node: dict[str, Any], scan: Scan, where: str) -> None:
    """One serialised object: a class or function of some module, with its configuration."""
    made, module = node.get("class_name"), node.get("module")
    if not isinstance(made, str):
        return
    if made in _LAMBDAS:
        scan.state(Problem(_CODE, "a Lambda layer of it holds Python bytecode", where))
    elif made in _LOADERS:
        scan.state(Problem(_CODE, f"its layer {made} loads a program of another framework", where))
    elif isinstance(module, str):
        name = str(node.get("config")) if made == "function" else made
        package, *rest = module.split(".")
        rest = rest[1:] if rest[:1] == ["src"] else rest
        known = package in _KERAS and (_is_class(made) or (bool(rest) and rest[0] in _FUNCTIONS))
        full = f"{module}:{name}"[:120]
        if not known and module != "builtins" and full not in scan.allow:
            scan.state(Problem(UNKNOWN, _unknown(full), where, full))
    config = node.get("config")
    if isinstance(config, dict) and isinstance(config.get("vocabulary"), str):
        message = f"a layer of it reads {config['vocabulary'][:80]!r} when it is loaded"
        scan.state(Problem("external-data", message, where))


def _is_class(made: str) -> bool:
    """A class by its name; what Keras finds under another one it may call."""
    return made[:1].isupper()
