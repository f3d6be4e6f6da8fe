"""Verdicts on the accuracy of two models on the same rows, by exact enumeration of all counts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from mlgate.stats.paired import Discordant, bounds

_UNLIKELY = 1e-9
Counted = Callable[[int, int], range]
"""Rows and discordant rows to the gains that count: verdicts move one way with the gains."""


class Cell(NamedTuple):
    """One churn and number of rows; shares of all cases."""

    churn: float
    rows: int
    loss: float
    power: float
    """P(U < 0) under a true loss."""
    best: float
    """The power of the exact Neyman-Pearson test of that loss, randomised to the level."""
    false_fail: float
    """P(U < 0) under a true difference of 0."""
    false_pass: float
    """P(L >= -margin) under a true loss of the margin."""


def cells(
    rows: Iterable[int], churns: Iterable[float], loss: float = 0.03, margin: float = 0.02
) -> Iterator[Cell]:
    """All cells; counts whose probability is below 1e-9 are left out."""
    for churn in churns:
        for n in rows:
            lost = min(loss, churn * 0.9)
            yield Cell(
                churn,
                n,
                lost,
                _chance(n, churn, -lost, _proves_loss),
                _best(n, churn, lost),
                _chance(n, churn, 0.0, _proves_loss),
                _chance(n, churn, -min(margin, churn * 0.9), _passes(min(margin, churn * 0.9))),
            )


def _proves_loss(n: int, discordant: int) -> range:
    """The gains with which a loss is proven."""

    def is_open(gains: int) -> bool:
        return bounds(Discordant(gains, discordant - gains, n))[1] >= 0

    return range(bisect_left(range(discordant + 1), True, key=is_open))


def _passes(margin: float) -> Counted:
    """The gains with which the margin is shown."""

    def within(n: int, discordant: int) -> range:
        def shown(gains: int) -> bool:
            return bounds(Discordant(gains, discordant - gains, n))[0] >= -margin

        return range(bisect_left(range(discordant + 1), True, key=shown), discordant + 1)

    return within


def _chance(n: int, churn: float, difference: float, counted: Counted) -> float:
    from scipy.stats import binom

    gain = (1 + difference / churn) / 2
    total = 0.0
    for discordant in _likely(n, churn):
        gains = counted(n, discordant)
        inside = binom.cdf(gains.stop - 1, discordant, gain)
        inside -= binom.cdf(gains.start - 1, discordant, gain)
        total += float(binom.pmf(discordant, n, churn)) * float(inside)
    return total


def _likely(n: int, churn: float) -> range:
    from scipy.stats import binom

    low, high = binom.ppf([_UNLIKELY, 1 - _UNLIKELY], n, churn)
    return range(int(low), int(high) + 1)


def _best(n: int, churn: float, loss: float, alpha: float = 0.05) -> float:
    """With the churn known, the likelihood ratio of (gained, lost) is the best statistic."""
    import numpy as np
    from scipy.stats import binom

    share = (1 - loss / churn) / 2
    ratios, nulls, trues = [], [], []
    for discordant in _likely(n, churn):
        gained = np.arange(discordant + 1)
        chance = binom.pmf(discordant, n, churn)
        ratios.append(gained * np.log(2 * share) + (discordant - gained) * np.log(2 - 2 * share))
        nulls.append(chance * binom.pmf(gained, discordant, 0.5))
        trues.append(chance * binom.pmf(gained, discordant, share))
    order = np.argsort(-np.concatenate(ratios))
    null, true = np.concatenate(nulls)[order], np.concatenate(trues)[order]
    spent = np.cumsum(null)
    last = int(np.searchsorted(spent, alpha))
    part = (alpha - (spent[last - 1] if last else 0.0)) / null[last]
    return float(true[:last].sum() + part * true[last])


def table(found: Iterable[Cell]) -> str:
    """As Markdown."""
    lines = [
        "| churn | rows | true loss | power | best possible | false fail | false pass |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in found:
        shares = " | ".join(
            f"{100 * share:.2f} %"
            for share in (one.power, one.best, one.false_fail, one.false_pass)
        )
        lines.append(f"| {one.churn:g} | {one.rows:,} | {one.loss:g} | {shares} |")
    return "\n".join(lines)
