"""What the few rows on which two models differ come to; in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.gates._model_ask import Ask
from mlgate.gates._model_metrics import AVERAGES, is_custom, metric_named
from mlgate.gates._model_rows import Outputs, Rows
from mlgate.gates._model_values import cell_metric
from mlgate.stats.estimates import Moments
from mlgate.stats.influences import Influence, carrying
from mlgate.stats.sparse import FEW, Sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_BOUNDED = ("share", "top_k_accuracy", "brier_score", "hamming_loss", "ndcg_at_k")
"""Means of what lies between 0 and 1 in each row, or query."""

_SLIGHT = {"roc_auc": 0.02, "average_precision": 0.05}
"""Of the most that a row changes the share that counts, so that what all scores tremble does not:
chosen by simulation (benchmarks/model/ranks.py). Average precision has heavier tails."""


def few(
    rows: Rows, ask: Ask, sides: tuple[Influence, Influence], moved: float, spread: Moments
) -> dict[str, Any]:
    """The number of discordant rows (or clusters) where it is small, and what they change where
    that can be bounded; nothing where they are many. `spread` is of the difference, `moved` its
    value."""
    import numpy as np

    flat = _flat(spread)
    if ask.metric in _SLIGHT:
        units = 0 if flat else _moving(rows, ask, sides)
        return {"discordant": units} if 0 < units < FEW else {}
    if rows.query is not None:
        places = np.unique(rows.query, return_index=True)[1]
    else:
        if flat and len(rows) > _FIRST and _many(rows.take(slice(0, _FIRST)), ask):
            return {}
        places = np.flatnonzero(_differ(rows, ask))
    if flat and _units(rows, places) >= FEW:
        return {}
    changed, most = _changes(rows, ask, sides, moved, places)
    if changed is not None:
        there = np.abs(changed) > _ROUNDING * np.abs(changed).max(initial=0.0)
        places, changed = places[there], changed[there]
    units = _units(rows, places)
    if not 0 < units < FEW:
        return {}
    found: dict[str, Any] = {"discordant": units}
    if changed is not None and most is not None:
        found["sparse"] = _sparse(rows, places, changed, most)
    return found


_ROUNDING = 1e-9
_FIRST = 1 << 16
"""Rows looked at before all the others."""


def _many(rows: Rows, ask: Ask) -> bool:
    """True if enough of these rows are discordant."""
    import numpy as np

    return _units(rows, np.flatnonzero(_differ(rows, ask))) >= FEW


def _flat(spread: Moments) -> bool:
    """True if so many rows share in the difference that there is no need to count them, or if it
    is nothing but rounding."""
    return spread.second**2 >= 2 * FEW * spread.fourth


def _moving(rows: Rows, ask: Ask, sides: tuple[Influence, Influence]) -> int:
    """How many rows (or clusters) are ranked otherwise."""
    around = {"weight": rows.weight, "cluster": rows.cluster}
    return carrying(*sides, rows.label, _SLIGHT[ask.metric], **around)  # type: ignore[arg-type]  # rows of classes have labels


def _changes(
    rows: Rows, ask: Ask, sides: tuple[Influence, Influence], moved: float, places: Array
) -> tuple[Array | None, float | None]:
    """What each of the differing rows adds to the difference, where that can be told row by row,
    and the most that a row can, where something bounds it."""
    import numpy as np

    if _of_cells(rows, ask):
        sides_said = tuple(one.prediction for one in (rows.new, rows.old) if one is not None)
        return _cells(rows, _slopes(rows, ask, sides_said), places)
    most = _most(rows, ask)
    if most is None:
        return None, None
    mass = np.ones(len(rows)) if rows.weight is None else rows.weight
    if rows.query is not None:
        mass = np.bincount(places, minlength=len(rows)).astype(float)
    share = mass / mass.sum()
    part = sides[0].part(0, len(rows)) - sides[1].part(0, len(rows)) + share * moved
    return part[places], most / float(mass.sum())


def errors(rows: Rows, ask: Ask) -> dict[str, Any]:
    """What the few errors of the new model take from the metric; nothing where they are many, or
    where they alone do not tell it."""
    import numpy as np

    if not _of_cells(rows, ask) or rows.label is None or rows.new.prediction is None:
        return {}
    places = np.flatnonzero(rows.label != rows.new.prediction)
    if not 0 < _units(rows, places) < FEW:
        return {}
    label, said = rows.label[places], rows.new.prediction[places]
    slopes = _slopes(rows, ask, (rows.new.prediction, rows.label))
    if not np.isfinite(slopes).all():
        return {}
    changed = _weighed(rows, places, slopes[label, said] - slopes[label, label])
    return {"errors": _sparse(rows, places, changed, _widest(slopes))}


def _differ(rows: Rows, ask: Ask) -> Array:
    """True for each row of which the two models say what the metric tells apart."""
    import numpy as np

    if ask.column in rows.columns and metric_named(ask.metric).needs == "value":
        new, old = rows.columns[ask.column]
        differ: Array = np.not_equal(new, old)  # type: ignore[arg-type]  # both are there
        return differ
    by_score = metric_named(ask.metric).needs in ("score", "probability")
    pairs = [(_said(rows.new, by_score), _said(rows.old, by_score))]
    if is_custom(ask.metric):
        pairs = [(_said(rows.new, one), _said(rows.old, one)) for one in (False, True)]
    found: Array = np.zeros(len(rows), dtype=bool)
    for one, other in pairs:
        if one is not None and other is not None:
            different = one != other
            found |= different.any(1) if different.ndim == 2 else different
    return found


def _said(outputs: Outputs | None, by_score: bool) -> Array | None:
    if outputs is None:
        return None
    return outputs.scores if by_score else outputs.prediction


def _of_cells(rows: Rows, ask: Ask) -> bool:
    """True for metrics of the confusion matrix."""
    one = metric_named(ask.metric)
    classes = rows.label is not None and bool(rows.classes) and not rows.several
    return classes and one.needs == "prediction" and not is_custom(ask.metric)


def _slopes(rows: Rows, ask: Ask, sides: tuple[Array | None, ...]) -> Array:
    """What a row of each cell adds to the metric, halfway between two predictions: a row on which
    they agree then adds nothing to their difference."""
    import numpy as np

    classes = len(rows.classes)
    mass = np.ones(len(rows)) if rows.weight is None else rows.weight
    counts = np.zeros(classes**2)
    for said in sides:
        cell = rows.label.astype(np.int64) * classes + said  # type: ignore[union-attr,operator]  # both are there
        counts += np.bincount(cell, weights=mass / 2, minlength=classes**2)
    return cell_metric(rows, ask)(counts.reshape(classes, classes))[1]


def _cells(rows: Rows, slopes: Array, places: Array) -> tuple[Array, float]:
    """What each discordant row changes, and the most that a row of weight 1 can."""
    label = rows.label[places]  # type: ignore[index]  # rows of classes have labels
    new, old = (
        slopes[label, side.prediction[places]]  # type: ignore[union-attr,index]  # both are there
        for side in (rows.new, rows.old)
    )
    return _weighed(rows, places, new - old), _widest(slopes)


def _weighed(rows: Rows, places: Array, changed: Array) -> Array:
    return changed if rows.weight is None else changed * rows.weight[places]


def _widest(slopes: Array) -> float:
    return float((slopes.max(1) - slopes.min(1)).max())


def _units(rows: Rows, places: Array) -> int:
    """How many rows these are, or how many clusters they are of."""
    import numpy as np

    if rows.cluster is None:
        return len(places)
    return int(np.count_nonzero(np.bincount(rows.cluster[places])))


def _most(rows: Rows, ask: Ask) -> float | None:
    """The most that one row of weight 1 moves its own value; None where nothing bounds that."""
    import numpy as np

    if ask.metric in _BOUNDED or (ask.metric == "accuracy" and rows.several):
        return 1.0
    if ask.metric in AVERAGES and ask.average == "samples":
        return 1.0
    if ask.metric == "log_loss" and rows.new.scores is not None:
        return -float(np.log(np.finfo(rows.new.scores.dtype).eps))
    return None


def _sparse(rows: Rows, places: Array, changed: Array, most: float) -> Sparse:
    """Gains and losses of rows, or of clusters."""
    import numpy as np

    mass = np.ones(len(rows)) if rows.weight is None else rows.weight
    units = len(rows)
    if rows.cluster is not None:
        mass = np.bincount(rows.cluster, weights=mass)
        units = len(mass)
        if rows.query is not None:
            mass = np.ones(units)
        _, own = np.unique(rows.cluster[places], return_inverse=True)
        changed = np.bincount(own, weights=changed)
    gains, losses = changed[changed > 0], -changed[changed < 0]
    return Sparse(
        units=units,
        gained=float(gains.sum()),
        gained_squares=float(gains @ gains),
        lost=float(losses.sum()),
        lost_squares=float(losses @ losses),
        heaviest=float(most * mass.max()),
    )
