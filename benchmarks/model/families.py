"""False alarms over many comparisons: 50 slices under Holm, and 32 uses of one test set."""

from __future__ import annotations

import numpy as np

from mlgate.stats.families import holm
from mlgate.stats.paired import Discordant, bounds, p_loss
from mlgate.stats.sizes import share

ALPHA = 0.05


def any_slice(draws: int, rows: int, slices: int = 50, churn: float = 0.1, seed: int = 1) -> float:
    """The share of draws of an equal model in which any slice is called a proven loss."""
    rng = np.random.default_rng(seed)
    known: dict[tuple[int, int], float] = {}
    hits = 0
    for _ in range(draws):
        discordant = rng.binomial(rows, churn, slices)
        gained = rng.binomial(discordant, 0.5)
        levels = []
        for b, m in zip(gained.tolist(), discordant.tolist(), strict=True):
            if (b, m) not in known:
                known[b, m] = p_loss(Discordant(b, m - b, rows))
            levels.append(known[b, m])
        hits += min(holm(levels)) <= ALPHA
    return hits / draws


def any_use(
    draws: int, rows: int, uses: int = 32, churn: float = 0.1, margin: float = 0.02, seed: int = 1
) -> tuple[float, float]:
    """Shares of draws in which, at alpha / uses, any of `uses` models is failed though equal, or
    passed though it loses the margin."""
    rng = np.random.default_rng(seed)
    known: dict[tuple[int, int], tuple[float, float]] = {}
    each = share(ALPHA, uses, "none")
    failed = passed = 0
    for _ in range(draws):
        sides = []
        for loss in (0.0, margin):
            discordant = rng.binomial(rows, churn, uses)
            gained = rng.binomial(discordant, (1 - loss / churn) / 2)
            found = []
            for b, m in zip(gained.tolist(), discordant.tolist(), strict=True):
                if (b, m) not in known:
                    known[b, m] = bounds(Discordant(b, m - b, rows), each)
                found.append(known[b, m])
            sides.append(found)
        failed += any(high < 0 for _, high in sides[0])
        passed += any(low >= -margin for low, _ in sides[1])
    return failed / draws, passed / draws
