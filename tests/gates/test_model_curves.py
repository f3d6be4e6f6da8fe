"""Curves of a model and its baseline are those of scikit-learn, and stay with the verdict."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from projects import Project
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_curve

from mlgate import testing
from mlgate.core.finding import Figure
from mlgate.gates import _model_curves as drawn
from mlgate.gates._model_rows import Outputs, Rows
from mlgate.runner import facts

ROWS = 4_000
KIND = np.random.default_rng(7)


def rows(count: int = ROWS, ties: int | None = None, baseline: bool = True) -> Rows:
    """Labels of two classes, and scores that tell them apart somewhat."""
    label = KIND.integers(0, 2, count)

    def scores(noise: float) -> Outputs:
        said = 1 / (1 + np.exp(-(label - 0.5 + KIND.normal(0, noise, count))))
        return Outputs(None, np.round(said, ties) if ties else said)

    found = Rows(label, scores(0.8), scores(1.5) if baseline else None)
    found.classes = ["no", "yes"]
    return found


def figures(given: Rows) -> dict[str, dict]:
    return {one["id"]: one for one in drawn.curves(given)}


@pytest.mark.parametrize("ties", [None, 1])
def test_the_roc_curves_are_those_of_scikit_learn(ties):
    given = rows(ties=ties)
    columns = figures(given)["roc"]["columns"]
    across = columns["false_positive_rate"]
    for name, one in (("model", given.new), ("baseline", given.old)):
        false, true, _ = roc_curve(given.label, one.scores, drop_intermediate=False)
        first = np.interp(across, false, true)
        inner = [i for i, x in enumerate(across) if x not in false]
        assert np.allclose(np.array(columns[name])[inner], first[inner], atol=1e-6)
        assert (columns[name][0], columns[name][-1]) == (
            pytest.approx(true[false == 0].max(), abs=1e-6),
            1,
        )


def test_the_calibration_is_that_of_scikit_learn_within_its_bounds():
    given = rows()
    columns = figures(given)["calibration"]["columns"]
    rate, said = calibration_curve(given.label, given.new.scores, n_bins=10, strategy="quantile")
    assert np.allclose(columns["score"], said, atol=1e-3)
    assert np.allclose(columns["rate"], rate, atol=5e-3)
    assert sum(columns["rows"]) == ROWS
    low, mid, high = (np.array(columns[name]) for name in ("low", "rate", "high"))
    assert ((low < mid) & (mid < high)).all()
    assert {"baseline_score", "baseline_rate"} <= columns.keys()


def test_the_positive_class_may_be_the_first():
    given = rows()
    turned = Rows(1 - given.label, given.new, given.old)
    turned.classes, turned.positive = given.classes, 0
    assert figures(turned)["roc"]["columns"] == figures(given)["roc"]["columns"]


def test_without_a_baseline_there_is_one_curve():
    columns = figures(rows(baseline=False))["roc"]["columns"]
    assert set(columns) == {"false_positive_rate", "model"}


def test_scores_that_are_no_probabilities_have_no_calibration():
    given = rows()
    given.old.scores = given.old.scores * 5
    assert set(figures(given)) == {"roc"}


def test_few_rows_have_no_calibration():
    assert set(figures(rows(30))) == {"roc"}


@pytest.mark.parametrize("what", ["one class", "three classes", "weights", "no scores", "no label"])
def test_nothing_is_drawn_of(what):
    given = rows()
    if what == "one class":
        given.label[:] = 1
    elif what == "three classes":
        given.classes = ["a", "b", "c"]
    elif what == "weights":
        given.weight = np.ones(ROWS)
    elif what == "no scores":
        given.new = Outputs(given.label, None)
    else:
        given = Rows(None, given.new, given.old)
    assert figures(given) == {}


def test_of_many_rows_every_nth_is_drawn_and_that_is_said(monkeypatch):
    monkeypatch.setattr(drawn, "_SAMPLE", 1_000)
    found = figures(rows())
    assert found["roc"]["title"] == "ROC curve, every 4th row"
    assert sum(found["calibration"]["columns"]["rows"]) == 1_000


# -- in a report -----------------------------------------------------------------------------------


POLICY = """\
[gates.churn]
kind = "model"
task = "binary"
predictions = "p.csv"
label = "label"
score = "score"
[[gates.churn.require]]
metric = "roc_auc"
min = 0.5
"""


def test_figures_are_recalled_from_the_cache_and_drawn(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("MLGATE_CACHE_DIR", str(tmp_path / "store"))
    given = rows(400)
    lines = [f"{a},{b:.6f}" for a, b in zip(given.label, given.new.scores, strict=True)]
    project = Project(tmp_path / "project")
    project.put({"mlgate.toml": POLICY, "p.csv": "label,score\n" + "\n".join(lines) + "\n"})
    project.commit("a model")
    told = []
    for _ in range(2):
        ended = project.run("check", "--format", "json", "--format", "html:../report.html")
        assert ended.code == 0, ended.out + ended.err
        told.append(json.loads(ended.out)["verdicts"][0])
    assert [verdict["cached"] for verdict in told] == [False, True]
    assert [one["id"] for one in told[0]["figures"]] == ["roc", "calibration"]
    assert told[0]["figures"] == told[1]["figures"]
    page = (tmp_path / "report.html").read_text()
    assert "ROC curve" in page
    assert "Calibration" in page


def test_figures_beyond_64_kib_are_left_out_and_others_are_kept(tmp_path: Path):
    kept = facts.Facts(testing.FolderSnapshot(tmp_path), conceals=False)
    sizes = {"first": 3_000, "large": 6_000, "second": 3_000}
    kept.add(
        Figure(id=name, title=name, kind="curve", columns={"x": [0.5] * size})
        for name, size in sizes.items()
    )
    assert [one.id for one in kept.figures] == ["first", "second"]
    assert sum(9 * len(one.columns["x"]) for one in kept.figures) < facts._DRAWN == 65_536
