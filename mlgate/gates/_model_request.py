"""What the worker is asked: where the tables lie, which columns mean what, which metrics."""

from __future__ import annotations

from typing import Any

import msgspec

from mlgate.gates._model_metrics import is_custom, metric_named, named_by
from mlgate.gates._model_options import Options
from mlgate.gates._model_place import Place
from mlgate.gates._model_rule import Rule
from mlgate.gates._model_terms import ByRow, Ranges, Slicing
from mlgate.tables.columns import EMBEDDED, Engine


def request(
    options: Options,
    new: Place,
    old: Place | None,
    labels: Place | None,
    home: str = "",
    engine: Engine = EMBEDDED,
) -> dict[str, Any]:
    """One request, as plain values."""
    task = options.the_task

    def of(place: Place, role: str) -> dict[str, Any]:
        return _place(place, options, role) | {"engine": msgspec.to_builtins(engine)}

    return {
        "task": task,
        "candidate": of(new, "candidate"),
        "baseline": of(old, "baseline") if old else None,
        "labels": of(labels, "labels") if labels else None,
        "columns": _columns(options, task),
        "classes": _classes(options),
        "positive": options.positive,
        "threshold": 0.5 if options.threshold is None else options.threshold,
        "probabilities": _needs_probabilities(options),
        "slices": [_slicing(one) for one in options.slices],
        "min_rows": options.min_rows,
        "invalid": None if options.invalid is None else msgspec.to_builtins(options.invalid),
        "bootstrap": None if options.bootstrap is None else msgspec.to_builtins(options.bootstrap),
        "measures": [_measure(rule, options) | {"home": home} for rule in options.require],
    }


def _place(place: Place, options: Options, role: str) -> dict[str, Any]:
    return {
        "path": place.path,
        "files": list(place.files),
        "names": list(place.names),
        "partitioned": place.partitioned,
        "suffix": place.suffix,
        "records": options.records,
        "lists": options.the_task == "multilabel",
        "mixed": options.invalid is not None,
        "role": role,
    }


def _columns(options: Options, task: str) -> dict[str, Any]:
    ids: Any = [] if options.id is None or isinstance(options.id, ByRow) else options.id
    values = [_column(rule, options) for rule in options.require] if task == "score" else []
    return {
        "id": [ids] if isinstance(ids, str) else list(ids),
        "label": None if task == "score" else options.label,
        "prediction": None if task == "score" else options.prediction,
        "scores": [] if task == "score" else scores(options),
        "values": list(dict.fromkeys(values)),
        "cluster": options.cluster,
        "weight": options.weight,
        "query": options.query,
    }


def scores(options: Options) -> list[str]:
    """The score columns that a rule needs, in the order of the classes."""
    if options.score is None:
        return []
    needed = options.prediction is None or any(
        metric_named(rule.metric or "").needs in ("score", "probability")
        or is_custom(rule.metric or "")
        for rule in options.require
    )
    if not needed:
        return []
    if isinstance(options.score, str):
        return [options.score]
    if isinstance(options.score, dict) and options.the_task == "binary":
        return [options.score[str(options.positive_class)]]
    if isinstance(options.score, dict):
        return [options.score[str(name)] for name in _classes(options)]
    return list(options.score)


def _classes(options: Options) -> list[str | int]:
    if options.classes:
        return list(options.classes)
    if isinstance(options.score, dict):
        named = list(options.score)
        if all(name.lstrip("-").isdigit() for name in named):
            return sorted(int(name) for name in named)
        return sorted(named)
    return []


def _needs_probabilities(options: Options) -> bool:
    """Whether a metric takes scores for probabilities, or cutting them at one half does."""
    needs = {metric_named(rule.metric or "").needs for rule in options.require}
    cut = options.prediction is None and options.threshold is None and options.the_task == "binary"
    return "probability" in needs or (cut and "prediction" in needs)


def _column(rule: Rule, options: Options) -> str:
    return rule.column or (options.score if isinstance(options.score, str) else "")


def _slicing(one: Slicing) -> list[dict[str, Any]]:
    """The columns that are crossed."""
    if isinstance(one, Ranges):
        first = {"column": one.column, "ranges": sorted(one.ranges)}
        return [first, *({"column": name, "ranges": None} for name in one.by)]
    names = (one,) if isinstance(one, str) else one
    return [{"column": name, "ranges": None} for name in names]


def better(rule: Rule) -> int:
    """1 where higher is better, else -1."""
    if rule.better is not None:
        return 1 if rule.better == "higher" else -1
    named = rule.metric or named_by(rule.value or "")
    return -1 if named and metric_named(named).lower_is_better else 1


def average(rule: Rule, options: Options) -> str:
    """How classes are put together."""
    if rule.average is not None:
        return rule.average
    if rule.metric == "jaccard":
        return "samples"
    return "binary" if options.the_task == "binary" else "macro"


def _measure(rule: Rule, options: Options) -> dict[str, Any]:
    relative = rule.max_drop_relative
    return {
        "metric": rule.metric,
        "average": average(rule, options),
        "of_class": rule.of_class,
        "k": rule.k,
        "quantile": 0.5 if rule.quantile is None else rule.quantile,
        "bins": rule.bins,
        "column": _column(rule, options),
        "filter": rule.filter,
        "groups": [] if rule.groups is None else _slicing(rule.groups),
        "floors": rule.floors != (),
        "relative": None if relative is None else 1 - better(rule) * relative,
    }


def name(rule: Rule) -> str:
    """The metric in words."""
    if rule.value is not None:
        return rule.value
    parts = [rule.metric or ""]
    if rule.average is not None and rule.average != "binary":
        parts.append(rule.average)
    if rule.of_class is not None:
        parts.append(f"of {rule.of_class}")
    if rule.column is not None:
        parts.append(f"of {rule.column}")
    if rule.filter is not None:
        parts.append(f"({rule.filter.strip()})")
    if rule.metric == "quantile":
        parts.append(f"({rule.quantile:g})")
    return " ".join(parts)
