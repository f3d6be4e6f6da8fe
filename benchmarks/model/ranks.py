"""How often bounds of rank metrics miss the truth where all scores move but few rows are ranked
otherwise, by t and as the gate has it: 2,000 rows, 10 % prevalence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from benchmarks.model.bounds import ALPHA, ask
from mlgate.gates._model_evidence import Measured, of_difference
from mlgate.gates._model_measure import measured
from mlgate.gates._model_rows import Outputs, Rows

METRICS = ("roc_auc", "average_precision")
ROWS = 2_000
EXPECTED = (4, 8, 16)
MORE = (32, 64)
"""Where most draws are judged by t."""
KINDS = {"positives sink": 1, "negatives rise": 0}
"""The class of the rows that are scored anew, as if they were of the other class."""
TREMBLES = (0.0, 0.01)
"""What is added to every score of the new model, by the standard deviation of a class's scores."""
_TRUTH_ROWS = 1_000_000


class Missed(NamedTuple):
    """Shares of all draws: what is not judged misses nothing."""

    metric: str
    kind: str
    tremble: float
    expected: int
    low_t: float
    high_t: float
    judged: float
    low: float
    high: float


def misses(
    draws: int,
    expected: tuple[int, ...] = EXPECTED,
    seed: int = 1,
    truth_rows: int = _TRUTH_ROWS,
) -> Iterator[Missed]:
    """Every metric, kind of change and expected number of rows that are ranked otherwise."""
    rng = np.random.default_rng(seed)
    for kind in KINDS:
        for tremble in TREMBLES:
            for number in expected:
                many = _drawn(rng, truth_rows, kind, tremble, number / ROWS)
                true = {metric: _measured(many, metric) for metric in METRICS}
                gap = {at: (one.new or 0.0) - (one.old or 0.0) for at, one in true.items()}
                counts = {metric: np.zeros(5) for metric in METRICS}
                for _ in range(draws):
                    rows = _drawn(rng, ROWS, kind, tremble, number / ROWS)
                    for metric in METRICS:
                        counts[metric] += _missed(_measured(rows, metric), gap[metric])
                for metric, counted in counts.items():
                    yield Missed(metric, kind, tremble, number, *(counted / draws).tolist())


def _drawn(rng: np.random.Generator, n: int, kind: str, tremble: float, share: float) -> Rows:
    label = (rng.random(n) < 0.1).astype(np.uint8)
    old = 1.5 * label + rng.normal(size=n)
    new = 1.1 * old + 0.3 + tremble * rng.normal(size=n)
    own = KINDS[kind]
    moved = (label == own) & (rng.random(n) < share / (0.1 if own else 0.9))
    new[moved] = 1.1 * (1.5 * (1 - own) + rng.normal(size=int(moved.sum()))) + 0.3
    told = (Outputs((one > 1).astype(np.uint8), one) for one in (new, old))
    rows = Rows(label, *told)
    rows.classes = [0, 1]
    return rows


def _measured(rows: Rows, metric: str) -> Measured:
    asked = ask(metric)
    asked.floors = False
    return Measured(measure=0, slice=None, **measured(rows, asked))


def _missed(found: Measured, true: float) -> tuple[bool, ...]:
    """By t below and above; whether judged; and as judged, below and above."""
    by_t, gate = of_difference(replace(found, discordant=None), 1), of_difference(found, 1)
    low, high = by_t.bounds(ALPHA) if by_t else (-np.inf, np.inf)
    judged = gate is not None
    return low > true, high < true, judged, judged and low > true, judged and high < true


def promised(one: Missed) -> bool:
    """True where 5 % are kept to: few rows move, and the others stay where they were."""
    return one.expected in EXPECTED and one.tremble == 0


def table(found: list[Missed]) -> str:
    """As Markdown; the nominal share is 5 %."""
    lines = [
        "| metric | rows | tremble | expected | t: lower misses | upper | judged | lower | upper |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.metric} | {one.kind} | {one.tremble:g} | {one.expected} | {one.low_t:.1%} | "
        f"{one.high_t:.1%} | {one.judged:.0%} | {one.low:.1%} | {one.high:.1%} |"
        for one in sorted(found, key=lambda one: (one.metric, one.kind))
    ]
    return "\n".join(lines)
