"""Durations as people write them: `90`, `90s`, `10m`, `1h30m`, `7d`."""

from __future__ import annotations

import re

from mlgate.core.patterns import later

PATTERN = r"^(\d+(\.\d+)?(ms|s|m|h|d|w))+$"
"""What a duration with units looks like (also read by JSON Schema)."""

_PART = later(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def seconds(duration: str | float) -> float:
    """`duration` in seconds; a number counts as seconds already. Raises `ValueError`."""
    if not isinstance(duration, str):
        return float(duration)
    if not re.fullmatch(PATTERN[1:-1], duration, re.ASCII):
        raise ValueError(f"{duration!r} is no duration; write `90s`, `10m`, `1h30m` or `7d`")
    return float(sum(float(n) * _SECONDS[unit] for n, unit in _PART.findall(duration)))
