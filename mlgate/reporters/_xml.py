"""Text for XML 1.0: quoted, and without the characters that no XML file may hold."""

from __future__ import annotations

from collections.abc import Mapping

_QUOTED = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\ufffe": "\ufffd",
        "\uffff": "\ufffd",
    }
)
_ON_ONE_LINE = str.maketrans({"\n": "&#10;", "\t": "&#9;"})
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def text(plain: str) -> str:
    """Content of an element."""
    return plain.translate(_QUOTED)


def tag(name: str, attributes: Mapping[str, object], closed: bool = False) -> str:
    """An opening tag, or an empty element if `closed`; attributes that are None are left out."""
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            parts.append(f'{key}="{text(str(value)).translate(_ON_ONE_LINE)}"')
    return f"<{' '.join(parts)}{'/' if closed else ''}>"
