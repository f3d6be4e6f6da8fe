"""Code that an MLflow model's description, `MLmodel`, has its loader import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.artifacts.outcome import Problem
from mlgate.repo import safe_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 4 << 20
_PATHS = ("code", "model_code_path")
"""The folder that is put before all others to import from, and the script that makes the model."""
_MODULES = {"loader_module": ("mlflow",), "keras_module": ("keras", "tensorflow", "tf_keras")}
"""Keys whose value is imported, and the packages that do no more than load."""


def describes(name: str) -> bool:
    """Whether MLflow would read a file of this name; some file systems tell no case apart."""
    return name.rpartition("/")[2].lower() == "mlmodel"


def problems(content: bytes) -> Iterator[Problem]:
    """Every flavor's code, and every loader that is not MLflow's own."""
    try:
        model = safe_yaml.load(content, largest=_LARGEST)
    except safe_yaml.Unreadable as unreadable:
        yield Problem("malformed", f"it is no description of a model: {unreadable}")
        return
    flavors = model.get("flavors") if isinstance(model, dict) else None
    for flavor, terms in flavors.items() if isinstance(flavors, dict) else ():
        if isinstance(terms, dict):
            yield from _of_flavor(str(flavor)[:40], terms)


def _of_flavor(flavor: str, terms: dict[Any, Any]) -> Iterator[Problem]:
    for key in _PATHS:
        if terms.get(key):
            yield _code(f"loading it imports what lies at {str(terms[key])[:120]}", flavor, key)
    for key, packages in _MODULES.items():
        module = terms.get(key)
        if module is not None and str(module).partition(".")[0] not in packages:
            message = f"loading it imports {str(module)[:120]}, which is not {packages[0]}'s own"
            yield _code(message, flavor, key)


def _code(message: str, flavor: str, key: str) -> Problem:
    return Problem("code-inside", f"{message} (flavors.{flavor}.{key})")
