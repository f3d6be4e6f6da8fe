"""Two models on the same rows, as tables for people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import msgspec

from mlgate.cli._table import table
from mlgate.core.errors import GateError, UsageError
from mlgate.core.text import counted, plain
from mlgate.gates import _model_judged
from mlgate.gates import _model_request as requests
from mlgate.gates._model_evidence import Measured, of_difference, too_few
from mlgate.gates._model_metrics import METRICS
from mlgate.gates._model_options import Options
from mlgate.gates._model_place import Place
from mlgate.gates._model_rule import Rule
from mlgate.gates._model_words import number
from mlgate.reporters._style import Style
from mlgate.stats.families import holm
from mlgate.stats.sparse import FEW

_ALPHA = 0.05
_WIDE = 106
_NARROW = 90
_USUAL = {
    "binary": ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "matthews_corrcoef"),
    "multiclass": ("accuracy", "balanced_accuracy", "f1", "matthews_corrcoef"),
    "multilabel": ("accuracy", "precision", "recall", "f1", "jaccard", "hamming_loss"),
    "regression": ("mean_absolute_error", "root_mean_squared_error", "r2"),
    "ranking": ("ndcg_at_k",),
    "score": ("mean",),
}
_OF_SCORES = ("roc_auc", "average_precision", "log_loss", "brier_score")
_HEAD = ("", "new", "old", "gain", "90% interval", "p of loss", "")


def lines(new: str, old: str, asked: dict[str, Any], style: Style) -> Iterator[str]:
    """What both come to, metric by metric, then the slices, worst first. Raises `UsageError`."""
    options = _options(asked, new)
    answers = _answers(options, new, old)
    measured = [
        msgspec.convert({k: v for k, v in one.items() if k != "kind"}, Measured)
        for one in answers
        if one["kind"] == "measure"
    ]
    rows = next(one for one in answers if one["kind"] == "rows")
    churn = "" if rows["churn"] is None else f", {rows['churn']:.1%} of the answers differ"
    yield style.paint(f"{counted(rows['n'], 'row')} in both{churn}", "bold")
    overall = [_row(one, options, None) for one in _whole(measured)]
    if style.width >= _NARROW:
        yield from table(overall, style, _HEAD)
    else:
        yield from table([one[:-1] for one in overall], style, _HEAD[:-1])
        yield from _spoken(overall, style)
    slices = [one for one in measured if one.slice is not None]
    if slices:
        yield ""
        yield from _slices(slices, options, style)
    small = [f"{one['slice']} ({one['n']})" for one in answers if one["kind"] == "small"]
    if small:
        yield from style.wrapped(f"too few rows: {', '.join(small)}", 0)


def _options(asked: dict[str, Any], new: str) -> Options:
    """The options of a gate that would ask the same."""
    task = asked["task"] or (None if asked["metrics"] else "binary")
    metrics = asked["metrics"] or (
        *(_USUAL[task or ""] if asked["prediction"] or asked["score"] else ()),
        *(_OF_SCORES if asked["score"] and task == "binary" else ()),
    )
    if not metrics:
        raise UsageError("no column to compare", "--prediction COLUMN or --score COLUMN")
    for name, key in (("share", "filter"), ("quantile", "quantile")):
        if name in metrics:
            hint = "--metric mean, or a rule of the policy and mlgate check"
            raise UsageError(f"{name} needs the key `{key}`, which only a policy has", hint)
    positive = asked["positive"]
    slices = [tuple(one.split(",")) for one in asked["slices"]]
    table = {
        "predictions": new,
        "task": task,
        "id": tuple(asked["ids"]) or None,
        "label": asked["label"],
        "prediction": asked["prediction"],
        "score": asked["score"],
        "positive": int(positive) if positive and positive.lstrip("-").isdigit() else positive,
        "cluster": asked["cluster"],
        "query": asked["query"],
        "slices": [one[0] if len(one) == 1 else one for one in slices],
        "require": [{"metric": name, "max_drop": 0.0} for name in metrics],
    }
    try:
        return msgspec.convert(table, Options)
    except msgspec.ValidationError as error:
        hint = "name the columns: --prediction, --score or --query COLUMN"
        raise UsageError(str(error).partition(" - ")[0], hint) from None


def _answers(options: Options, new: str, old: str) -> list[dict[str, Any]]:
    from mlgate.runner.workshop import Workshop

    workshop = Workshop(os.getcwd(), os.environ, jobs=1)
    request = requests.request(options, _place(new), _place(old), None)
    try:
        return _model_judged.asked(workshop.worker, request)
    except GateError as error:
        raise UsageError(error.message, error.hint) from None
    finally:
        workshop.close()


def _place(path: str) -> Place:
    suffix = os.path.splitext(path)[1].lower()
    return Place(path=path, file=os.path.abspath(path), suffix=suffix, identity="")


def _whole(measured: list[Measured]) -> list[Measured]:
    return [one for one in measured if one.slice is None]


def _row(found: Measured, options: Options, adjusted: float | None) -> tuple[str, ...]:
    """One metric: values, gain (a loss is negative, whichever direction is better), interval."""
    rule = options.require[found.measure]
    name = rule.metric or ""
    better = requests.better(rule)
    evidence = of_difference(found, better)
    few = _few(found, rule)
    values = (number(found.new), number(found.old))
    if evidence is None or few or found.new is None or found.old is None:
        return (name, *values, "", "", "", f"not compared: {few}" if few else "no interval")
    low, high = evidence.bounds(_ALPHA)
    p = evidence.p_below(0.0) if adjusted is None else adjusted
    gain = better * (found.new - found.old) + 0.0  # never a minus before nothing
    said = _said(low if adjusted is None else 0.0, p)
    return (name, *values, f"{gain:+.4f}", f"{low:+.4f} to {high:+.4f}", f"{p:.3g}", said)


def _few(found: Measured, rule: Rule) -> str | None:
    """Why nothing is compared; None where it is."""
    metric = METRICS[rule.metric or ""]
    by_class = metric.needs in ("prediction", "score") and rule.metric != "accuracy"
    if found.unseen == () and found.gained is None:
        return "no row differs"
    if found.discordant and found.sparse is None:
        return f"{counted(found.discordant, 'row')} differ, fewer than {FEW}"
    return found.why or (too_few(found, by_class) if found.gained is None else None)


def _said(low: float, p: float) -> str:
    if p < _ALPHA:
        return "a loss is proven"
    return "a gain is proven" if low > 0 else ""


def _slices(measured: list[Measured], options: Options, style: Style) -> Iterator[str]:
    """Every (metric, slice), p values corrected for all of them."""
    levels = []
    for one in measured:
        rule = options.require[one.measure]
        evidence = None if _few(one, rule) else of_difference(one, requests.better(rule))
        levels.append(evidence.p_below(0.0) if evidence else 1.0)
    adjusted = holm(levels)
    ranked = sorted(zip(adjusted, levels, measured, strict=True), key=lambda one: one[:2])
    head: tuple[str, ...] = ("slice", "rows", *_HEAD[:5], "p, corrected", "")
    rows: list[tuple[str, ...]] = [
        (one.slice or "", f"{one.n:,}", *_row(one, options, level)) for level, _, one in ranked
    ]
    yield style.paint("slices, worst first", "bold")
    if style.width >= _WIDE:
        yield from table(rows, style, head)
        return
    # The gain and its interval say most.
    yield from table([_narrow(row) for row in rows], style, _narrow(head))
    yield from _spoken([(f"{row[2]} of {row[0]}", *row[1:]) for row in rows], style)


def _spoken(rows: list[tuple[str, ...]], style: Style) -> Iterator[str]:
    """The words of rows where a table has no room for them, once for all rows that they fit."""
    of: dict[str, list[str]] = {}
    for row in rows:
        if row[-1]:
            of.setdefault(row[-1], []).append(row[0])
    for words, names in of.items():
        yield from style.wrapped(f"{words}: {plain(', '.join(names))}", 0)


def _narrow(row: tuple[str, ...]) -> tuple[str, ...]:
    """Without both values, the number of rows, and words."""
    return (row[0], row[2], *row[5:7], *row[7:8])
