"""What speaks for a `model` gate in a repository: metric files and tables of predictions."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.gate import Detected
from mlgate.core.patterns import later

if TYPE_CHECKING:
    from mlgate.core.gate import Context

_METRICS = later(r"(^|/)(metrics?|scores?|evaluation|eval)([-_.][\w-]+)?\.(json|ya?ml|toml)$")
_PREDICTIONS = later(r"(^|/)[\w.-]*pred(iction)?s?[\w.-]*\.(csv|tsv|jsonl|parquet)$", re.IGNORECASE)
_LARGEST = 1 << 20


def detected(ctx: Context) -> Detected | None:
    """Nothing active: lines for `init` to write commented out."""
    files = [path for path in ctx.files if ctx.subject.files[path].is_file]
    predictions = next((path for path in files if _PREDICTIONS.search(path)), None)
    metrics = next((path for path in files if _METRICS.search(path)), None)
    if predictions:
        lines = _for_predictions(ctx, predictions)
    elif metrics:
        lines = _for_metrics(ctx, metrics)
    else:
        return None
    evidence = f"{predictions or metrics}; set what may be lost, then remove the marks"
    return Detected(evidence=evidence, comments=tuple(lines), active=False)


def _for_predictions(ctx: Context, path: str) -> list[str]:
    head = _head(ctx, path)
    columns = f"  # it has: {', '.join(head[:12])}" if head else ""
    identity = _named(head, ("id", "row_id", "uuid"))
    label = _named(head, ("label", "target", "y", "y_true"))
    prediction = _named(head, ("prediction", "pred", "y_pred", "predicted"))
    return [
        'kind = "model"',
        f'predictions = "{path}"{columns}',
        f'id = "{identity}"',
        f'label = "{label}"',
        f'prediction = "{prediction}"',
        f'require = [{{ metric = "accuracy", max_drop = {_decidable(ctx, path)} }}]',
    ]


def _named(head: list[str], usual: tuple[str, ...]) -> str:
    """The column that bears one of the usual names, else the first of them."""
    return next((one for one in head if one.lower() in usual), usual[0])


def _head(ctx: Context, path: str) -> list[str]:
    if not path.endswith(".csv"):
        return []
    try:
        line = ctx.subject.read(path)[:4096].split(b"\n", 1)[0].decode("utf-8-sig", "replace")
    except GateError:
        return []
    return [name.strip().strip('"') for name in line.strip().split(",")]


def _decidable(ctx: Context, path: str) -> float:
    """A margin that the rows of the file can decide, if one answer in twenty changes."""
    from mlgate.stats.sizes import smallest_effect

    if not path.endswith((".csv", ".jsonl")):
        return 0.01
    try:
        rows = max(ctx.subject.read(path).count(b"\n") - path.endswith(".csv"), 1)
    except GateError:
        return 0.01
    margin = smallest_effect(0.05, rows)
    return next((nice for nice in (0.005, 0.01, 0.02, 0.05, 0.1) if nice >= margin), 0.2)


def _for_metrics(ctx: Context, path: str) -> list[str]:
    from mlgate.gates import _model_numbers
    from mlgate.gates._model_where import Place

    name = "accuracy"
    try:
        file = os.path.join(os.fspath(ctx.subject.root((path,))), path)
        suffix = os.path.splitext(path)[1]
        place = Place(path=path, file=file, suffix=suffix, identity="")
        found = _model_numbers.numbers(place)
        name = next(iter(found), name)
    except GateError:
        pass
    return [
        'kind = "model"',
        f'metrics = "{path}"',
        f'require = [{{ value = "{name}", max_drop = 0.01 }}]  # n = ROWS gives it an interval',
    ]
