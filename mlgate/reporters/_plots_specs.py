"""Numbers with their evidence as Vega-Lite: forests, bars, histories; text in values only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, to_builtins

from mlgate.core.finding import Measurement
from mlgate.core.text import plain
from mlgate.core.words import Result

INK, MUTED, GRID, MODEL, OTHER, GOOD, BAD, OPEN = (f"#0{i}0{i}0{i}" for i in range(1, 9))
"""Colours that stand for those of the page's theme."""
_COLORS = {Result.PASS: GOOD, Result.FAIL: BAD, Result.OPEN: OPEN}
WIDTH = 250

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
            label=drawn(label),
            color=_COLORS[result],
            value=finite(one.value),
            low=finite(one.low),
            high=finite(one.high),
            at_least=finite(one.at_least),
            at_most=finite(one.at_most),
            baseline=finite(baseline),
        )


def drawn(text: str) -> str:
    """Text fit to be drawn: what XML does not know ends the process that draws it."""
    return plain(text).translate({0xFFFE: None, 0xFFFF: None})


def finite(value: float | None) -> float | None:
    """The number, or None where it is none that can be drawn."""
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
        "width": WIDTH,
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
        "width": WIDTH,
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


def quantity(field: str, title: str | None, ticks: int = 5) -> Spec:
    """The axis of a number, which need not begin at zero."""
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"zero": False},
        "axis": {"title": title, "tickCount": ticks},
    }


def history(points: Sequence[dict[str, Any]]) -> Spec:
    """A number over the runs: its interval as a band, its bounds as lines."""
    x = {"field": "run", "type": "quantitative", "axis": None, "scale": {"nice": False}}
    dashed = {"type": "line", "color": BAD, "strokeWidth": 1.2, "strokeDash": [4, 3]}
    return {
        "width": WIDTH,
        "height": 90,
        "data": {"values": list(points)},
        "encoding": {"x": x},
        "layer": [
            {
                "transform": [{"filter": "datum.low != null && datum.high != null"}],
                "mark": {"type": "area", "color": MODEL, "opacity": 0.18},
                "encoding": {"y": quantity("low", None, 3), "y2": {"field": "high"}},
            },
            *(
                {
                    "transform": [{"filter": f"datum.{bound} != null"}],
                    "mark": dashed,
                    "encoding": {"y": quantity(bound, None, 3)},
                }
                for bound in ("at_least", "at_most")
            ),
            {
                "mark": {"type": "line", "color": MODEL, "point": {"color": MODEL, "size": 30}},
                "encoding": {"y": quantity("value", None, 3)},
            },
        ],
    }
