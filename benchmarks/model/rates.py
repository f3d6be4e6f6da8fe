"""The error rates of the model gate: every table printed, and each promise with what was seen."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.model import apart, bounds, families, few, paired, quantiles, ranks, unseen
from benchmarks.rows import Row

_MOST = 0.06
"""Of a bound that is to miss 5 %."""
_CLUSTERS = 100


def rows(quick: bool = False) -> Iterator[Row]:
    """20,000 draws take most of an hour; `quick`, 2,000 some minutes."""
    draws = 2_000 if quick else 20_000
    yield from _enumerated((500, 2_000) if quick else (500, 2_000, 10_000))
    yield _bounds(draws, 500, None)
    yield _bounds(draws, 1_000, _CLUSTERS)
    yield from _families(draws)
    yield from _few(draws // 10)


def _enumerated(grid: tuple[int, ...]) -> Iterator[Row]:
    found = list(paired.cells(grid, (0.05, 0.10, 0.20)))
    print(f"## Accuracy on the same rows, exact\n\n{paired.table(found)}\n", flush=True)
    behind = max(one.best - one.power for one in found)
    yield _promise("accuracy, exact: power", behind, "behind the best possible", 0.01)
    yield _promise("the same", max(one.false_fail for one in found), "false fails", 0.055)
    yield _promise("the same", max(one.false_pass for one in found), "false passes", 0.055)


def _bounds(draws: int, number: int, clusters: int | None) -> Row:
    inside = f", {clusters} clusters" if clusters else ""
    found = list(bounds.misses(draws, number, clusters=clusters))
    what = f"{draws:,} draws of {number:,} rows{inside}"
    print(f"## One-sided bounds at 5 %, {what}\n\n{bounds.table(found)}\n", flush=True)
    metrics = len({one.metric for one in found})
    worst = max(max(one.low, one.high) for one in found)
    most = _MOST + 2 * (_MOST * (1 - _MOST) / draws) ** 0.5
    return _promise(f"bounds of {metrics} metrics, {what}", worst, "the most that one misses", most)


def _few(draws: int) -> Iterator[Row]:
    """Bounds that rest on no large sample: at most, not about, 5 %."""
    most = 0.05 + 3 * (0.05 * 0.95 / draws) ** 0.5
    some = list(few.misses(draws))
    print(f"## Few differing rows, {draws:,} draws\n\n{few.table(some)}\n", flush=True)
    worst = max(max(one.low, one.high) for one in some)
    yield _promise("1 to 29 differing rows", worst, "the most that a bound misses", most)
    worst = max(max(one.low_relative, one.high_relative) for one in some)
    yield _promise("the same, relative", worst, "the most that a bound misses", most)
    found = list(ranks.misses(draws, ranks.EXPECTED + ranks.MORE))
    print(f"## Few rows ranked otherwise, {draws:,} draws\n\n{ranks.table(found)}\n", flush=True)
    worst = max(max(one.low, one.high) for one in found if ranks.promised(one))
    yield _promise("few rows ranked otherwise", worst, "the most that a bound misses", most)
    two = list(apart.misses())
    print(f"## Two numbers of a file, exact\n\n{apart.table(two)}\n", flush=True)
    worst = max(max(one.low, one.high) for one in two)
    yield _promise("two numbers of a file", worst, "the most that a bound misses", 0.052)
    some = list(few.misses_of_value(draws))
    print(f"## Few errors, {draws:,} draws\n\n{few.table(some)}\n", flush=True)
    worst = max(max(one.low, one.high) for one in some)
    yield _promise("1 to 29 errors", worst, "the most that a bound misses", most)
    ordered = list(quantiles.misses(draws))
    print(f"## Quantiles, {draws:,} draws\n\n{quantiles.table(ordered)}\n", flush=True)
    worst = max(max(one.low, one.high) for one in ordered)
    yield _promise("quantiles", worst, "the most that a bound misses", most)
    none = list(unseen.misses(10 * draws))
    print(f"## No differing row, {10 * draws:,} draws\n\n{unseen.table(none)}\n", flush=True)
    worst = max(one.low for one in none)
    yield _promise("no differing row", worst, "the most that a bound misses", most)


def _families(draws: int) -> Iterator[Row]:
    """By accuracy from counts; F1 and ROC AUC from rows, at 10 % prevalence."""
    print(f"## Families, {draws:,} draws\n", flush=True)
    most = 0.05 + 2 * (0.05 * 0.95 / draws) ** 0.5
    yield _promise("50 slices of 200 rows", families.any_slice(draws, 200), "any false fail", most)
    yield from _uses("accuracy", families.any_use(draws, 2_000), most)
    draws = min(draws, 4_000)
    most = 0.05 + 2 * (0.05 * 0.95 / draws) ** 0.5
    for metric in ("f1", "roc_auc"):
        found = families.any_slice_of(metric, draws, 500)
        yield _promise(f"50 slices of 500 rows, {metric}", found, "any false fail", most)
        yield from _uses(metric, families.any_use_of(metric, draws, 2_000), most)


def _uses(metric: str, found: tuple[float, float], most: float) -> Iterator[Row]:
    for share, what in zip(found, ("any false fail", "any false pass"), strict=True):
        yield _promise(f"32 uses of 2,000 rows, {metric}", share, what, most)


def _promise(what: str, seen: float, of: str, most: float) -> Row:
    budget = f"<= {most:.2%}"
    return Row(what, f"{seen:.2%} {of}", "promised", f"{most:.2%}", f"{seen / most:.2f}x", budget,
               seen <= most)  # fmt: skip
