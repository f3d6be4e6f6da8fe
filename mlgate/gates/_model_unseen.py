"""What rows of which none is discordant can keep unseen, metric by metric; in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.gates._model_ask import Ask
from mlgate.gates._model_metrics import AVERAGES
from mlgate.gates._model_rows import Outputs, Rows
from mlgate.stats.unseen import Form, Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_BOUNDED = ("accuracy", "share", "top_k_accuracy", "brier_score", "hamming_loss")
"""Means of what lies between 0 and 1 in each row."""
_FORMS: dict[str, Form] = {
    "recall": "share", "precision": "ratio", "jaccard": "ratio", "f1": "f1",
}  # fmt: skip


def unseen(rows: Rows, ask: Ask) -> list[Part]:
    """Of the new model, and of the old one too where its answers are others; empty where nothing
    bounds what an unseen row does."""
    found = _parts(rows, rows.new, ask)
    if found and rows.old is not None and not _same(rows.new, rows.old):
        found += _parts(rows, rows.old, ask)
    return found


def _same(new: Outputs, old: Outputs) -> bool:
    import numpy as np

    pairs = ((new.prediction, old.prediction), (new.scores, old.scores))
    return all(one is other or np.array_equal(one, other) for one, other in pairs)  # type: ignore[arg-type]  # both or none


def _parts(rows: Rows, outputs: Outputs, ask: Ask) -> list[Part]:
    import numpy as np

    everywhere: Array = np.ones(len(rows))
    if ask.metric in _BOUNDED or (ask.metric in AVERAGES and ask.average == "samples"):
        return [_part(rows, everywhere)]
    if ask.metric == "log_loss" and outputs.scores is not None:
        most = -float(np.log(np.finfo(outputs.scores.dtype).eps))
        return [_part(rows, everywhere, weight=most)]
    if ask.metric == "ndcg_at_k" and rows.query is not None:
        _, first = np.unique(rows.query, return_index=True)
        return [_part(rows, np.bincount(first, minlength=len(rows)).astype(float))]
    if ask.metric in AVERAGES:
        return _averaged(rows, outputs, ask)
    if ask.metric == "balanced_accuracy":
        there = [own for own, _ in _classes(rows, outputs) if own.any()]
        if len(there) < 2:  # of the other class nothing is known
            return []
        return [_part(rows, own, weight=1 / len(there)) for own in there]
    if ask.metric in ("roc_auc", "average_precision"):
        return _ranked(rows, ask.metric)
    return []


def _part(rows: Rows, own: Array, weight: float = 1.0, form: Form = "share") -> Part:
    masses = _masses(rows, own)
    masses = masses[masses > 0]
    reach = float(masses.max() / masses.mean()) if len(masses) else 1.0
    return Part(units=len(masses), reach=reach, weight=weight, form=form)


def _masses(rows: Rows, own: Array) -> Array:
    """What each row, or cluster, weighs among those that count for a metric."""
    import numpy as np

    mass: Array = own.sum(1, dtype=float) if own.ndim == 2 else own.astype(float)
    if rows.weight is not None:
        mass = mass * rows.weight
    return mass if rows.cluster is None else np.bincount(rows.cluster, weights=mass)


def _classes(rows: Rows, outputs: Outputs) -> list[tuple[Array, Array]]:
    """For each class which rows are of it, by label and by prediction."""
    import numpy as np

    label, told = rows.label, outputs.prediction
    if rows.several:
        pairs = zip(label.T == 1, told.T == 1, strict=True)  # type: ignore[union-attr]  # matrices
        return list(pairs)
    return [
        (np.equal(label, at), np.equal(told, at))  # type: ignore[arg-type]  # of classes
        for at in range(len(rows.classes))
    ]


def _averaged(rows: Rows, outputs: Outputs, ask: Ask) -> list[Part]:
    """Precision, recall, f1 and jaccard, each on the rows of its own denominator."""
    import numpy as np

    owns = [_own(ask.metric, *one) for one in _classes(rows, outputs)]
    form = _FORMS[ask.metric]
    if ask.of_class is not None:
        return [_part(rows, owns[rows.classes.index(ask.of_class)], form=form)]
    if ask.average == "binary":
        return [_part(rows, owns[rows.positive], form=form)]
    if ask.average == "micro":
        return [_part(rows, np.stack(owns, axis=1), form=form)]
    true = [_masses(rows, label).sum() for label, _ in _classes(rows, outputs)]
    there = [at for at, one in enumerate(_classes(rows, outputs)) if (one[0] | one[1]).any()]
    share = {
        at: float(true[at] / sum(true)) if ask.average == "weighted" else 1 / len(there)
        for at in there
    }
    return [_part(rows, owns[at], weight=share[at], form=form) for at in there if share[at]]


def _own(metric: str, label: Array, told: Array) -> Array:
    if metric == "recall":
        return label
    return told if metric == "precision" else label | told


def _ranked(rows: Rows, metric: str) -> list[Part]:
    """Of each class against the rest, where there are more than two."""
    import numpy as np

    several = rows.new.scores is not None and rows.new.scores.ndim == 2
    classes = range(len(rows.classes)) if several else (rows.positive,)
    found = []
    for at in classes:
        positive: Array = np.equal(rows.label, at)  # type: ignore[arg-type]  # of classes
        one = _precise if metric == "average_precision" else _paired
        found.append(one(_masses(rows, positive), _masses(rows, ~positive), 1 / len(classes)))
    return found


def _paired(positive: Array, negative: Array, weight: float) -> Part:
    """A pair of a positive and a negative is discordant or not; so many of them share no row.
    Clusters have both, and are paired with one another."""
    shared = bool(((positive > 0) & (negative > 0)).any())
    if shared:
        reach = positive.max() / positive.mean() * negative.max() / negative.mean()
        return Part(units=len(positive) // 2, reach=float(reach), weight=weight)
    one, other = positive[positive > 0], negative[negative > 0]
    reach = one.max() / one.mean() * other.max() / other.mean()
    return Part(units=min(len(one), len(other)), reach=float(reach), weight=weight)


def _precise(positive: Array, negative: Array, weight: float) -> Part:
    one, other = positive[positive > 0], negative[negative > 0]
    return Part(
        units=len(one),
        reach=float(one.max() / one.mean()),
        weight=weight,
        form="average_precision",
        others=len(other),
        others_reach=float(other.max() / other.mean() * other.sum() / one.sum()),
    )
