"""Rankings: values are scikit-learn's, bounds are over queries, bad tables are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score
from test_model_rest import judged, of

from mlgate.core.errors import GateError
from mlgate.gates import model
from mlgate.stats import rows

COLUMNS = {"id": ["query", "doc"], "query": "query", "label": "gain", "score": "score"}
RULE = {"metric": "ndcg_at_k", "k": 5, "max_drop": 0.05}


@given(st.integers(0, 10_000), st.integers(1, 8), st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_value_is_scikit_learns(seed: int, k: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    gain = rng.integers(0, 4, (12, 7)).astype(float)
    gain[0] = 0
    score = rng.normal(size=(12, 7))
    score = np.round(score) if ties else score
    places = rng.permutation(84)
    query = np.repeat(np.arange(12), 7)
    found = rows.ndcg(query[places], gain.ravel()[places], score.ravel()[places], k)
    assert found.mean() == pytest.approx(ndcg_score(gain, score, k=k), abs=1e-9)


def table(noise: float, queries: int = 120, gain: str = "") -> str:
    rng = np.random.default_rng(3)
    lines = ["query,doc,gain,score"]
    for at in range(queries):
        for doc, value in enumerate(rng.integers(0, 4, 8)):
            score = value + noise * rng.normal()
            lines.append(f"q{at},{doc},{gain or value},{score:.6f}")
    return "\n".join(lines) + "\n"


def said(folder: Path, new: str, old: str | None, **more: Any) -> list[Any]:
    return judged(folder, "p.csv", new, old, **(COLUMNS | {"require": [RULE]} | more))


@pytest.mark.parametrize(("noise", "result"), [(0.8, "pass"), (5.0, "fail")])
def test_a_ranking_is_judged_by_its_queries(tmp_path: Path, noise: float, result: str) -> None:
    (drop,) = of(said(tmp_path, table(noise, 400), table(0.75, 400)), "max-drop")
    assert drop.result == result
    assert drop.measurement and drop.measurement.method == "cluster-robust, t"


def test_few_queries_that_are_ranked_otherwise_have_bounds_of_their_own(tmp_path: Path) -> None:
    """All scores move; six of 120 queries do."""
    lines = table(0.01).splitlines()
    moved = [lines[0]]
    for line in lines[1:]:
        query, doc, gain, score = line.split(",")
        turned = -1 if int(query[1:]) < 6 else 1.1
        moved.append(f"{query},{doc},{gain},{turned * float(score) + 0.2:.6f}")
    (drop,) = of(said(tmp_path, "\n".join(moved) + "\n", table(0.01)), "max-drop")
    told = drop.measurement
    assert told and told.method == "few discordant rows, beta"
    assert told.low is not None and told.value is not None and told.low < told.value < -0.01


def test_few_queries_are_not_judged(tmp_path: Path) -> None:
    (drop,) = of(said(tmp_path, table(0.5, 20), table(0.4, 20)), "max-drop")
    assert drop.result == "open" and "20 clusters" in drop.message


def test_negative_gains_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="negative gains"):
        said(tmp_path, table(0.5, gain="-1"), table(0.5))


@pytest.mark.parametrize(
    "more",
    [{"query": None}, {"weight": "w"}, {"score": ["a", "b"]}, {"require": [{"metric": "r2"}]}],
)
def test_what_means_nothing_is_refused(more: dict[str, Any]) -> None:
    told = COLUMNS | {"task": "ranking", "predictions": "p.csv", "require": [RULE]} | more
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(told, model.Options)
