"""Models that differ on few rows: exact bounds of what those change, or nothing judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.model import apart, ranks
from benchmarks.model import few as simulated
from mlgate.core.words import Result
from mlgate.gates._model_apart import OfRecalls
from mlgate.gates._model_bounds import Inverted
from mlgate.gates._model_exact import OfSparse
from mlgate.gates._model_needs import Decision
from mlgate.gates._model_rows import Outputs, Rows
from mlgate.stats.proportions import clopper_pearson, mid_p_bounds
from mlgate.stats.sparse import Sparse
from tests.gates.test_model_unseen import clustered, verdict, weighted

CELLS = ("balanced_accuracy", "precision", "f1", "matthews_corrcoef")


def differing(gained: int, lost: int, n: int = 2000) -> Rows:
    """Two models of nine of ten rows right that differ on the first rows of the positive class."""
    label = (np.arange(n) % 2).astype(np.uint8)
    wrong = np.arange(n) % 20 < 2
    old = np.where(wrong, 1 - label, label)
    new = old.copy()
    hits, missed = (np.flatnonzero((label == 1) & (old == told)) for told in (1, 0))
    new[hits[:lost]] = 0
    new[missed[:gained]] = 1
    found = Rows(label, *(Outputs(one.astype(np.uint8), 0.25 + one / 2) for one in (new, old)))
    found.classes = [0, 1]
    return found


def judged(found: Rows, metric: str, **bound: Any) -> Decision:
    return verdict(found, metric, **bound)


@pytest.mark.parametrize("metric", CELLS)
def test_few_rows_that_differ_are_judged_without_t(metric: str) -> None:
    told = judged(differing(3, 4), metric, max_drop=0.05)
    assert (told.result, told.method) == (Result.PASS, "few discordant rows, beta")
    assert told.low is not None and told.low < (told.value or 0) < (told.high or 0)
    assert judged(differing(3, 4), metric, max_drop=0.0005).result is Result.OPEN
    lost = judged(differing(0, 25), metric, max_drop=0.0)
    assert lost.result is (Result.OPEN if metric == "precision" else Result.FAIL)
    assert "influence, t" in (judged(differing(15, 15), metric, max_drop=0.05).method or "")


@pytest.mark.parametrize("around", [clustered, weighted])
@pytest.mark.parametrize("metric", [*CELLS, "accuracy", "recall", "brier_score"])
def test_nor_are_clusters_and_weights(metric: str, around: Any) -> None:
    told = judged(around(differing(3, 4)), metric, max_drop=0.2)
    assert (told.result, told.method) == (Result.PASS, "few discordant rows, beta")
    assert judged(around(differing(3, 4)), metric, max_drop=0.0005).result is Result.OPEN


@pytest.mark.parametrize("metric", CELLS)
def test_relative_margins_too(metric: str) -> None:
    assert judged(differing(3, 4), metric, max_drop_relative=0.2).result is Result.PASS
    assert judged(differing(3, 4), metric, max_drop_relative=0.0005).result is Result.OPEN
    assert judged(differing(0, 29), metric, max_drop_relative=0.0005).result is Result.FAIL


def test_as_many_rows_as_said_would_do() -> None:
    told = judged(differing(4, 4), "f1", max_drop=0.003)
    assert told.result is Result.OPEN and told.needed is not None and told.needed > 2000
    times = -(-told.needed // 2000) + 1
    assert judged(differing(4 * times, 4 * times, 2000 * times), "f1", max_drop=0.003).result is (
        Result.PASS
    )


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_what_has_no_exact_bound_is_not_judged(metric: str) -> None:
    told = judged(differing(3, 4), metric, max_drop=0.9)
    assert (told.result, told.judged, told.needed) == (Result.OPEN, False, 8572)
    assert "7 differing rows, fewer than 30" in told.reason
    assert "about 8,572 rows would have 30" in told.reason
    assert judged(differing(20, 20), metric, max_drop=0.9).result is Result.PASS


def reranked(moved: int, n: int = 2000) -> Rows:
    """A retrained model: another score for every row, but few stand elsewhere among the others."""
    rng = np.random.default_rng(4)
    label = (np.arange(n) % 5 == 0).astype(np.uint8)
    old = 1.5 * label + rng.normal(size=n)
    new = 2 * old + 1
    new[np.flatnonzero(label)[:moved]] -= 3
    found = Rows(label, *(Outputs((one > 1).astype(np.uint8), one) for one in (new, old)))
    found.classes = [0, 1]
    return found


@pytest.mark.parametrize("around", [lambda one: one, weighted, clustered])
@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_rows_count_by_their_rank_not_their_score(metric: str, around: Any) -> None:
    told = judged(around(reranked(9)), metric, max_drop=0.9)
    assert (told.result, told.judged) == (Result.OPEN, False)
    number = int(told.reason.split()[0])
    assert 4 <= number <= 12 and told.needed == -(-2000 * 30 // number)
    assert judged(around(reranked(120)), metric, max_drop=0.9).result is Result.PASS
    none = judged(around(reranked(0)), metric, max_drop=0.9)
    assert none.method == "exact, no discordant row"


def test_so_do_rows_of_several_classes() -> None:
    def scored(moved: int) -> Rows:
        rng = np.random.default_rng(6)
        label = (np.arange(3000) % 3).astype(np.uint8)
        old = rng.random((3000, 3)) + 0.5 * np.eye(3)[label]
        new = 0.5 * old
        new[:moved] = new[:moved][:, ::-1]
        found = Rows(label, *(Outputs(one.argmax(1), one) for one in (new, old)))
        found.classes = [0, 1, 2]
        return found

    few = judged(scored(12), "roc_auc", max_drop=0.9)
    assert (few.result, few.judged) == (Result.OPEN, False)
    assert judged(scored(600), "roc_auc", max_drop=0.9).result is Result.PASS


@pytest.mark.parametrize("around", [clustered, weighted])
def test_scores_count_by_what_the_filter_says_of_them(around: Any) -> None:
    rng = np.random.default_rng(8)
    old = rng.random(2000)
    new = np.where(old > 0.5, 0.5 + old / 4, old / 2)
    new[np.flatnonzero(old > 0.5)[:6]] = 0.1
    found = Rows(None, Outputs(None, None), None)
    found.columns = {"s": (new, old)}
    told = judged(around(found), "share", max_drop=0.1)
    assert (told.result, told.method) == (Result.PASS, "few discordant rows, beta")


@pytest.mark.parametrize("metric", ["mean_absolute_error", "r2", "root_mean_squared_error"])
def test_nor_are_numbers_that_few_rows_change(metric: str) -> None:
    label = np.random.default_rng(0).normal(size=400)
    old = label + 0.1 * np.random.default_rng(1).normal(size=400)
    for changed, result in ((10, Result.OPEN), (400, Result.PASS)):
        new = old.copy()
        new[:changed] += 1e-6
        found = Rows(label, Outputs(new, None), Outputs(old, None))
        assert judged(found, metric, max_drop=0.9).result is result


def test_equal_weights_have_the_bounds_of_clopper_and_pearson() -> None:
    n, lost = 500, 7
    found = Sparse(units=n, lost=lost / n, lost_squares=lost / n**2, heaviest=1 / n)
    low, high = found.bounds(0.05)
    exact = clopper_pearson(lost, n)
    assert -low == pytest.approx(exact[1])
    # No gain was seen, but one may be.
    unseen = clopper_pearson(0, n)[1]
    assert high == pytest.approx(-lost / n + np.hypot(unseen, lost / n - exact[0]))


@pytest.mark.parametrize("lost", [6, 12, 25])
def test_levels_of_few_rows_agree_with_their_bounds(lost: int) -> None:
    """Slices are corrected by them: a loss that no level shows would never be proven."""
    found = OfSparse(
        Sparse(units=2000, lost=lost / 2000, lost_squares=lost / 2000**2, heaviest=0.002), 2000
    )
    for alpha in (0.4, 0.05, 0.001):
        low, high = found.bounds(alpha)
        assert found.p_below(high) == pytest.approx(alpha, rel=1e-6)
        assert found.p_above(low) == pytest.approx(alpha, rel=1e-6)


@pytest.mark.parametrize("limit", [-1.0, -0.03, -0.01, 0.0, 0.002, 0.02, 1.0])
def test_levels_found_in_few_steps_are_those_that_halves_find(limit: float) -> None:
    weights = {"gained": 0.004, "gained_squares": 5e-6, "lost": 0.012, "lost_squares": 9e-6}
    found = OfSparse(Sparse(units=2000, heaviest=0.002, **weights), 2000)
    assert found.p_below(limit) == pytest.approx(Inverted.p_below(found, limit), rel=1e-9)
    assert found.p_above(limit) == pytest.approx(Inverted.p_above(found, limit), rel=1e-9)


def test_a_unit_heavier_than_all_that_differ_may_have_stayed_unseen() -> None:
    light = Sparse(units=500, lost=0.01, lost_squares=2e-5, heaviest=0.002)
    heavy = Sparse(units=500, lost=0.01, lost_squares=2e-5, heaviest=0.05)
    assert heavy.bounds(0.05)[0] < light.bounds(0.05)[0] < -0.01


def test_bounds_miss_no_more_often_than_they_say() -> None:
    """Where t misses several times as often."""
    draws = 100
    trades = ("losses only", "hits lost, false alarms mended")
    found = list(simulated.misses(draws, (8,), trades=trades))
    print("\n" + simulated.table(found))
    most = 0.05 + 4 * (0.05 * 0.95 / draws) ** 0.5
    assert max(max(one.low, one.high) for one in found) <= most
    assert max(one.low_t for one in found) > 0.2


def test_ranks_are_not_judged_where_t_would_miss() -> None:
    draws = 60
    # So many rows tell the truth to a tenth of what the bounds of 2,000 are wide.
    found = list(ranks.misses(draws, (8,), truth_rows=200_000))
    print("\n" + ranks.table(found))
    most = 0.05 + 4 * (0.05 * 0.95 / draws) ** 0.5
    assert max(max(one.low, one.high) for one in found) <= most
    assert max(one.low_t for one in found) > most
    assert max(one.judged for one in found) < 0.3


def erring(times: int, n: int = 2000) -> Rows:
    """A model that errs on the first rows."""
    label = (np.arange(n) % 2).astype(np.uint8)
    said = label.copy()
    said[:times] = 1 - said[:times]
    found = Rows(label, Outputs(said, None), None)
    found.classes = [0, 1]
    return found


MANY_ERRORS = "mid-p binomials of the classes"
ALL = ("balanced_accuracy", "matthews_corrcoef")


@pytest.mark.parametrize("metric", ALL)
def test_few_errors_of_one_model_are_judged_without_t(metric: str) -> None:
    told = judged(erring(10), metric, min=0.9)
    assert (told.result, told.method) == (Result.PASS, "few errors, beta")
    assert told.low is not None and told.high is not None
    assert told.low < (told.value or 0) < told.high < 1
    assert judged(erring(10), metric, min=told.value).result is Result.OPEN
    assert judged(erring(28), metric, min=0.999).result is Result.FAIL
    assert judged(erring(40), metric, min=0.9).method in ("influence, t", MANY_ERRORS)


@pytest.mark.parametrize("around", [clustered, weighted])
@pytest.mark.parametrize("metric", [*ALL, "f1", "recall", "accuracy"])
def test_nor_are_few_errors_of_clusters_and_weights(metric: str, around: Any) -> None:
    told = judged(around(erring(10)), metric, min=0.9)
    assert (told.result, told.method) == (Result.PASS, "few errors, beta")
    assert judged(around(erring(10)), metric, min=told.value).result is Result.OPEN


def test_numbers_of_a_file_keep_to_their_level() -> None:
    found = list(apart.misses(((100, 0.95),)))
    print("\n" + apart.table(found))
    assert 0.02 < max(max(one.low, one.high) for one in found) < 0.053


def test_few_errors_of_a_share_have_the_bounds_of_clopper_and_pearson() -> None:
    """A class of half of the rows, all errors alike: recall of both classes is a share."""
    n, times = 2000, 8
    found = erring(0, n)
    found.new.prediction[np.flatnonzero(found.label == 1)[:times]] = 0  # type: ignore[index, union-attr]  # both are there
    told = judged(found, "balanced_accuracy", min=0.9)
    most = clopper_pearson(times, n)[1] * n / (n / 2) / 2
    assert told.low == pytest.approx(1 - most, abs=1e-4)


def test_bounds_of_a_value_miss_no_more_often_than_they_say() -> None:
    draws = 100
    found = list(simulated.misses_of_value(draws, (8,)))
    print("\n" + simulated.table(found))
    most = 0.05 + 4 * (0.05 * 0.95 / draws) ** 0.5
    assert max(max(one.low, one.high) for one in found) <= most
    assert max(one.low_t for one in found) > 0.15


def test_balanced_accuracy_has_the_bounds_of_its_classes() -> None:
    """One class without many errors beside one with many."""
    found = erring(0, 600)
    label = found.label
    assert label is not None and found.new.prediction is not None
    found.new.prediction[np.flatnonzero(label == 1)[:60]] = 0
    told = judged(found, "balanced_accuracy", min=0.85)
    assert told.method == MANY_ERRORS and told.value == pytest.approx(0.9)
    low, high = mid_p_bounds(240, 300)
    unseen = mid_p_bounds(300, 300)[0]
    assert told.high == pytest.approx(0.9 + (high - 0.8) / 2)
    assert told.low == pytest.approx(0.9 - np.hypot(0.8 - low, 1 - unseen) / 2)
    assert told.result is Result.PASS


def test_levels_of_a_mean_of_recalls_agree_with_its_bounds() -> None:
    found = OfRecalls(((40, 60), (400, 450)), 510)
    for alpha in (0.05, 0.01, 1e-6):
        low, high = found.bounds(alpha)
        assert found.p_below(high) == pytest.approx(alpha, rel=1e-6)
        assert found.p_above(low) == pytest.approx(alpha, rel=1e-6)
    assert found.p_below(found.value) == found.p_above(found.value) == 1.0
    grown = found.grown(5100)
    assert grown.classes == ((400, 600), (4000, 4500))
