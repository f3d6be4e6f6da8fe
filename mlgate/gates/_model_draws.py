"""A seeded bootstrap of the whole table: rows, or clusters, drawn with replacement; in the worker.

Percentile intervals (Efron and Tibshirani 1993, An Introduction to the Bootstrap, 13): for metrics
whose influence is not known, or who wants them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlgate.gates._model_ask import Ask, kept
from mlgate.gates._model_coded import factored
from mlgate.gates._model_measure import values
from mlgate.gates._model_metrics import metric_named
from mlgate.gates._model_rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def resampled(rows: Rows, asks: list[Ask], draws: int, seed: int) -> dict[int, dict[str, Any]]:
    """By measure the sorted values of the new model over all draws, and of the differences."""
    import numpy as np

    found: dict[int, list[tuple[float, float]]] = {
        at: [] for at, ask in enumerate(asks) if not metric_named(ask.metric).rates
    }
    for places, drawn in _resampled(rows, draws, np.random.default_rng(seed)):
        part = rows.take(places)
        if rows.query is not None:  # one that is drawn twice counts as two
            part.query = factored(drawn * len(rows) + rows.query[places])[0]
        for at, told in found.items():
            told.append(values(part, asks[at]))
    return {at: _sorted(np.array(told), asks[at]) for at, told in found.items()}


def _resampled(rows: Rows, draws: int, rng: Any) -> Iterator[tuple[Array, Array]]:
    """Of each draw the rows' places, and which of the drawn rows, or clusters, each is of."""
    import numpy as np

    if rows.cluster is None:
        for _ in range(draws):
            yield rng.integers(0, len(rows), len(rows)), np.arange(len(rows))
        return
    order = np.argsort(rows.cluster, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(rows.cluster))[:-1])
    for _ in range(draws):
        found = [parts[at] for at in rng.integers(0, len(parts), len(parts))]
        yield np.concatenate(found), np.repeat(np.arange(len(parts)), [len(one) for one in found])


def _sorted(told: Array, ask: Ask) -> dict[str, Any]:
    """NaN, where a draw held one class only, makes the bounds say nothing on either side."""
    import numpy as np

    new, old = told[:, 0], told[:, 1]
    if np.isnan(new).any():
        return {"why": "a bootstrap draw holds one class only, so that the metric has no value"}
    found: dict[str, Any] = {"draws": np.sort(new).tolist()}
    if not np.isnan(old).any():
        found["draws_of_difference"] = np.sort(new - old).tolist()
        if ask.relative is not None:
            share = kept(ask.relative, float(old.mean()))
            found["draws_of_relative"] = np.sort(new - share * old).tolist()
    return found
