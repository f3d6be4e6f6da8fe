"""What the model must be able to do."""

from __future__ import annotations

import numpy as np
import pytest

from diagnosis import data, evaluate, model, params


@pytest.fixture(scope="module")
def split():
    return data.load(seed=20, test_share=0.3)


@pytest.fixture(scope="module")
def learned(split):
    return model.fit(split.train, split.train_labels, regularisation=0.1)


def test_no_row_is_on_both_sides(split):
    train = {row.tobytes() for row in split.train}
    assert not any(row.tobytes() in train for row in split.test)


def test_both_sides_have_equal_shares(split):
    difference = split.train_labels.mean() - split.test_labels.mean()
    assert abs(difference) < 0.01


def test_it_tells_tumours_apart(learned, split):
    found = evaluate.metrics(learned, split, threshold=0.5)
    assert found["roc_auc"] > 0.98
    assert found["recall"] > 0.9


def test_a_saved_model_scores_the_same(learned, split, tmp_path):
    model.save(learned, tmp_path / "m.json")
    again = model.load(tmp_path / "m.json")
    assert np.array_equal(again.scores(split.test), learned.scores(split.test))


def test_parameters_are_numbers():
    assert all(isinstance(value, (int, float)) for value in params.load().values())
