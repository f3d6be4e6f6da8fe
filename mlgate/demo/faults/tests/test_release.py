"""What must hold before a release."""

from __future__ import annotations

from diagnosis import data, evaluate, model


def test_no_tumour_is_missed():
    split = data.load(seed=20, test_share=0.3)
    learned = model.fit(split.train, split.train_labels, regularisation=0.1)
    assert evaluate.metrics(learned, split, threshold=0.5)["recall"] == 1.0
