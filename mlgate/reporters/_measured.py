"""A measurement as programs read it: its words come from data, so they are made plain."""

from __future__ import annotations

from msgspec.structs import replace

from mlgate.core.finding import Measurement
from mlgate.core.text import plain


def measured(number: Measurement | None) -> Measurement | None:
    """`number` with its texts fit to be written."""
    if number is None:
        return None
    return replace(
        number,
        name=plain(number.name),
        slice=_plain(number.slice),
        unit=_plain(number.unit),
        method=_plain(number.method),
    )


def _plain(text: str | None) -> str | None:
    return None if text is None else plain(text)
