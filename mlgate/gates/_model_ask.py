"""A metric that the worker is asked for, with what it depends on."""

from __future__ import annotations

from typing import Any


def kept(share: float, old: float) -> float:
    """What new is compared with is so much of `old`: a loss of a share of a negative number is a
    share of its size."""
    return share if old >= 0 else 2 - share


class Ask:
    """A metric with what it depends on, as the request names it."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.metric: str = asked["metric"]
        self.average: str = asked["average"]
        self.of_class: str | int | None = asked.get("of_class")
        self.k: int = asked["k"]
        self.quantile: float = asked["quantile"]
        self.bins: int = asked["bins"]
        self.column: str | None = asked["column"]
        self.filter: str | None = asked["filter"]
        self.home: str = asked.get("home", "")
        """Where metrics of the project's own are imported from."""
        self.relative: float | None = asked["relative"]
        self.floors: bool = asked.get("floors", True)
        """Whether the new model's own value is judged, which needs its own bounds."""
