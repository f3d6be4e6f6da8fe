"""What is drawn, as Vega-Lite: forests, bars, histograms, curves. Text stands in values only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, to_builtins

from mlgate.core.finding import Figure, Measurement
from mlgate.core.text import plain
from mlgate.core.words import Result

INK, MUTED, GRID, MODEL, OTHER, GOOD, BAD, OPEN = (f"#0{i}0{i}0{i}" for i in range(1, 9))
"""Colours that stand for those of the page's theme."""
_COLORS = {Result.PASS: GOOD, Result.FAIL: BAD, Result.OPEN: OPEN}
_WIDTH = 250

Spec = dict[str, Any]


class Row(Struct, frozen=True, kw_only=True):
    """A number with its evidence, as it is drawn."""

    label: str
    color: str
    value: float | None
    low: float | None = None
    high: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    baseline: float | None = None

    @classmethod
    def of(cls, label: str, result: Result, one: Measurement) -> Row:
        """`one` under a label; a gain over a baseline is drawn against no gain."""
        baseline = one.baseline
        if one.name.endswith(" gain"):
            baseline = 0.0
        return cls(
            label=_drawn(label),
            color=_COLORS[result],
            value=_finite(one.value),
            low=_finite(one.low),
            high=_finite(one.high),
            at_least=_finite(one.at_least),
            at_most=_finite(one.at_most),
            baseline=_finite(baseline),
        )


def _drawn(text: str) -> str:
    """Text fit to be drawn: what XML does not know ends the process that draws it."""
    return plain(text).translate({0xFFFE: None, 0xFFFF: None})


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """As values; labels that are equal are told apart, since each is a line of its own."""
    seen: dict[str, int] = {}
    values = []
    for row in rows:
        if row.value is not None:
            count = seen[row.label] = seen.get(row.label, 0) + 1
            label = row.label if count == 1 else f"{row.label} ({count})"
            values.append({**to_builtins(row), "label": label})
    return values


_EXACT = {"type": "nominal", "scale": None, "legend": None}


def _labels() -> Spec:
    """The axis of rows, in their own order."""
    axis = {"title": None, "labelLimit": 150, "domain": False, "ticks": False, "labelPadding": 8}
    return {"field": "label", "type": "nominal", "sort": None, "axis": axis}


def _across(field: str, zero: bool) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"zero": zero, "nice": True},
        "axis": {"title": None, "tickCount": 4, "labelFlush": False},
    }


def forest(rows: Sequence[Row]) -> Spec | None:
    """Each number with its interval, its bound and its baseline."""
    values = _rows(rows)
    if not values:
        return None
    color = {"field": "color", **_EXACT}
    tick = {"type": "tick", "thickness": 2, "size": 18}
    return {
        "width": _WIDTH,
        "height": {"step": 28},
        "data": {"values": values},
        "encoding": {"y": _labels()},
        "layer": [
            _marked("baseline", {**tick, "color": MUTED, "strokeDash": [2, 2]}),
            _marked("at_least", {**tick, "color": BAD}),
            _marked("at_most", {**tick, "color": BAD}),
            {
                "transform": [{"filter": "datum.low != null && datum.high != null"}],
                "mark": {"type": "rule", "strokeWidth": 3, "strokeCap": "round"},
                "encoding": {
                    "x": _across("low", zero=False),
                    "x2": {"field": "high"},
                    "color": color,
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
                "encoding": {"x": _across("value", zero=False), "color": color},
            },
        ],
    }


def _marked(field: str, mark: Spec) -> Spec:
    return {
        "transform": [{"filter": f"datum.{field} != null"}],
        "mark": mark,
        "encoding": {"x": _across(field, zero=False)},
    }


def bars(rows: Sequence[Row]) -> Spec | None:
    """Each number as a bar from nothing, with its bound across."""
    values = _rows(rows)
    if not values:
        return None
    tick = {"type": "tick", "thickness": 2, "size": 18, "color": INK}
    return {
        "width": _WIDTH,
        "height": {"step": 24},
        "data": {"values": values},
        "encoding": {"y": _labels()},
        "layer": [
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 3, "height": 12},
                "encoding": {
                    "x": _across("value", zero=True),
                    "color": {"field": "color", **_EXACT},
                },
            },
            _marked("at_least", tick),
            _marked("at_most", tick),
        ],
    }


# -- figures ---------------------------------------------------------------------------------------


def of_figure(figure: Figure) -> Spec | None:
    """A gate's figure by its kind; None where there is nothing to draw."""
    columns = {_drawn(name): [_finite(v) for v in vs] for name, vs in figure.columns.items()}
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
    return {"width": _WIDTH + 40, "height": 190, "data": {"values": values}}


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
            "x": _named("x", first.replace("_", " ")),
            "y": _named("y", "true positive rate" if diagonal else None),
            "color": _legend(order),
        },
    }
    return {
        **_panel(values),
        "layer": [*([_diagonal()] if diagonal else []), lines],
    }


def _named(field: str, title: str | None, ticks: int = 5) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"zero": False},
        "axis": {"title": title, "tickCount": ticks},
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
    x, y = _named("x", "predicted probability"), _named("y", "observed rate")
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


def history(points: Sequence[dict[str, Any]]) -> Spec:
    """A number over the runs: its interval as a band, its bounds as lines."""
    x = {"field": "run", "type": "quantitative", "axis": None, "scale": {"nice": False}}
    dashed = {"type": "line", "color": BAD, "strokeWidth": 1.2, "strokeDash": [4, 3]}
    return {
        "width": _WIDTH,
        "height": 90,
        "data": {"values": list(points)},
        "encoding": {"x": x},
        "layer": [
            {
                "transform": [{"filter": "datum.low != null && datum.high != null"}],
                "mark": {"type": "area", "color": MODEL, "opacity": 0.18},
                "encoding": {"y": _named("low", None, 3), "y2": {"field": "high"}},
            },
            *(
                {
                    "transform": [{"filter": f"datum.{bound} != null"}],
                    "mark": dashed,
                    "encoding": {"y": _named(bound, None, 3)},
                }
                for bound in ("at_least", "at_most")
            ),
            {
                "mark": {"type": "line", "color": MODEL, "point": {"color": MODEL, "size": 30}},
                "encoding": {"y": _named("value", None, 3)},
            },
        ],
    }
