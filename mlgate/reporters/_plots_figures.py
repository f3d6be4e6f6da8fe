"""A gate's figures as Vega-Lite: histograms, curves, calibration. Text stands in values only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlgate.core.finding import Figure
from mlgate.reporters._plots_specs import (
    BAD,
    GOOD,
    MODEL,
    MUTED,
    OPEN,
    OTHER,
    WIDTH,
    Spec,
    drawn,
    finite,
    quantity,
)


def of_figure(figure: Figure) -> Spec | None:
    """A gate's figure by its kind; None where there is nothing to draw."""
    columns = {drawn(name): [finite(v) for v in vs] for name, vs in figure.columns.items()}
    if len(columns) < 2 or not any(columns.values()):
        return None
    if figure.kind == "histogram" and {"low", "high"} <= columns.keys():
        return _histogram(columns)
    if figure.kind == "calibration" and {"score", "rate"} <= columns.keys():
        return _calibration(columns)
    return _curves(columns, diagonal=figure.kind == "roc")


_SERIES = (OTHER, MODEL, GOOD, OPEN, BAD)


def _histogram(columns: dict[str, list[float | None]]) -> Spec:
    """Two samples over one another: the reference as an area, the table as an outline."""
    low, high = columns["low"], columns["high"]
    series = [name for name in columns if name not in ("low", "high")][:2]
    values = [
        {"low": a, "high": b, "share": share, "series": name}
        for name in series
        for a, b, share in zip(low, high, columns[name], strict=False)
        if None not in (a, b, share)
    ]
    return {
        **_panel(values),
        "mark": {"type": "bar", "opacity": 0.55, "binSpacing": 0},
        "encoding": {
            "x": {
                "field": "low",
                "type": "quantitative",
                "bin": {"binned": True},
                "scale": {"zero": False, "nice": False},
                "axis": {"title": None, "tickCount": 6},
            },
            "x2": {"field": "high"},
            "y": {
                "field": "share",
                "type": "quantitative",
                "stack": None,
                "axis": {"title": None, "format": "%", "tickCount": 4},
            },
            "color": _legend(series),
        },
    }


def _panel(values: list[dict[str, Any]]) -> Spec:
    return {"width": WIDTH + 40, "height": 190, "data": {"values": values}}


def _legend(series: Sequence[str]) -> Spec:
    return {
        "field": "series",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": list(series), "range": list(_SERIES[: len(series)])},
        "legend": {"title": None, "orient": "top", "labelLimit": 220},
    }


def _diagonal() -> Spec:
    return {
        "data": {"values": [{"x": 0, "y": 0}, {"x": 1, "y": 1}]},
        "mark": {"type": "line", "color": MUTED, "strokeDash": [3, 3], "strokeWidth": 1},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
        },
    }


def _curves(columns: dict[str, list[float | None]], diagonal: bool) -> Spec:
    """All columns over the first; of a ROC curve with the line of chance."""
    first, *rest = columns
    rest = rest[: len(_SERIES)]
    order = [name for name in rest if name == "baseline"] + [n for n in rest if n != "baseline"]
    values = [
        {"x": x, "y": y, "series": name}
        for name in rest
        for x, y in zip(columns[first], columns[name], strict=False)
        if x is not None and y is not None
    ]
    lines = {
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {
            "x": quantity("x", first.replace("_", " ")),
            "y": quantity("y", "true positive rate" if diagonal else None),
            "color": _legend(order),
        },
    }
    return {
        **_panel(values),
        "layer": [*([_diagonal()] if diagonal else []), lines],
    }


def _calibration(columns: dict[str, list[float | None]]) -> Spec:
    """What came true against what was said; on the diagonal both are the same."""
    count = len(columns["score"])
    nothing: list[float | None] = [None] * count
    values = [
        {"x": x, "y": y, "low": low, "high": high, "series": "model"}
        for x, y, low, high in zip(
            columns["score"],
            columns["rate"],
            columns.get("low", nothing),
            columns.get("high", nothing),
            strict=False,
        )
        if x is not None and y is not None
    ]
    if {"baseline_score", "baseline_rate"} <= columns.keys():
        values = [
            {"x": x, "y": y, "low": None, "high": None, "series": "baseline"}
            for x, y in zip(columns["baseline_score"], columns["baseline_rate"], strict=False)
            if x is not None and y is not None
        ] + values
    series = list(dict.fromkeys(str(value["series"]) for value in values))
    order = series if len(series) > 1 else ["model"]
    color = _legend(order)
    if order == ["model"]:
        color = {"value": MODEL}
    x, y = quantity("x", "predicted probability"), quantity("y", "observed rate")
    return {
        **_panel(values),
        "layer": [
            _diagonal(),
            {
                "transform": [{"filter": "datum.low != null && datum.high != null"}],
                "mark": {"type": "rule", "strokeWidth": 1.5},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "low"},
                    "y2": {"field": "high"},
                    "color": color,
                },
            },
            {
                "mark": {"type": "line", "strokeWidth": 1.5, "point": {"size": 36}},
                "encoding": {"x": x, "y": y, "color": color},
            },
        ],
    }
