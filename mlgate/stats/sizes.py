"""How many rows and labels a condition takes, before any is labelled.

`margin` and `error` are shares (0.01 is one point); `alpha` and `delta` chances of a wrong verdict.
"""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

from mlgate.stats.distributions import normal_quantile

Adaptivity = Literal["none", "hybrid", "full"]
_BOTH: tuple[Adaptivity, ...] = ("none", "full")


def paired_rows(churn: float, margin: float, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """Rows with which an equal model that differs from the old one on a share `churn` of the rows
    is shown to lose less than `margin`; None where the margin is nothing (normal approximation:
    the variance of a difference of 0 is churn / n)."""
    if margin <= 0:
        return None
    z = normal_quantile(1 - alpha) + normal_quantile(power)
    return math.ceil(churn * (z / margin) ** 2)


def smallest_effect(churn: float, rows: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """The loss that `rows` rows show in `power` of all cases."""
    z = normal_quantile(1 - alpha) + normal_quantile(power)
    return z * math.sqrt(churn / rows)


def labels_needed(rows: int, churn: float) -> int:
    """Only rows on which the models differ need a label to measure the difference of accuracies
    (Karlas et al. 2019, section 4.3)."""
    return math.ceil(rows * churn)


def share(total: float, uses: int, adaptivity: Adaptivity) -> float:
    """What of the chance `total` each of `uses` uses of a test set may spend: equal parts, or,
    where each verdict is told before the next model is made, a part for each history of them."""
    return total / (2.0**uses if adaptivity == "full" else uses)


def hoeffding(error: float, delta: float, spread: float = 1.0) -> int:
    """Rows with which a mean of values within `spread` is known to `error` on one side, but for a
    chance of `delta` (Hoeffding 1963, J. Am. Stat. Assoc. 58)."""
    return math.ceil(spread**2 * math.log(1 / delta) / (2 * error**2))


def bennett(error: float, delta: float, variance: float) -> int:
    """The same for values within -1 and 1 of a known variance (Bennett 1962, J. Am. Stat. Assoc.
    57), as Karlas et al. (2019, section 4) use it for the difference of two models."""
    u = error / variance
    return math.ceil(math.log(1 / delta) / (variance * ((1 + u) * math.log1p(u) - u)))


class Cell(Struct, frozen=True):
    """A cell of the table of ease.ml/ci: 1 - delta, error, and the sizes."""

    reliability: float
    error: float
    single: int
    single_full: int
    difference: int
    difference_full: int


def easeml_table(uses: int = 32) -> list[Cell]:
    """The 64 sizes of the table of Karlas et al. (2019, "Continuous integration of machine learning
    models with ease.ml/ci", SysML): conditions on one mean (F1, F4) and on a difference of two (F2,
    F3: each side gets half of the error and half of delta), for no and for full adaptivity."""
    cells = []
    for nines in (2, 3, 4, 5):
        for error in (0.1, 0.05, 0.025, 0.01):
            delta = 10.0**-nines
            sizes = []
            for adaptivity in _BOTH:
                each = share(delta, uses, adaptivity)
                sizes.append((hoeffding(error, each), hoeffding(error / 2, each / 2)))
            (one, two), (one_full, two_full) = sizes
            cells.append(Cell(1 - delta, error, one, one_full, two, two_full))
    return cells
