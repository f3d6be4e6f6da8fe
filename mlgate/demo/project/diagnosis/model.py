"""A logistic regression on standardised columns, kept as plain numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler


class Model(NamedTuple):
    """Weights for standardised columns; a JSON file runs no code when it is read."""

    mean: list[float]
    scale: list[float]
    weights: list[float]
    bias: float

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """The probability that each row is malignant."""
        standardised = (rows - np.array(self.mean)) / np.array(self.scale)
        return 1 / (1 + np.exp(-(standardised @ np.array(self.weights) + self.bias)))


def fit(rows: np.ndarray, labels: np.ndarray, regularisation: float) -> Model:
    """The model that fits best, shrunk by `regularisation`."""
    scaler = StandardScaler().fit(rows)
    learned = LogisticRegression(C=regularisation, max_iter=500)
    learned.fit(scaler.transform(rows), labels)
    return Model(
        mean=scaler.mean_.tolist(),
        scale=scaler.scale_.tolist(),
        weights=learned.coef_[0].tolist(),
        bias=float(learned.intercept_[0]),
    )


def save(model: Model, path: Path) -> None:
    """Write the model as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(model._asdict(), indent=2) + "\n", encoding="utf-8")


def load(path: Path) -> Model:
    """Read what `save` wrote."""
    return Model(**json.loads(path.read_text(encoding="utf-8")))
