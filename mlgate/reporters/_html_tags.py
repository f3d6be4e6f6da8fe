"""HTML elements made of text that nobody trusts: whatever was not made here is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable

from mlgate.core.text import plain

_LONGEST = 8_000
_EMPTY = frozenset({"input", "meta"})


class Html(str):
    """Markup that this module made, or that was checked before it was called so."""

    __slots__ = ()


Content = str | None | Iterable["Content"]
"""Text, which is escaped unless it is `Html`; nothing; or several of these."""


def tag(name: str, /, *content: Content, **attributes: str | int | float | bool | None) -> Html:
    """An element. In names of attributes `_` stands for `-`, and one at the end for nothing; what
    is None or False is left out."""
    opened = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _EMPTY:
        return Html(f"<{name}{opened}>")
    return Html(f"<{name}{opened}>{joined(*content)}</{name}>")


def joined(*content: Content) -> Html:
    """Contents one after the other."""
    return Html("".join(_written(one) for one in content))


def quoted(text: str) -> Html:
    """A sentence in which what stands between backticks is code."""
    parts = text[:_LONGEST].split("`")
    if len(parts) % 2 == 0:  # one of them is not closed
        return joined(text)
    return joined(*(tag("code", part) if at % 2 else part for at, part in enumerate(parts)))


def _written(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Html):
        return content
    if isinstance(content, str):
        return html.escape(plain(content[:_LONGEST]))
    return "".join(_written(one) for one in content)


def _attribute(key: str, value: str | int | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    if value is True:
        return f" {name}"
    return f' {name}="{html.escape(plain(str(value)[:_LONGEST]))}"'
