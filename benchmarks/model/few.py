"""How often bounds miss the truth where models differ on few rows, or one of them errs on few, by t
as large samples have it, and as the gate has it below 30 such rows: 2,000 rows, 10 % prevalence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from benchmarks.model.bounds import ALPHA, ask, share_kept
from mlgate.gates._model_bounds import OfMoments
from mlgate.gates._model_evidence import Measured, of_difference, of_one, of_relative
from mlgate.gates._model_measure import measured
from mlgate.gates._model_metrics import METRICS as KNOWN
from mlgate.gates._model_rows import Outputs, Rows
from mlgate.stats import cells, estimates
from mlgate.stats.sparse import FEW

METRICS = ("balanced_accuracy", "precision", "f1", "matthews_corrcoef")
ROWS = 2_000
EXPECTED = (4, 8, 16)
_BASE = np.array([[0.86, 0.04], [0.03, 0.07]])
"""Shares of the baseline's rows by label and prediction."""
TRADES = {
    "losses only": ((0, 1, 1.0), (1, 0, 1.0)),
    "hits gained for false alarms": ((1, 1, 1.0), (0, 1, 1.0)),
    "hits lost, false alarms mended": ((1, 0, 1.0), (0, 0, 1.0)),
    "as many hits gained as lost": ((1, 0, 1.0), (1, 1, 1.0)),
}
"""Of each half of the discordant rows: the label and the new prediction."""
ERRORS = {"errors of both kinds": 0.5, "false alarms": 0.1, "misses": 0.9}
"""The share of misses among the errors of one model."""
OF_ERRORS = ("balanced_accuracy", "matthews_corrcoef")
"""Metrics of which one model's few errors are not told by exact counts."""


class Missed(NamedTuple):
    """Of the draws with 1 to 29 discordant rows the shares in which a bound missed."""

    metric: str
    trade: str
    expected: int
    low_t: float
    high_t: float
    low: float
    high: float
    low_relative: float = 0.0
    high_relative: float = 0.0
    """As the gate has it, of a difference from a share of the old value."""


def misses(
    draws: int,
    expected: tuple[int, ...] = EXPECTED,
    seed: int = 1,
    trades: Iterable[str] = tuple(TRADES),
) -> Iterator[Missed]:
    """Every metric, kind of change and expected number of discordant rows."""
    rng = np.random.default_rng(seed)
    for trade in trades:
        for number in expected:
            for metric in METRICS:
                first = _even(metric, trade, number)
                yield _missed(rng, metric, trade, number, first, draws)


def shares_of(trade: str, number: float, first: float) -> np.ndarray:
    """Probabilities by label, old prediction and new prediction."""
    found = np.zeros((2, 2, 2))
    for label in (0, 1):
        for old in (0, 1):
            found[label, old, old] = _BASE[label, old]
    for (label, new, _), part in zip(TRADES[trade], (first, 1 - first), strict=True):
        moved = number / ROWS * part
        found[label, 1 - new, 1 - new] -= moved
        found[label, 1 - new, new] += moved
    return found


def values_of(metric: str, shares: np.ndarray) -> tuple[float, float]:
    """The true value of the new model and of the old one."""
    of: Any = getattr(cells, metric, None) or cells.averaged(metric, "binary")
    return of(shares.sum(1))[0], of(shares.sum(2))[0]


def _even(metric: str, trade: str, number: int) -> float:
    """The part of the first half with which both models are worth the same, where there is one."""
    if trade == "losses only":
        return 0.5
    parts = np.linspace(0, 1, 2001)
    gaps = [abs(np.subtract(*values_of(metric, shares_of(trade, number, part)))) for part in parts]
    best = float(parts[int(np.argmin(gaps))])
    return best if 0 < best < 1 else 0.5


def misses_of_value(
    draws: int, expected: tuple[int, ...] = EXPECTED, seed: int = 1
) -> Iterator[Missed]:
    """The same for the value of a model that errs on 1 to 29 rows."""
    rng = np.random.default_rng(seed)
    prevalence = _BASE.sum(1)[1]
    for kind, part in ERRORS.items():
        for number in expected:
            lost, alarms = number / ROWS * part, number / ROWS * (1 - part)
            shares = np.array([[1 - prevalence - alarms, alarms], [lost, prevalence - lost]])
            for metric in OF_ERRORS:
                counts, judged = np.zeros(4), 0
                true = getattr(cells, metric)(shares)[0]
                for counted in rng.multinomial(ROWS, shares.ravel(), size=draws):
                    if 0 < counted[1] + counted[2] < FEW:
                        large, gate = _both_of_value(metric, counted)
                        judged += 1
                        counts += (large[0] > true, large[1] < true, gate[0] > true, gate[1] < true)
                yield Missed(metric, kind, number, *(counts / max(judged, 1)).tolist())


def _both_of_value(
    metric: str, counted: np.ndarray
) -> tuple[tuple[float, float], tuple[float, float]]:
    label, new = np.unravel_index(np.repeat(np.arange(4), counted), (2, 2))
    rows = Rows(label.astype(np.uint8), Outputs(new.astype(np.uint8), None), None)
    rows.classes = [0, 1]
    found = Measured(measure=0, slice=None, **measured(rows, ask(metric)))
    by_t, gate = of_one(replace(found, errors=None), KNOWN[metric]), of_one(found, KNOWN[metric])
    if by_t is None or gate is None:
        raise AssertionError("no interval")
    return by_t.bounds(ALPHA), gate.bounds(ALPHA)


def _missed(
    rng: np.random.Generator, metric: str, trade: str, number: int, first: float, draws: int
) -> Missed:
    shares = shares_of(trade, number, first)
    new_value, old_value = values_of(metric, shares)
    true = new_value - old_value
    true_relative = new_value - share_kept(metric) * old_value
    asked = ask(metric)
    asked.floors = False
    counts, judged = np.zeros(6), 0
    cell = np.arange(8)
    for counted in rng.multinomial(ROWS, shares.ravel(), size=draws):
        label, old, new = np.unravel_index(np.repeat(cell, counted), (2, 2, 2))
        if not 0 < np.count_nonzero(old != new) < FEW:
            continue
        rows = Rows(
            label.astype(np.uint8), *(Outputs(one.astype(np.uint8), None) for one in (new, old))
        )
        rows.classes = [0, 1]
        found = Measured(measure=0, slice=None, **measured(rows, asked))
        large, gate = _both(found)
        relative = of_relative(found, share_kept(metric), 1)
        low, high = relative.bounds(ALPHA) if relative else (-np.inf, np.inf)
        judged += 1
        counts += (
            large[0] > true, large[1] < true, gate[0] > true, gate[1] < true,
            low > true_relative, high < true_relative,
        )  # fmt: skip
    return Missed(metric, trade, number, *(counts / max(judged, 1)).tolist())


def _both(found: Measured) -> tuple[tuple[float, float], tuple[float, float]]:
    """By t, and as the gate has it."""
    if found.of_difference is None or found.new is None or found.old is None:
        raise AssertionError("no difference")
    by_t = OfMoments(estimates.estimate(found.new - found.old, found.of_difference), found.n, "t")
    gate = of_difference(found, 1)
    return by_t.bounds(ALPHA), gate.bounds(ALPHA) if gate else (-np.inf, np.inf)


def table(found: list[Missed]) -> str:
    """As Markdown."""
    lines = [
        "| metric | rows | expected | t: lower misses | upper | the gate: lower | upper | "
        "relative: lower | upper |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.metric} | {one.trade} | {one.expected} | {one.low_t:.1%} | {one.high_t:.1%} | "
        f"{one.low:.1%} | {one.high:.1%} | {one.low_relative:.1%} | {one.high_relative:.1%} |"
        for one in found
    ]
    return "\n".join(lines)
