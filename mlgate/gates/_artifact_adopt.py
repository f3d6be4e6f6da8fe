"""What speaks for an `artifact` gate in a repository: model files in git, or known to DVC."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mlgate.core.gate import Detected
from mlgate.core.patterns import later
from mlgate.core.text import counted, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlgate.core.gate import Context

_MODELS = later(r"\.(pkl|pickle|sav|joblib|skops|pt|pth|ckpt|onnx|safetensors|keras)$")
_SAMPLES = later(r"(^|/)(tests?|testing|test_?data|fixtures)/")
_PICKLED = later(r"\.(pkl|pickle|sav|joblib)$")
_TABLES = later(
    r"(^|/)[xy]_?(train|test|val|valid|validation|dev)\.\w+$"
    r"|(^|/)data(sets?)?/(.*/)?(train|test|val|valid|validation|dev)([-_](data(set)?|set|df|[xy]))?\.\w+$",
    re.IGNORECASE,
)
"""Rows for a model, pickled."""


def detected(ctx: Context) -> Detected | None:
    """Those in git as a suggestion, as they are here; of DVC's the policy lines, commented out.

    Raises `GateError` where a pointer cannot be read.
    """
    in_git = [path for path in ctx.files if ctx.subject.files[path].is_file and _is_model(path)]
    if in_git:
        path = _pattern(in_git)
        evidence = f"suggested: {counted(len(in_git), 'model file')}, as {shown(in_git[0])}"
        return Detected(evidence=evidence, options={"path": path}, blocking=False)
    by_dvc = _by_dvc(ctx)
    if by_dvc:
        lines = ('kind = "artifact"', f'path = "{shown(_pattern(by_dvc))}"')
        evidence = f"{shown(by_dvc[0])}; asks for the file: dvc pull {shown(by_dvc[0])}"
        return Detected(evidence=evidence, comments=lines, active=False)
    return None


def _is_model(path: str) -> bool:
    if _MODELS.search(path) is None or _SAMPLES.search(path) is not None:
        return False
    return _PICKLED.search(path) is None or _TABLES.search(path) is None


def _by_dvc(ctx: Context) -> list[str]:
    from mlgate.sources._dvc.named import owners

    return sorted(one.out.path for one in owners(ctx.subject, "") if _is_model(one.out.path))


def _pattern(paths: Sequence[str]) -> str:
    """The only file, or a pattern for the commonest ending below the folder that all share."""
    if len(paths) == 1:
        return paths[0]
    endings = [os.path.splitext(path)[1] for path in paths]
    most = max(sorted(set(endings)), key=endings.count)
    top = os.path.commonpath([os.path.dirname(path) or "." for path in paths])
    return "/".join([*([top] if top not in ("", ".") else []), "**", f"*{most}"])
