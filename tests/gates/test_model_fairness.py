"""Fairness: rates beside Fairlearn's, every pair of groups judged, small groups named."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlgate import testing
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates import _model_fairness as fairness
from mlgate.gates import model
from mlgate.gates._model_groups import rates
from mlgate.gates._model_metrics import RATES
from mlgate.gates._model_rows import Outputs, Rows
from mlgate.stats import two_samples


def drawn(seed: int, *, weighted: bool = False, clustered: bool = False) -> tuple[Rows, Any]:
    rng = np.random.default_rng(seed)
    n, groups = int(rng.integers(20, 200)), int(rng.integers(2, 6))
    rows = Rows(rng.integers(0, 2, n).astype(np.uint8), Outputs(rng.integers(0, 2, n), None), None)
    rows.classes = [0, 1]
    rows.weight = rng.random(n) + 0.1 if weighted else None
    rows.cluster = rng.integers(0, 10, n) if clustered else None
    codes = rng.integers(0, groups, n)
    codes[:groups] = np.arange(groups)
    return rows, codes


def pairs_of(rows: Rows, codes: Any, name: str, ratio: bool) -> list[fairness.Pair]:
    names = [f"g={at}" for at in range(int(codes.max()) + 1)]
    found = []
    for rate in RATES[name]:
        told = {"measure": 0, "rate": rate, "groups": rates(rows, rate, names, codes)}
        one = msgspec.convert(told, fairness.Rates)
        there = [at for at, group in enumerate(one.groups) if group.of]
        found += [
            fairness.Pair(rates=one, first=a, second=b, ratio=ratio)
            for a in there for b in there if a < b
        ]  # fmt: skip
    return found


@given(st.integers(0, 2**31), st.booleans())
@settings(max_examples=20, deadline=None)
def test_every_value_is_fairlearns(seed: int, weighted: bool) -> None:
    fl = pytest.importorskip("fairlearn.metrics")
    rows, codes = drawn(seed, weighted=weighted)
    y, p, w = rows.label, rows.new.prediction, rows.weight
    both = {"sensitive_features": codes, "sample_weight": w}
    assert y is not None and p is not None
    groups = range(int(codes.max()) + 1)
    if any(len(np.unique(y[codes == at])) < 2 for at in groups):
        return
    for name in ("demographic_parity", "equal_opportunity", "equalized_odds"):
        for form in ("difference", "ratio"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                wanted = getattr(fl, f"{name}_{form}")(y, p, **both)
            found = fairness.widest(pairs_of(rows, codes, name, form == "ratio"))
            if not np.isnan(wanted):
                assert found == pytest.approx(wanted, abs=1e-9), (name, form)
    if all((p[codes == at] == 1).any() for at in groups):
        from sklearn.metrics import precision_score

        frame = fl.MetricFrame(
            metrics=precision_score, y_true=y, y_pred=p, sensitive_features=codes,
            sample_params={"sample_weight": w},
        )  # fmt: skip
        found = fairness.widest(pairs_of(rows, codes, "predictive_parity", False))
        assert found == pytest.approx(frame.difference(), abs=1e-9)
        ratio = fairness.widest(pairs_of(rows, codes, "predictive_parity", True))
        if not np.isnan(frame.ratio()):
            assert ratio == pytest.approx(frame.ratio(), abs=1e-9)


@given(st.integers(1, 60), st.integers(1, 60), st.floats(-0.7, 0.7), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_the_variance_is_that_of_the_greatest_likelihood(
    n1: int, n2: int, difference: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    k1, k2 = int(rng.integers(0, n1 + 1)), int(rng.integers(0, n2 + 1))

    def likelihood(p: Any) -> Any:
        q = p - difference
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = [(k1, p), (n1 - k1, 1 - p), (k2, q), (n2 - k2, 1 - q)]
            return sum(np.where(k > 0, k * np.log(np.maximum(x, 1e-300)), 0.0) for k, x in parts)

    grid = np.linspace(max(0.0, difference), min(1.0, 1 + difference), 4001)
    mine = two_samples._restricted_by_difference(k1 / n1, k2 / n2, n2 / n1, difference)
    assert likelihood(np.array([mine]))[0] >= likelihood(grid).max() - 1e-7


def test_bounds_miss_as_often_as_they_say() -> None:
    """Twelve thousand draws; the standard error of each share is 0.2 points."""
    rng = np.random.default_rng(3)
    known: dict[tuple[int, int], tuple[float, ...]] = {}
    missed = np.zeros(4)
    draws = 12_000
    for k1, k2 in zip(
        rng.binomial(200, 0.3, draws).tolist(), rng.binomial(400, 0.35, draws).tolist(), strict=True
    ):
        if (k1, k2) not in known:
            shares = two_samples.Shares(k1, 200, k2, 400)
            # a bound misses exactly where its test rejects the truth
            known[k1, k2] = (
                two_samples.difference_score(shares, -0.05), two_samples.ratio_score(shares, 6 / 7)
            )  # fmt: skip
        one, two = known[k1, k2]
        missed += [one > 1.6449, one < -1.6449, two > 1.6449, two < -1.6449]
    print(missed / draws)
    assert ((missed / draws > 0.04) & (missed / draws < 0.06)).all()


def test_clusters_that_span_groups_share_their_covariance() -> None:
    rows, codes = drawn(7, clustered=True)
    pair = pairs_of(rows, codes, "demographic_parity", False)[0]
    assert rows.new.prediction is not None and rows.cluster is not None
    first, second = (codes == at for at in (0, 1))
    influence = np.zeros(len(codes))
    for these, sign in ((first, 1), (second, -1)):
        values = rows.new.prediction[these].astype(float)
        influence[these] = sign * (values - values.mean()) / len(values)
    summed = np.bincount(rows.cluster, influence)
    units = len(np.unique(rows.cluster))
    if all(len(np.unique(rows.cluster[these])) == units for these in (first, second)):
        variance = (summed**2).sum() * units / (units - 1)
        assert pair.score(0.0) == pytest.approx(pair.value / variance**0.5)


def test_groups_of_clusters_that_do_not_vary_prove_nothing() -> None:
    rows, codes = drawn(7, clustered=True)
    rows.new = Outputs(np.ones(len(codes), dtype=np.uint8), None)
    for ratio, widest in ((False, (-1.0, 1.0)), (True, (0.0, np.inf))):
        pair = pairs_of(rows, codes, "demographic_parity", ratio)[0]
        assert pair.bounds(0.05) == widest
        assert pair.p_outside(0.9, 1.1) == 1.0


def worker(script: str, request: object, **_: Any) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-X", "utf8", script],
        input=msgspec.json.encode(request) + b"\n",
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()][:-1]


def judged(folder: Path, gap: float, **rule: Any) -> list[Finding]:
    rng = np.random.default_rng(1)
    lines = ["id,label,prediction,sex"]
    for at in range(4000):
        sex = "f" if at % 2 else "m"
        chosen = rng.random() < 0.3 + gap * (sex == "m")
        lines.append(f"{at},{at % 3 == 0:d},{chosen:d},{sex}")
    lines += [f"{4000 + at},1,1,x" for at in range(5)]
    (folder / "p.csv").write_text("\n".join(lines) + "\n")
    options = {
        "predictions": "p.csv", "id": "id", "prediction": "prediction",
        "require": [{"groups": "sex", **rule}],
    }  # fmt: skip
    ctx = testing.context(model, folder, kind="model", options=options, worker=worker)
    return [one for one in model.check(ctx, ()) if isinstance(one, Finding)]


@pytest.mark.parametrize(
    ("gap", "rule", "result", "words"),
    [
        (0.0, {"max": 0.1}, Result.PASS, "shown to be within a difference of 0.1"),
        (0.2, {"max": 0.1}, Result.FAIL, "shown to be beyond a difference of 0.1"),
        (0.09, {"max": 0.1}, Result.OPEN, "not decided whether"),
        (0.2, {"min": 0.8}, Result.FAIL, "shown to be beyond a ratio of 0.8"),
        (0.0, {"min": 0.8}, Result.PASS, "shown to be within a ratio of 0.8"),
    ],
)
def test_pairs_of_groups_are_judged(
    tmp_path: Path, gap: float, rule: dict[str, float], result: Result, words: str
) -> None:
    form = "difference" if "max" in rule else "ratio"
    found = judged(tmp_path, gap, metric=f"demographic_parity_{form}", **rule)
    one = next(f for f in found if f.measurement and f.measurement.slice)
    assert one.result is result and words in one.message, one.message
    small = next(f for f in found if f.rule == "model/not-judged")
    assert "sex=x (selection rate): 5" in small.message
    whole = next(f for f in found if f.measurement and f.measurement.slice is None)
    assert whole.measurement is not None and whole.measurement.low is None
    assert (one.measurement.needed is not None) == (result is Result.OPEN)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "rule",
    [
        {"metric": "demographic_parity_difference", "max": 0.1},
        {"metric": "demographic_parity_difference", "min": 0.1, "groups": "sex"},
        {"metric": "demographic_parity_ratio", "max_drop": 0.1, "groups": "sex"},
        {"metric": "accuracy", "min": 0.1, "groups": "sex"},
    ],
)
def test_rules_that_mean_nothing(rule: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"predictions": "p.csv", "prediction": "p", "require": [rule]},
                        model.Options)  # fmt: skip
