"""The one HTML file that every page is: its own style, no script, and nothing from elsewhere."""

from __future__ import annotations

import os

from mlgate.reporters._html_tags import Content, Html, joined, tag

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Even markup that slipped through could load nothing and run nothing."""
_THEMES = ("auto", "light", "dark")


def page(title: str, top: Content, body: Content, foot: Content) -> str:
    """The whole document."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        Html(f"<style>{_style()}</style>"),
    )
    content = tag(
        "body",
        tag("a", "Skip to the content", class_="skip", href="#content"),
        tag("div", _brand(), top, class_="top"),
        tag("main", body, id="content", tabindex="-1"),
        tag("footer", foot),
    )
    return f"<!doctype html>\n{tag('html', head, content, lang='en')}\n"


def _brand() -> Html:
    return tag("div", tag("span", "mlgate", class_="brand"), _themes(), class_="bar")


def _themes() -> Html:
    """Radio buttons that the style sheet reads, so that no script is needed."""
    choices = [
        tag(
            "label",
            tag(
                "input",
                type="radio",
                name="theme",
                id=f"theme-{theme}",
                checked=theme == "auto",
            ),
            tag("span", theme),
        )
        for theme in _THEMES
    ]
    return tag("fieldset", tag("legend", "Theme", class_="unseen"), choices, class_="themes")


def _style() -> str:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_html_style.css")
    with open(path, encoding="utf-8") as file:
        return file.read()


def section(title: str, *content: Content, anchor: str | None = None, note: str = "") -> Html:
    """A part of the page under its own heading."""
    said = tag("p", note, class_="aside") if note else None
    return tag("section", tag("h2", title), said, joined(*content), id=anchor)


def table(caption: str, titles: list[str], rows: list[list[Content]]) -> Html:
    """A table that scrolls by itself where it is too wide. Titles that end in a colon are those of
    numbers; the first cell of a row names it."""
    numbers = [title.endswith(":") for title in titles]
    looks = ["number" if number else None for number in numbers]
    head = [
        tag("th", title.removesuffix(":"), scope="col", class_=look)
        for title, look in zip(titles, looks, strict=True)
    ]
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            [tag("td", cell, class_=look) for cell, look in zip(row[1:], looks[1:], strict=True)],
        )
        for row in rows
    ]
    whole = tag(
        "table",
        tag("caption", caption, class_="unseen"),
        tag("thead", tag("tr", head)),
        tag("tbody", body),
    )
    return tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)
