"""Computes one metric of one slice for both models: the value, and what its bounds need."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlgate.gates._model_ask import Ask, kept
from mlgate.gates._model_few import errors, few
from mlgate.gates._model_metrics import AVERAGES
from mlgate.gates._model_quantile import windowed
from mlgate.gates._model_rows import Rows
from mlgate.gates._model_unseen import unseen
from mlgate.gates._model_values import valued
from mlgate.stats import rows as by_row
from mlgate.stats.estimates import Moments
from mlgate.stats.influences import by_cluster, moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Measured = dict[str, Any]


def measured(rows: Rows, ask: Ask) -> Measured:
    """Value of the new and the old model with moments, or counts where each row is right or wrong.

    `why` instead says why the metric has no value on these rows.
    """
    found: Measured = {"n": len(rows)}
    if rows.cluster is not None:
        found["clusters"] = int(rows.cluster.max()) + 1
    if rows.weight is not None and not rows.weight.any():
        return found | {"why": "no row here weighs anything"}
    found |= _classes_there(rows, ask)
    if "why" in found:
        return found
    if ask.metric == "quantile":
        return found | _ordered(rows, ask)
    hits = _hits(rows, ask)
    if hits is not None:
        return found | _counted(*hits)
    new = valued(rows, rows.new, ask, old=False)
    old = valued(rows, rows.old, ask, old=True) if _has_old(rows) else None
    if any(math.isinf(one[0]) for one in (new, old) if one):
        return found | {"why": _TOO_LARGE}
    found["new"] = new[0]
    if math.isnan(new[0]):
        return found
    if not len(new[1]):
        return found | ({"old": old[0]} if old else {})
    influences = [one[1] for one in (new, old) if one]
    found["off"] = max(one.off for one in influences)
    if rows.cluster is not None:
        influences = [by_cluster(one, rows.cluster, found["clusters"]) for one in influences]
    if ask.floors:
        found |= _floor_counts(rows, ask)
        found["of_new"] = moments(influences[0])
        found |= errors(rows, ask) or _recalls(rows, ask)
    found["bias"] = influences[0].bias
    if old is not None:
        found["old"] = old[0]
        spread = found["of_difference"] = moments(influences[0], influences[1])
        if not _still(spread, found["new"], _NOTHING):
            found |= few(rows, ask, (new[1], old[1]), new[0] - old[0], spread)
        if ask.relative is not None:
            found["of_relative"] = moments(
                influences[0], influences[1], kept(ask.relative, found["old"])
            )
    if any(_still(found.get(key), found["new"]) for key in ("of_new", "of_difference")):
        found["unseen"] = unseen(rows, ask)
    told = [found[key] for key in ("of_new", "of_difference", "of_relative") if key in found]
    if any(not math.isfinite(one.second + one.fourth) for one in told):
        return {key: found[key] for key in ("n", "clusters", "rarest") if key in found} | {
            "why": _TOO_LARGE
        }
    return found


_TOO_LARGE = "numbers are too large to be squared: give them in another unit"
_SMALL, _NOTHING = 1e-15, 1e-20


def _still(told: Moments | None, value: float, small: float = _SMALL) -> bool:
    """True if so little that it may be rounding."""
    return told is not None and told.second * told.units**2 <= small * max(value * value, 1.0)


def values(rows: Rows, ask: Ask) -> tuple[float, float]:
    """The metric of the new and of the old model; NaN where it has no value."""
    if (rows.weight is not None and not rows.weight.any()) or "why" in _classes_there(rows, ask):
        return float("nan"), float("nan")
    new = valued(rows, rows.new, ask, old=False)[0]
    if not _has_old(rows):
        return new, float("nan")
    return new, valued(rows, rows.old, ask, old=True)[0]


def _has_old(rows: Rows) -> bool:
    return rows.old is not None or any(old is not None for _, old in rows.columns.values())


def _classes_there(rows: Rows, ask: Ask) -> Measured:
    """How many rows the rarer of two classes has, or why the metric means nothing here."""
    if rows.label is None or not rows.classes:
        return {}
    counts = rows.of_class
    if rows.several:
        return _several(rows, ask, counts)
    there = [number for number in counts if number]
    if len(there) < 2 and ask.metric in ("roc_auc", "average_precision"):
        return {"why": f"all rows are of one class, so that {ask.metric} is not defined"}
    if len(rows.classes) == 2:
        return {"rarest": min(counts)}
    if ask.metric in AVERAGES and ask.average == "macro" and _said_alone(rows, counts):
        return {"rarest": 0}
    return {"rarest": min(there, default=0)}


def _said_alone(rows: Rows, counts: list[int]) -> bool:
    """True if a model says a class that no row is of: it then counts in a mean of classes."""
    import numpy as np

    absent = [at for at, number in enumerate(counts) if not number]
    told = [one.prediction for one in (rows.new, rows.old) if one and one.prediction is not None]
    return bool(absent) and any(bool(np.isin(one, absent).any()) for one in told)


def _several(rows: Rows, ask: Ask, counts: list[int]) -> Measured:
    """The same where rows have any number of classes."""
    if ask.of_class is not None:
        if ask.of_class not in rows.classes:
            return {"why": f"no row is of the class {ask.of_class}, by label or prediction"}
        own = counts[rows.classes.index(ask.of_class)]
        return {"rarest": min(own, len(rows) - own)}
    if ask.metric in AVERAGES and ask.average == "macro":
        return {"rarest": min(counts, default=0)}
    if ask.metric in AVERAGES and ask.average == "weighted":
        return {"rarest": min((number for number in counts if number), default=0)}
    return {}


def _hits(rows: Rows, ask: Ask) -> tuple[Array, Array | None] | None:
    """Where each row is right or wrong by itself, which rows are; of recall the positives only."""
    import numpy as np

    if rows.weight is not None or rows.cluster is not None:
        return None
    if ask.metric == "share":
        new, old = rows.columns[ask.column or ""]
        test = by_row.compared(ask.filter or "")
        return test(new), None if old is None else test(old)
    outputs = [one for one in (rows.new, rows.old) if one]
    if ask.metric == "accuracy":
        found = [one.prediction == rows.label for one in outputs]
        if rows.several:
            found = [one.all(1) for one in found]  # type: ignore[union-attr]  # arrays
    elif ask.metric == "recall" and ask.average == "binary":
        there: Array = np.equal(rows.label, rows.positive)  # type: ignore[arg-type]
        if not there.any():
            return None
        found = [one.prediction[there] == rows.positive for one in outputs]  # type: ignore[index]
    elif ask.metric == "top_k_accuracy":
        found = [by_row.top_k(rows.label, one.scores, ask.k) for one in outputs]  # type: ignore[arg-type]
    else:
        return None
    return found[0], found[1] if len(found) > 1 else None  # type: ignore[return-value]


def _counted(new: Array, old: Array | None) -> Measured:
    import numpy as np

    number = len(new)
    right = int(np.count_nonzero(new))
    found: Measured = {"new": right / number, "right": right, "of": number}
    if old is not None:
        found["old"] = int(np.count_nonzero(old)) / number
        found["gained"] = int(np.count_nonzero(new & ~old))
        found["lost"] = int(np.count_nonzero(old & ~new))
    return found


def _ordered(rows: Rows, ask: Ask) -> Measured:
    """A quantile of each side, and the values that bound it."""
    new, old = rows.columns[ask.column or ""]
    found: Measured = {}
    found["new"], found["ordered"] = windowed(new, ask.quantile)
    if old is not None:
        found["old"], found["ordered_old"] = windowed(old, ask.quantile)
    return found


def _recalls(rows: Rows, ask: Ask) -> Measured:
    """Of each class that is there how many rows are right, of how many."""
    import numpy as np

    if ask.metric != "balanced_accuracy" or rows.weight is not None or rows.cluster is not None:
        return {}
    right = np.equal(rows.label, rows.new.prediction)  # type: ignore[arg-type]  # both are there
    hits = np.bincount(rows.label[right], minlength=len(rows.classes)).tolist()  # type: ignore[index]  # of classes
    return {"recalls": [one for one in zip(hits, rows.of_class, strict=True) if one[1]]}


def _floor_counts(rows: Rows, ask: Ask) -> Measured:
    """Precision is a share of the predicted positives; F1 is 2 j / (1 + j) of the share j of hits
    among hits, misses and false alarms. Both then have a proportion's bounds."""
    import numpy as np

    if ask.average != "binary" or rows.weight is not None or rows.cluster is not None:
        return {}
    if ask.metric not in ("precision", "f1") or rows.new.prediction is None:
        return {}
    predicted, true = rows.new.prediction == rows.positive, rows.label == rows.positive
    hits = int(np.count_nonzero(predicted & true))
    among = predicted if ask.metric == "precision" else predicted | true
    return {"right": hits, "of": int(np.count_nonzero(among))}
