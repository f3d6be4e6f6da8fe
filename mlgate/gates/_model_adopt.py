"""What speaks for a `model` gate in a repository: metric files and tables of predictions."""

from __future__ import annotations

import math
import os
import re
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.errors import GateError
from mlgate.core.gate import Detected
from mlgate.core.patterns import later

if TYPE_CHECKING:
    from mlgate.core.gate import Context

_METRICS = later(r"(^|/)(metrics?|scores?|evaluation|eval)([-_.][\w-]+)?\.(json|ya?ml|toml)$")
_PREDICTIONS = later(r"(^|/)[\w.-]*pred(iction)?s?[\w.-]*\.(csv|tsv|jsonl|parquet)$", re.IGNORECASE)
_CONFIGS = later(r"(^|/)(\.?config|configs|conf|confs)/")
_LONGEST = 4096
"""Bytes of a first line."""


def detected(ctx: Context) -> Detected | None:
    """Nothing active: lines for `init` to write commented out."""
    files = [path for path in ctx.files if ctx.subject.files[path].is_file]
    predictions = next((path for path in files if _PREDICTIONS.search(path)), None)
    if predictions:
        path, lines = predictions, _for_predictions(ctx, predictions)
    elif metrics := _metrics(ctx, files):
        path, lines = metrics[0], _for_metrics(*metrics)
    else:
        return None
    evidence = f"{path}; set what may be lost, then remove the marks"
    return Detected(evidence=evidence, comments=tuple(lines), active=False)


def _for_predictions(ctx: Context, path: str) -> list[str]:
    head = _head(ctx, path)
    columns = f"  # it has: {', '.join(head[:12])}" if head else ""
    identity = _named(head, ("id", "row_id", "uuid"))
    label = _named(head, ("label", "target", "y", "y_true"))
    return [
        'kind = "model"',
        f'predictions = "{path}"{columns}',
        f'id = "{identity}"',
        f'label = "{label}"',
        _said(head),
        *_required(ctx, path),
    ]


def _said(head: list[str]) -> str:
    """The column of what the model says: of classes, else of probabilities."""
    classes = _named(head, ("prediction", "pred", "y_pred", "predicted"))
    score = _named(head, ("score", "probability", "prob", "proba", "y_score", "y_prob", "p"))
    if classes not in head and score in head:
        return f'score = "{score}"'
    return f'prediction = "{classes}"'


def _required(ctx: Context, path: str) -> list[str]:
    """A rule with a margin that the rows of the file can decide, if one answer in twenty
    changes."""
    from mlgate.stats.sizes import smallest_effect

    rows = _rows(ctx, path)
    if rows is None:
        return ['require = [{ metric = "accuracy", max_drop = 0.01 }]']
    least = smallest_effect(0.05, rows)
    margin = next((nice for nice in (0.005, 0.01, 0.02, 0.05, 0.1) if nice >= least), 0.2)
    return [
        f"# what {rows:,} rows can decide, if one answer in twenty changes: mlgate model plan",
        f'require = [{{ metric = "accuracy", max_drop = {margin} }}]',
    ]


def _named(head: list[str], usual: tuple[str, ...]) -> str:
    """The column that bears one of the usual names, else the first of them."""
    return next((one for one in head if one.lower() in usual), usual[0])


def _head(ctx: Context, path: str) -> list[str]:
    """The names of the columns, where the first line tells them."""
    if path.endswith(".parquet"):
        return []
    try:
        line = ctx.subject.read(path)[:_LONGEST].split(b"\n", 1)[0].decode("utf-8-sig", "replace")
    except GateError:
        return []
    if path.endswith(".jsonl"):
        try:
            return list(msgspec.json.decode(line, type=dict[str, Any]))
        except (msgspec.MsgspecError, RecursionError):
            return []
    delimiter = "\t" if path.endswith(".tsv") else ","
    return [name.strip().strip('"') for name in line.strip("\r\n").split(delimiter)]


def _rows(ctx: Context, path: str) -> int | None:
    """How many rows a file of lines has."""
    if path.endswith(".parquet"):
        return None
    try:
        return max(ctx.subject.read(path).count(b"\n") - (not path.endswith(".jsonl")), 1)
    except GateError:
        return None


def _metrics(ctx: Context, files: list[str]) -> tuple[str, str] | None:
    """The first file of metrics that holds a number, and what it calls that."""
    for path in files:
        if _METRICS.search(path) and not _CONFIGS.search(path):
            name = _first_number(ctx, path)
            if name is not None:
                return path, name
    return None


def _first_number(ctx: Context, path: str) -> str | None:
    from mlgate.gates import _model_numbers
    from mlgate.gates._model_place import Place

    try:
        file = os.path.join(os.fspath(ctx.subject.root((path,))), path)
        place = Place(path=path, file=file, suffix=os.path.splitext(path)[1], identity="")
        found = _model_numbers.numbers(place)
    except GateError:
        return None
    return next((name for name, value in found.items() if math.isfinite(value)), None)


def _for_metrics(path: str, name: str) -> list[str]:
    from mlgate.gates._model_rule import reads_as_loss

    value = f'value = "{name}"' + (', better = "lower"' if reads_as_loss(name) else "")
    return [
        'kind = "model"',
        f'metrics = "{path}"',
        f"require = [{{ {value}, max_drop = 0.01 }}]  # n = ROWS gives it an interval",
    ]
