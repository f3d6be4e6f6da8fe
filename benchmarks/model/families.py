"""False alarms over many comparisons: 50 slices under Holm, and 32 uses of one test set."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.model.bounds import ask
from mlgate.gates._model_evidence import Measured, of_difference, too_few
from mlgate.gates._model_measure import measured, values
from mlgate.gates._model_rows import Outputs, Rows
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


def any_slice_of(metric: str, draws: int, rows: int, slices: int = 50, seed: int = 1) -> float:
    """The share of `any_slice` for F1 or ROC AUC: 10 % prevalence; slices with too few rows of a
    class are not judged, as in a gate."""
    rng = np.random.default_rng(seed)
    hits = 0
    for _ in range(draws):
        found = [_measured(metric, *_drawn(rng, rows), rng, _NOISE[0]) for _ in range(slices)]
        evidence = [of_difference(one, 1) for one in found if too_few(one, by_class=True) is None]
        levels = [one.p_below(0.0) for one in evidence if one is not None]
        hits += min(holm(levels), default=1.0) <= ALPHA
    return hits / draws


_NOISE = (0.4, 0.9)
"""Of an equal model and the baseline, and of one that loses."""


def any_use_of(
    metric: str, draws: int, rows: int, uses: int = 32, seed: int = 1
) -> tuple[float, float]:
    """The shares of `any_use` for F1 or ROC AUC: 10 % prevalence, all models judged beside one
    baseline on the same rows, the margin being the true loss of the worse."""
    rng = np.random.default_rng(seed)
    each = share(ALPHA, uses, "none")
    new, old = values(_rows(*_drawn(rng, 2_000_000), rng, _NOISE[1]), ask(metric))
    margin = old - new
    failed = passed = 0
    for _ in range(draws):
        made = _drawn(rng, rows)
        fails = passes = False
        for _ in range(uses):
            for noise in _NOISE:
                evidence = of_difference(_measured(metric, *made, rng, noise), 1)
                low, high = evidence.bounds(each) if evidence else (-np.inf, np.inf)
                fails |= noise == _NOISE[0] and high < 0
                passes |= noise == _NOISE[1] and low >= -margin
        failed += fails
        passed += passes
    return failed / draws, passed / draws


def _drawn(rng: np.random.Generator, rows: int) -> tuple[Any, Any, Outputs]:
    """Labels, what can be known of them, and the baseline."""
    label = (rng.random(rows) < 0.1).astype(np.uint8)
    signal = 1.5 * label + rng.normal(size=rows)
    return label, signal, _told(signal, rng, _NOISE[0])


def _told(signal: Any, rng: np.random.Generator, noise: float) -> Outputs:
    score = signal + noise * rng.normal(size=len(signal))
    return Outputs((score >= 1.5).astype(np.uint8), score)


def _measured(
    metric: str, label: Any, signal: Any, old: Outputs, rng: np.random.Generator, noise: float
) -> Measured:
    asked = ask(metric)
    asked.floors = False
    rows = _rows(label, signal, old, rng, noise)
    return Measured(measure=0, slice=None, **measured(rows, asked))


def _rows(label: Any, signal: Any, old: Outputs, rng: np.random.Generator, noise: float) -> Rows:
    """Of a new model beside the baseline."""
    rows = Rows(label, _told(signal, rng, noise), old)
    rows.classes = [0, 1]
    return rows
