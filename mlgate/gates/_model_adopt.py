"""What speaks for a `model` gate in a repository: metric files and tables of predictions."""

from __future__ import annotations

import math
import os
import posixpath
import re
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.errors import GateError
from mlgate.core.gate import Detected
from mlgate.core.patterns import later
from mlgate.core.text import shown
from mlgate.gates import _model_adopt_columns as of_columns
from mlgate.tables._separator import of_line

if TYPE_CHECKING:
    from mlgate.core.gate import Context

_METRICS = later(
    r"(^|/)((metrics?|scores?|evaluation|eval)([-_.][\w-]+)?|(all|test|predict)_results"
    r"|classification_report)\.(json|ya?ml|toml)$"
)
_NO_QUALITY = later(
    r"(^|[._])(epochs?|steps?|seed|support|n|num|count|size|version|time|timestamp|duration"
    r"|runtime|samples|flos|(samples|steps)_per_second|threshold|t[pn]|f[pn])$",
    re.IGNORECASE,
)
"""Names of numbers that say nothing of how good a model is."""
_PREDICTIONS = later(r"(^|/)[\w.-]*pred(iction)?s?[\w.-]*\.(csv|tsv|jsonl|parquet)$", re.IGNORECASE)
_CONFIGS = later(r"(^|/)(\.?config|configs|conf|confs)/")
_LONGEST = 4096
"""Bytes of a first line."""
_MUCH = 1 << 20
"""Bytes in which labels are looked for."""


def detected(ctx: Context) -> Detected | None:
    """Nothing active: lines for `init` to write commented out."""
    files = [path for path in ctx.files if ctx.subject.files[path].is_file]
    predictions = next((path for path in files if _PREDICTIONS.search(path)), None)
    if predictions:
        path, lines = predictions, _for_predictions(ctx, predictions)
    elif metrics := _metrics(ctx, files):
        path, lines = metrics[0], _for_metrics(*metrics)
    elif declared := _declared(ctx, files):
        path = declared[0]
        lines = _for_metrics(path, "accuracy", f"as {shown(path)} calls it: dvc pull {shown(path)}")
    else:
        return None
    evidence = f"{path}; set what may be lost, then remove the marks"
    return Detected(evidence=evidence, comments=tuple(lines), active=False)


def _for_predictions(ctx: Context, path: str) -> list[str]:
    raw = _text(ctx, path)
    head = _head(raw, path)
    columns = f"  # it has: {', '.join(head[:12])}" if head else ""
    identity = of_columns.named(head, ("id", "row_id", "uuid"))
    label = of_columns.named(head, of_columns.LABELS)
    task, answers = of_columns.said(head, _labels(raw, path, label) if label in head else set())
    beside = "" if label in head or not head else "  # or, by id, of another table: labels = FILE"
    by_row = "id = { row = true }  # or the column that tells the rows apart"
    return [
        'kind = "model"',
        f'predictions = "{path}"{columns}',
        by_row if head and identity not in head else f'id = "{identity}"',
        f'label = "{label}"{beside}',
        *answers,
        *_required(raw, path, task),
    ]


def _text(ctx: Context, path: str) -> bytes:
    """The bytes of a text file, read once; none of Parquet, nor where they cannot be read."""
    try:
        return b"" if path.endswith(".parquet") else ctx.subject.read(path)
    except GateError:
        return b""


def _separator(raw: bytes, path: str) -> str:
    return "\t" if path.endswith(".tsv") else of_line(raw[:_LONGEST].partition(b"\n")[0])


def _labels(raw: bytes, path: str, label: str) -> set[str]:
    """The labels in the first rows of a text file."""
    if not path.endswith((".csv", ".tsv")):
        return set()
    text = raw[:_MUCH].decode("utf-8-sig", "replace")
    return of_columns.labels(text, _separator(raw, path), label)


def _required(raw: bytes, path: str, task: str) -> list[str]:
    """A rule with a margin that the rows of the file can decide, if one answer in twenty
    changes."""
    from mlgate.stats.sizes import smallest_effect

    if task == "regression":
        return ['require = [{ metric = "mean_absolute_error", max_drop_relative = 0.05 }]']
    rows = _rows(raw, path)
    if rows is None:
        return ['require = [{ metric = "accuracy", max_drop = 0.01 }]']
    least = smallest_effect(0.05, rows)
    margin = next((nice for nice in (0.005, 0.01, 0.02, 0.05, 0.1) if nice >= least), 0.2)
    return [
        f"# what {rows:,} rows can decide, if one answer in twenty changes: mlgate model plan",
        f'require = [{{ metric = "accuracy", max_drop = {margin} }}]',
    ]


def _head(raw: bytes, path: str) -> list[str]:
    """The names of the columns, where the first line tells them."""
    line = raw[:_LONGEST].partition(b"\n")[0].decode("utf-8-sig", "replace")
    if not line:
        return []
    if path.endswith(".jsonl"):
        try:
            return list(msgspec.json.decode(line, type=dict[str, Any]))
        except (msgspec.MsgspecError, RecursionError):
            return []
    mark = _separator(raw, path)
    return [name.strip().strip('"') for name in line.strip("\r\n").split(mark)]


def _rows(raw: bytes, path: str) -> int | None:
    """How many rows a file of lines has; None where nothing was read."""
    return max(raw.count(b"\n") - (not path.endswith(".jsonl")), 1) if raw else None


def _metrics(ctx: Context, files: list[str]) -> tuple[str, str] | None:
    """The first file of metrics that holds a number, and what it calls that: what dvc.yaml names,
    also where git ignores it, then what is called like one."""
    called = [path for path in files if _METRICS.search(path) and not _CONFIGS.search(path)]
    for path in dict.fromkeys([*_declared(ctx, files), *called]):
        name = _first_number(ctx, path)
        if name is not None:
            return path, name
    return None


def _declared(ctx: Context, files: list[str]) -> list[str]:
    """The metrics that files called dvc.yaml name, at their top or in a stage."""
    from mlgate.repo import safe_yaml

    found: list[str] = []
    for path in files:
        if posixpath.basename(path) != "dvc.yaml":
            continue
        try:
            document = safe_yaml.load(ctx.subject.read(path))
        except (GateError, safe_yaml.Unreadable):
            continue
        stages = document.get("stages") if isinstance(document, dict) else None
        parts = [document, *(stages.values() if isinstance(stages, dict) else ())]
        for part in parts:
            if isinstance(part, dict) and isinstance(part.get("metrics"), list):
                folder = posixpath.join(posixpath.dirname(path), str(part.get("wdir") or ""))
                named = [next(iter(one), "") if isinstance(one, dict) else one
                         for one in part["metrics"]]  # fmt: skip
                found += [posixpath.normpath(posixpath.join(folder, str(one))) for one in named]
    return [one for one in found if "${" not in one and not one.startswith((".", "/"))]


def _first_number(ctx: Context, path: str) -> str | None:
    from mlgate.gates import _model_numbers
    from mlgate.gates._model_place import Place

    try:
        entry = ctx.subject.files.get(path)
        root = ctx.subject.root((path,)) if entry and entry.is_file else ctx.work
        file = os.path.join(os.fspath(root), path)
        if not os.path.isfile(file):
            return None
        place = Place(path=path, file=file, suffix=os.path.splitext(path)[1], identity="")
        found = _model_numbers.numbers(place)
    except GateError:
        return None
    finite = (name for name, value in found.items() if math.isfinite(value))
    return next((name for name in finite if not _NO_QUALITY.search(name)), None)


def _for_metrics(path: str, name: str, note: str = "n = ROWS gives it an interval") -> list[str]:
    from mlgate.gates._model_rule import reads_as_loss

    value = f'value = "{name}"' + (', better = "lower"' if reads_as_loss(name) else "")
    return [
        'kind = "model"',
        f'metrics = "{path}"',
        f"require = [{{ {value}, max_drop = 0.01 }}]  # {note}",
    ]
