"""The worker of the `model` gate: one request on standard input, aggregates as JSON lines back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from mlgate.core.answering import serve
from mlgate.gates._model_ask import Ask
from mlgate.gates._model_assemble import read
from mlgate.gates._model_curves import curves
from mlgate.gates._model_draws import resampled
from mlgate.gates._model_groups import rates
from mlgate.gates._model_measure import measured
from mlgate.gates._model_metrics import metric_named
from mlgate.gates._model_refused import Refused
from mlgate.gates._model_rows import Rows
from mlgate.stats.tallies import placed, tally


def answers(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the tables come to, or that they are refused and why."""
    try:
        rows = read(request)
        asks = [Ask(one) for one in request["measures"]]
        yield {"kind": "rows", "n": len(rows), "churn": rows.churn, "equal": equal(rows)}
        if rows.invalid:
            yield {"kind": "invalid", "of": rows.judged, "lacking": rows.invalid}
        draws = resampled(rows, asks, **request["bootstrap"]) if request["bootstrap"] else {}
        for one in _measures(rows, asks, None):
            yield one | draws.get(one["measure"], {})
        for measure, (names, codes) in rows.groups.items():
            for rate in metric_named(asks[measure].metric).rates:
                groups = rates(rows, rate, names, codes)
                yield {"kind": "groups", "measure": measure, "rate": rate, "groups": groups}
        yield from curves(rows)
        for names, codes in rows.slices:
            yield from _sliced(rows, asks, names, codes, request["min_rows"])
    except Refused as error:
        told = {"other_rows": error.other_rows, "names_only": error.names_only}
        yield refused(error.message, error.hint) | told
    except ImportError as error:
        yield refused(f"{error.name} is not installed", "pip install 'mlgate[model]'")


def refused(message: str, hint: str | None) -> dict[str, Any]:
    """Why the tables cannot be judged."""
    told = {"other_rows": False, "names_only": True}
    return {"kind": "refused", "message": message, "hint": hint, **told}


def equal(rows: Rows) -> bool:
    """True if both models say the same of every row."""
    import numpy as np

    pairs: list[tuple[Any, Any]] = [*rows.columns.values()]
    if rows.old is not None:
        pairs += [(rows.new.prediction, rows.old.prediction), (rows.new.scores, rows.old.scores)]
    told = [(new, old) for new, old in pairs if new is not None and old is not None]
    return len(told) > 0 and all(np.array_equal(new, old) for new, old in told)


def _measures(rows: Rows, asks: list[Ask], name: str | None) -> Iterator[dict[str, Any]]:
    for number, ask in enumerate(asks):
        if metric_named(ask.metric).rates:
            continue
        found = measured(rows, ask)
        if "churn" not in found:
            found["churn"] = rows.churn
        yield {"kind": "measure", "measure": number, "slice": name, **found}


def _sliced(
    rows: Rows, asks: list[Ask], names: list[str], codes: Any, least: int
) -> Iterator[dict[str, Any]]:
    """Each slice, rows put together once; those with too few rows are only named."""
    import numpy as np

    counts = tally(codes, len(names))
    ends = np.cumsum(counts)
    together = rows.moved(placed(codes, ends - counts))
    for at, name in enumerate(names):
        start, end = int(ends[at] - counts[at]), int(ends[at])
        if end == start:
            continue
        if end - start < least:
            yield {"kind": "small", "slice": name, "n": end - start}
            continue
        part = together.take(slice(start, end))
        yield from _measures(part, asks, name)


if __name__ == "__main__":
    # Sums of products are split over threads that wait for each other: on a busy machine most of
    # the processor time went into the waiting.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    serve(answers)
