"""How often the bounds of quantiles, and of their differences on the same rows, miss the truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mlgate.gates._model_quantile import OfQuantile, OfQuantiles, windowed

ALPHA = 0.05
TOGETHER = {"independent": 0.0, "paired": 0.9, "opposed": -0.9}
"""How the logarithms of both models' values correlate on the same rows."""
GRID = ((200, 0.5), (500, 0.95), (2_000, 0.95), (2_000, 0.99))


class Missed(NamedTuple):
    """Shares of draws in which a bound lay on the wrong side of the truth."""

    of: str
    rows: int
    q: float
    low: float
    high: float


def misses(
    draws: int, grid: tuple[tuple[int, float], ...] = GRID, seed: int = 1
) -> Iterator[Missed]:
    """Of log-normal latencies: the new model's quantile, and the difference from a baseline with
    the same one."""
    from statistics import NormalDist

    rng = np.random.default_rng(seed)
    for rows, q in grid:
        truth = float(np.exp(NormalDist().inv_cdf(q)))
        for name, rho in TOGETHER.items():
            counts = [0, 0, 0, 0]
            for _ in range(draws):
                first, second = rng.normal(size=(2, rows))
                both = (first, rho * first + (1 - rho**2) ** 0.5 * second)
                new, old = (OfQuantile(*windowed(np.exp(one), q)) for one in both)
                bounds = (*new.bounds(ALPHA), *OfQuantiles(new, old).bounds(ALPHA))
                for at, true in enumerate((truth, truth, 0.0, 0.0)):
                    counts[at] += bounds[at] < true if at % 2 else bounds[at] > true
            shares = [count / draws for count in counts]
            if name == "independent":
                yield Missed("value", rows, q, *shares[:2])
            yield Missed(f"difference, {name}", rows, q, *shares[2:])


def table(found: list[Missed]) -> str:
    """As Markdown; the nominal share is 5 %, at most."""
    lines = [
        "| of | rows | quantile | lower misses | upper misses |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.of} | {one.rows:,} | {one.q:g} | {one.low:.2%} | {one.high:.2%} |" for one in found
    ]
    return "\n".join(lines)
