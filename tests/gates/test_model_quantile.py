"""Quantiles of scores: bounds by order statistics, on one model and between two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from benchmarks.model import quantiles as simulated
from mlgate.core.finding import Finding
from mlgate.core.words import Result
from mlgate.gates import model
from mlgate.gates._model_quantile import OfQuantile, OfQuantiles, windowed
from mlgate.stats.quantiles import quantile
from tests.gates.test_model import Judged

P95: dict[str, Any] = {"metric": "quantile", "column": "latency", "quantile": 0.95}
LOWER = P95 | {"better": "lower"}


@pytest.fixture
def judged(tmp_path: Path) -> Judged:
    return Judged(tmp_path)


def latencies(n: int, factor: float = 1.0, seed: int = 0) -> str:
    values = factor * np.exp(np.random.default_rng(seed).normal(size=n))
    return "id,latency\n" + "".join(f"{at},{value}\n" for at, value in enumerate(values))


def asked(judged: Judged, new: str, old: str | None, **rule: Any) -> Finding:
    found = judged(new, old, id="id", require=[LOWER | rule])
    return next(one for one in found if one.rule in RULES)


RULES = {f"model/{name}" for name in ("min", "max", "between", "max-drop", "max-drop-relative")}


@pytest.mark.parametrize(
    ("most", "result"), [(7.0, Result.PASS), (5.2, Result.OPEN), (4.0, Result.FAIL)]
)
def test_a_ceiling(judged: Judged, most: float, result: Result) -> None:
    told = asked(judged, latencies(1000), None, max=most)
    assert told.result is result, told
    assert told.message.startswith("quantile of latency (0.95) ")
    number = told.measurement
    values = sorted(float(line.split(",")[1]) for line in latencies(1000).splitlines()[1:])
    exact = quantile(values, 0.95)
    assert number is not None and number.method == "order statistics"
    assert (number.value, number.low, number.high) == (exact.value, exact.low, exact.high)
    assert (number.needed or 0) > 1000 if result is Result.OPEN else number.needed is None


def test_a_baseline_on_the_same_rows(judged: Judged) -> None:
    old = latencies(1000)
    alike = latencies(1000, 1.000001)
    assert asked(judged, alike, old, max_drop=2.0).result is Result.PASS
    assert asked(judged, alike, old, max_drop=0.1).result is Result.OPEN
    slow = asked(judged, latencies(1000, 3.0), old, max_drop=2.0)
    assert (slow.result, slow.measurement.value < 0) == (Result.FAIL, True)  # type: ignore
    assert "shown to be beyond" in slow.message
    assert asked(judged, latencies(1000, 3.0), old, max_drop_relative=0.5).result is Result.FAIL
    assert asked(judged, latencies(1000, 1.01), old, max_drop_relative=0.5).result is Result.PASS
    higher = asked(judged, latencies(1000, 3.0), old, max_drop=0.0, better="higher")
    assert higher.result is Result.PASS


def test_too_few_rows_are_not_judged_but_for_what_they_do_show(judged: Judged) -> None:
    few = asked(judged, latencies(58), None, max=100.0)
    assert few.result is Result.OPEN and few.measurement is not None
    assert few.measurement.needed == 59
    assert "58 rows are too few to bound the 0.95 quantile, 59 rows would have" in few.message
    assert asked(judged, latencies(59), None, max=100.0).result is Result.PASS
    assert asked(judged, latencies(58), None, max=0.5).result is Result.FAIL
    both = asked(judged, latencies(71), latencies(71, 2.0), max_drop=100.0)
    assert both.result is Result.OPEN and "72 rows would have" in both.message
    assert asked(judged, latencies(72), latencies(72, 2.0), max_drop=100.0).result is Result.PASS


def test_an_infinite_bound_is_none(judged: Judged) -> None:
    told = asked(judged, latencies(58), None, max=0.5)
    assert told.measurement is not None and told.measurement.high is None


@pytest.mark.parametrize(
    ("rule", "also", "message"),
    [
        (P95 | {"max_drop": 1.0}, {}, "`quantile` needs `better`"),
        ({"metric": "quantile", "column": "s", "max": 1.0}, {}, "needs the key `quantile`"),
        (P95 | {"max": 1.0}, {"cluster": "user"}, "no proven bounds with `cluster`: ask for"),
        (P95 | {"max": 1.0}, {"weight": "w"}, "no proven bounds with `weight`: ask for `share`"),
        ({"metric": "quantile", "quantile": 0.5, "max": 1.0}, {}, "`quantile` needs `column`"),
    ],
)
def test_what_cannot_be_asked(rule: Any, also: Any, message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert({"predictions": "s.csv", "require": [rule], **also}, model.Options)


@pytest.mark.parametrize("n", [80, 3000, 400_000])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 64, 1e-9])
def test_few_values_bound_as_all_do(n: int, alpha: float) -> None:
    values = np.random.default_rng(n).permutation(n).astype(float)
    value, window = windowed(values, 0.9)
    exact = quantile(range(n), 0.9, alpha)
    low, high = window.bounds(alpha)
    assert value == exact.value and len(window.values) <= 1024
    assert exact.low is None or exact.low - window.step < low <= exact.low
    assert high == (np.inf if exact.high is None else pytest.approx(exact.high, abs=window.step))
    assert exact.high is None or high >= exact.high


def test_levels_agree_with_bounds() -> None:
    rng = np.random.default_rng(5)
    new, old = (OfQuantile(*windowed(rng.normal(size=500), 0.8)) for _ in range(2))
    for one in (new, OfQuantiles(new, old), OfQuantiles(new, old, 0.5)):
        for alpha in (0.05, 0.001):
            low, high = one.bounds(alpha)
            assert one.p_below(high + 1e-9) <= alpha < one.p_below(high - 1e-9)
            assert one.p_above(low - 1e-9) <= alpha < one.p_above(low + 1e-9)


def test_bounds_miss_no_more_often_than_they_say() -> None:
    draws = 300
    found = list(simulated.misses(draws, ((200, 0.5), (300, 0.95))))
    print("\n" + simulated.table(found))
    most = 0.05 + 4 * (0.05 * 0.95 / draws) ** 0.5
    for one in found:
        assert max(one.low, one.high) <= most, one
    values = [one for one in found if one.of == "value"]
    assert all(min(one.low, one.high) > 0.01 for one in values)  # and are no wider than they need


def test_as_many_rows_as_said_do_decide() -> None:
    rng = np.random.default_rng(9)
    first = [OfQuantile(*windowed(rng.normal(size=400), 0.9)) for _ in range(2)]
    needed = OfQuantiles(*first).needed(0.3, 0.05) or 0
    shown = 0
    for _ in range(200):
        sides = (OfQuantile(*windowed(rng.normal(size=needed), 0.9)) for _ in range(2))
        shown += OfQuantiles(*sides).bounds(0.05)[0] >= -0.3
    assert 0.65 <= shown / 200 <= 0.99
