"""A page of HTML taken apart: what is in it, and that it can do no harm."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from mlgate.cli._plot_engine import drawing
from mlgate.core.report import Report
from mlgate.reporters import _html_trend, html


def drawn(report: Report) -> str:
    """The page with its plots, as the command line makes it."""
    with drawing() as engine:
        return html.render(report, engine)


def drawn_trend(stage: str, entries: tuple[dict[str, object], ...]) -> str:
    """The page on how runs went, likewise."""
    with drawing() as engine:
        return _html_trend.render(stage, entries, engine)


KNOWN = {
    *("html", "head", "meta", "title", "style", "body", "a", "div", "span", "main", "footer"),
    *("header", "section", "fieldset", "legend", "label", "input", "h1", "h2", "h3", "p", "dl"),
    *("dt", "dd", "ul", "ol", "li", "b", "code", "pre", "details", "summary", "figure"),
    *("figcaption", "table", "caption", "thead", "tbody", "tr", "th", "td", "svg", "g", "path"),
    *("line", "rect", "text", "tspan", "circle"),
}
VOID = {"meta", "input"}


class Page(HTMLParser):
    """Every element with its attributes, the text, and whether all are closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.path: list[str] = []
        self.feed(source)
        self.close()
        assert self.path == []

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in VOID:
            self.path.append(name)

    def handle_startendtag(self, name, attributes):
        self.elements.append((name, dict(attributes)))

    def handle_endtag(self, name):
        assert self.path.pop() == name

    def handle_data(self, text):
        if self.path and self.path[-1] != "style":
            self.texts.append(text)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, name: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            found
            for one, found in self.elements
            if one == name and all(found.get(k.rstrip("_")) == v for k, v in wanted.items())
        ]


def safe(source: str) -> Page:
    """The page, if nothing in it could load, run or lead anywhere."""
    page = Page(source)
    for name, attributes in page.elements:
        assert name in KNOWN, name
        assert not [key for key in attributes if key.startswith("on")]
        assert not {"src", "srcset", "action", "formaction", "xlink:href"} & attributes.keys()
        assert str(attributes.get("href", "#")).startswith("#")
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "url(" not in source
    assert "@import" not in source
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e\u2066]", source)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {str(a["href"])[1:] for a in page.all("a")}
    assert links <= set(ids)
    source.encode("utf-8")
    return page
