"""Vega-Lite drawn as inline SVG in the colours of the page, by vl-convert where it is installed."""

from __future__ import annotations

from typing import Any, Protocol

from mlgate.core.patterns import later
from mlgate.reporters import _plots_specs as specs
from mlgate.reporters._html_tags import Html, tag

_MOST = 60
"""Pictures in one page."""
_LARGEST = 400_000
_THEME = dict(
    zip(
        (specs.INK, specs.MUTED, specs.GRID, specs.MODEL, specs.OTHER, specs.GOOD, specs.BAD),
        ("ink", "muted", "grid", "model", "other", "good", "bad"),
        strict=True,
    )
) | {specs.OPEN: "open"}
_COLOR = later(r'"(#0(?P<n>[1-8])0(?P=n)0(?P=n))"')
_SIZE = later(r'<svg[^>]* width="([\d.]+)" height="([\d.]+)"')
_CLIPS = later(r'<defs>.*?</defs>| clip-path="url\(#\w+\)"| (?:role|aria-\w+)="[^"]*"')
"""Clips, whose names would clash with those of the next picture, and the roles of single marks:
the whole is one image with one description."""
_KNOWN = frozenset({"svg", "g", "path", "line", "rect", "text", "tspan", "title", "circle"})
_CONFIG = {
    "aria": False,
    "background": None,
    "padding": {"left": 14, "right": 14, "top": 4, "bottom": 4},
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelOverlap": "greedy",
        "labelSeparation": 8,
        "gridColor": specs.GRID,
        "domainColor": specs.GRID,
        "tickColor": specs.GRID,
        "labelColor": specs.MUTED,
        "titleColor": specs.MUTED,
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
    },
    "axisY": {"labelColor": specs.INK},
    "legend": {"labelColor": specs.INK, "labelFontSize": 12},
}


class NotDrawn(Exception):
    """A picture could not be drawn; why, in words."""


class Engine(Protocol):
    """What turns Vega-Lite into a picture."""

    def svg(self, spec: dict[str, Any], /) -> str:
        """The picture. Raises `NotDrawn`."""


class Artist:
    """Draws the pictures of one page."""

    def __init__(self, engine: Engine | None) -> None:
        self.problem: str | None = None
        """Why pictures are missing, and how to have them."""
        self._drawn = 0
        self._engine = engine
        if engine is None:
            self.problem = (
                "There are no plots, as vl-convert is not installed: pip install 'mlgate[report]'. "
                "Every number stands in the tables."
            )

    def draw(self, spec: dict[str, Any], said: str) -> Html | None:
        """The picture, with what it shows in words; None where it cannot be drawn."""
        if self._engine is None or self._drawn >= _MOST:
            return None
        self._drawn += 1
        try:
            return _fit(self._engine.svg({**spec, "config": _CONFIG}), said)
        except NotDrawn as why:
            self.problem = f"A plot could not be drawn: {why}. Its numbers stand in the table."
            return None


def _fit(svg: str, said: str) -> Html | None:
    """The picture as a part of the page; None if it holds anything but shapes and text."""
    svg = _CLIPS.sub("", svg.replace("\n", " "))
    if len(svg) > _LARGEST or not _harmless(svg):
        return None
    size = _SIZE.match(svg)
    start = svg.index(">") + 1
    width, height = (size[1], size[2]) if size else ("400", "300")
    opened = tag(
        "svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label=said,
    ).removesuffix("</svg>")
    body = _COLOR.sub(lambda m: f'"var(--{_THEME[m[1]]})"', svg[start:])
    return tag("div", Html(opened + body), class_="plot")


def _harmless(svg: str) -> bool:
    from defusedxml import ElementTree
    from defusedxml.common import DefusedXmlException

    try:
        tree = ElementTree.fromstring(svg)
    except (DefusedXmlException, ElementTree.ParseError):
        return False
    return all(_is_shape(one) for one in tree.iter())


def _is_shape(one: Any) -> bool:
    name = str(one.tag).rpartition("}")[2]
    wild = any(
        key.lower().startswith("on") or key.lower().endswith("href") or "url(" in value
        for key, value in one.attrib.items()
    )
    return name in _KNOWN and not wild
