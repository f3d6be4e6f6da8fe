"""ROC and calibration curves of a two-class model and its baseline, as figures; in the worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlgate.stats import proportions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgate.gates._model_rows import Rows

    Array = NDArray[Any]

_SAMPLE = 200_000
"""Rows that a picture is made of: every n-th where there are more."""
_POINTS = 51
_BINS = 10
_IN_A_BIN = 20
_ALPHA = 0.025

_Scored = dict[str, "Array"]
"""`model`, and `baseline` where there is one, to their scores."""


def curves(rows: Rows) -> Iterator[dict[str, Any]]:
    """Nothing where rows have weights, where scores are missing, or a class."""
    import numpy as np

    if rows.label is None or len(rows.classes) != 2 or rows.weight is not None:
        return
    step = -(-len(rows) // _SAMPLE)
    positive: Array = np.equal(rows.label[::step], rows.positive)
    found = {
        name: one.scores[::step].astype(float)
        for name, one in (("model", rows.new), ("baseline", rows.old))
        if one is not None and one.scores is not None and one.scores.ndim == 1
    }
    if "model" not in found or not positive.any() or positive.all():
        return
    of = f", every {step}th row" if step > 1 else ""
    yield _figure("roc", f"ROC curve{of}", _roc(positive, found))
    if all(scores.min() >= 0 and scores.max() <= 1 for scores in found.values()):
        columns = _calibration(positive, found)
        if columns:
            yield _figure("calibration", f"Calibration{of}", columns)


def _figure(kind: str, title: str, columns: dict[str, Array]) -> dict[str, Any]:
    rounded = {name: [round(float(v), 6) for v in values] for name, values in columns.items()}
    return {"kind": "figure", "id": kind, "title": title, "columns": rounded}


def _roc(positive: Array, found: _Scored) -> dict[str, Array]:
    """The true positive rate at evenly spaced false positive rates; ties are one step."""
    import numpy as np

    across = np.linspace(0, 1, _POINTS)
    columns = {"false_positive_rate": across}
    for name, scores in found.items():
        order = np.argsort(-scores, kind="stable")
        ordered, hits = scores[order], positive[order]
        last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
        true = np.append(0, np.cumsum(hits)[last]) / hits.sum()
        false = np.append(0, np.cumsum(~hits)[last]) / (~hits).sum()
        columns[name] = np.interp(across, false, true)
    return columns


def _calibration(positive: Array, found: _Scored) -> dict[str, Array]:
    """Groups of equal size by score: the mean score, and how many of them came true."""
    import numpy as np

    bins = min(_BINS, len(positive) // _IN_A_BIN)
    if bins < 2:
        return {}
    columns: dict[str, Array] = {}
    for name, scores in found.items():
        groups = np.array_split(np.argsort(scores, kind="stable"), bins)
        lead = "" if name == "model" else f"{name}_"
        columns[f"{lead}score"] = np.array([scores[group].mean() for group in groups])
        columns[f"{lead}rate"] = np.array([positive[group].mean() for group in groups])
        if name == "model":
            sure = [proportions.bounds(int(positive[g].sum()), len(g), _ALPHA) for g in groups]
            columns |= {"low": np.array(sure)[:, 0], "high": np.array(sure)[:, 1]}
            columns["rows"] = np.array([len(group) for group in groups])
    return columns
