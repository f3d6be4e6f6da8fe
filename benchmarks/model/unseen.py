"""How often the bound of a change misses where no row differed: 2,000 rows, 10 % prevalence, and
the least loss beyond that bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from benchmarks.model.bounds import ALPHA, ask
from benchmarks.model.few import ROWS, shares_of, values_of
from mlgate.gates._model_evidence import Measured, of_difference
from mlgate.gates._model_measure import measured
from mlgate.gates._model_rows import Outputs, Rows

METRICS = ("recall", "balanced_accuracy", "precision", "f1")
KINDS = {"false alarms": 1.0, "hits lost": 0.0, "half of each": 0.5}


class Missed(NamedTuple):
    """The share of draws in which the lower bound lay above the truth."""

    metric: str
    kind: str
    loss: float
    """The true one; 0 where no loss of this kind is beyond the bound."""
    low: float


def misses(draws: int, seed: int = 1) -> Iterator[Missed]:
    """Every metric by what the new model does worse on rows that the sample may not hold."""
    rng = np.random.default_rng(seed)
    for metric in METRICS:
        for kind, first in KINDS.items():
            expected = _beyond(metric, first)
            shares = shares_of("losses only", expected, first)
            loss = -float(np.subtract(*values_of(metric, shares)))
            none = rng.multinomial(ROWS, shares.ravel(), size=draws)
            none = none[none.reshape(-1, 2, 2, 2)[:, :, [0, 1], [1, 0]].sum((1, 2)) == 0]
            missed = sum(_bound(metric, counted) > -loss for counted in none)
            yield Missed(metric, kind, loss, missed / draws)


def _beyond(metric: str, first: float) -> float:
    """The least expected number of differing rows whose loss is beyond the bound."""
    base = shares_of("losses only", 0.0, first)
    least = -_bound(metric, np.rint(ROWS * base.ravel()).astype(int))
    for expected in np.linspace(0, 40, 401):
        shares = shares_of("losses only", float(expected), first)
        if -np.subtract(*values_of(metric, shares)) > 1.02 * least:
            return float(expected)
    return 40.0


def _bound(metric: str, counted: np.ndarray) -> float:
    """The lower bound of the change, of rows of which none differs."""
    label, old, new = np.unravel_index(np.repeat(np.arange(8), counted), (2, 2, 2))
    outputs = (Outputs(one.astype(np.uint8), None) for one in (new, old))
    rows = Rows(label.astype(np.uint8), *outputs)
    rows.classes = [0, 1]
    rows.weight = np.ones(len(rows))  # else recall is counted by rows
    evidence = of_difference(Measured(measure=0, slice=None, **measured(rows, ask(metric))), 1)
    if evidence is None:
        raise AssertionError("no bound")
    return evidence.bounds(ALPHA)[0]


def table(found: list[Missed]) -> str:
    """As Markdown; the nominal share is 5 %, at most."""
    lines = [
        "| metric | what is worse | true loss | lower bound misses |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| {one.metric} | {one.kind} | {one.loss:.4f} | {one.low:.2%} |" for one in found]
    return "\n".join(lines)
