"""The measurements, split once and for all into training and test rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split


class Split(NamedTuple):
    """Rows to learn from, and rows to judge by."""

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray


def load(seed: int, test_share: float) -> Split:
    """Equal shares of malignant tumours (label 1) on both sides."""
    bunch = load_breast_cancer()
    malignant = (bunch.target == 0).astype(int)
    train, test, train_labels, test_labels = train_test_split(
        bunch.data,
        malignant,
        test_size=test_share,
        random_state=int(seed),
        stratify=malignant,
    )
    return Split(train, train_labels, test, test_labels)
