"""`python -m benchmarks.simulate [PAIRS]`: false alarms and missed shifts of the drift statistics.

Pairs of 50-column tables are drawn as the histograms and counts that a table would answer with: 20
normal, 10 lognormal and 10 Poisson columns, and 10 of categories, each with 2 percent of nulls.
Both samples of a pair are of one law; in some, five columns are shifted in one of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.rows import Row
from mlgate.stats import drift, ks, shares
from mlgate.stats.ks import Cell

COLUMNS = 50
FLOORS = {"ks": 0.03, "share": 0.015, "nulls": 0.005}
_EDGES = np.linspace(-6, 6, 257)
Law = NDArray[np.float64]


def normal(shift: float = 0.0) -> Law:
    """A normal column in 258 bins; `shift` in standard deviations."""
    inner = np.diff(stats.norm.cdf(_EDGES, loc=shift))
    return np.array([*inner, max(0.0, 1 - inner.sum())])


def poisson() -> Law:
    """Whole numbers with many ties."""
    inner = stats.poisson.pmf(np.arange(15), 3)
    return np.array([*inner, 1 - inner.sum()])


def categories(moved: float = 0.0) -> Law:
    """Six categories; `moved` goes from the first to the second."""
    law = np.array([0.4, 0.25, 0.15, 0.1, 0.07, 0.03])
    return law + np.array([-moved, moved, 0, 0, 0, 0])


def pair(rng: np.random.Generator, n: int, shifted: int) -> list[drift.Effect]:
    """The effects of one pair; the first `shifted` columns are shifted, in turn by 0.2 standard
    deviations, by 3 points of a share, and by 1 point of nulls."""
    effects = []
    for column in range(COLUMNS):
        kind = column % 5
        way = column % 3 if column < shifted else None
        names = kind == 4 or way == 1
        law = categories() if names else poisson() if kind == 3 and way is None else normal()
        moved = normal(0.2) if way == 0 else categories(0.03) if way == 1 else law
        rates = (0.02, 0.03 if way == 2 else 0.02)
        gone = [int(rng.binomial(n, rate)) for rate in rates]
        before = rng.multinomial(n - gone[0], law)
        after = rng.multinomial(n - gone[1], moved)
        name = f"c{column}"
        effects.append(drift.nulls(name, (gone[0], n), (gone[1], n), FLOORS["nulls"]))
        if names:
            sides = [{str(i): int(k) for i, k in enumerate(x) if k} for x in (before, after)]
            effects.append(drift.categories(name, sides[0], sides[1], FLOORS["share"]))
        else:
            effects.append(_ks(name, before, after, single=kind == 3 and way is None))
    return effects


def _ks(
    name: str, before: NDArray[np.int64], after: NDArray[np.int64], single: bool
) -> drift.Effect:
    cells = [Cell(int(a), int(b), single) for a, b in zip(before, after, strict=True)]
    n, m = int(before.sum()), int(after.sum())
    span = ks.distance(cells)
    return drift.Effect(column=name, what="ks", value=span.low, high=span.high,
                        floor=FLOORS["ks"], p=ks.p_value(span.low, n, m), n=n, m=m)  # fmt: skip


def missed_and_false(
    pairs: int, n: int, shifted: int, seed: int, alpha: float = 0.05
) -> tuple[float, int]:
    """The share of shifted columns without an alarm, and the pairs with one on another column."""
    rng = np.random.default_rng(seed)
    truly = {f"c{i}" for i in range(shifted)}
    found = false = 0
    for _ in range(pairs):
        judged = drift.judged(pair(rng, n, shifted), alpha)
        alarms = {one.effect.column for one in judged if one.alarm}
        found += len(alarms & truly)
        false += bool(alarms - truly)
    return (1 - found / (pairs * shifted) if shifted else 0.0), false


def rows(pairs: int = 2000) -> Iterator[Row]:
    """The promises of the drift gate, each with what was seen."""
    most = 0.05 + 2 * (0.05 * 0.95 / pairs) ** 0.5
    for n in (1_000, 100_000):
        for shifted in (0, 5):
            missed, false = missed_and_false(pairs, n, shifted, seed=n + shifted)
            seen, what = false / pairs, f"{pairs:,} pairs of {n:,} rows, {shifted} columns shifted"
            yield Row(what, f"{seen:.2%} with a false alarm", "two standard errors above 5 %",
                      f"{most:.2%}", f"{seen / most:.2f}x", f"<= {most:.2%}",
                      seen <= most)  # fmt: skip
            if shifted:
                sure = n >= 100_000
                yield Row(what, f"{1 - missed:.1%} of the shifts found", smallest(n), "", "",
                          ">= 95 %" if sure else "what the sample allows",
                          not sure or missed <= 0.05)  # fmt: skip


def smallest(n: int) -> str:
    """The least effects that samples of `n` rows can show among so many columns."""
    level = 0.05 / (2 * COLUMNS)
    found = (ks.detectable(n, n, level), shares.detectable(0.25, n, n, level),
             shares.detectable(0.02, n, n, level))  # fmt: skip
    distance, share, gone = found
    return f"detectable: KS {distance:.3f}, share {share:.3f}, null rate {gone:.3f}"


def main() -> int:
    """Print what was seen, and exit with 1 where a promise is broken."""
    kept = True
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 2000):
        print(f"{row.what:<46} {row.ours:<28} {row.budget:<24} {row.beside} {row.theirs}"
              f"{'' if row.met else '   MISSED'}", flush=True)  # fmt: skip
        kept = kept and row.met
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
