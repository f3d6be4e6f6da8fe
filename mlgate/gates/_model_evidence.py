"""What measured numbers say of one model, or of the difference of two."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from mlgate.core.text import counted
from mlgate.gates._model_apart import OfRecalls, OfTwoShares
from mlgate.gates._model_bounds import Evidence, OfDraws, OfMoments, OfPairs, OfShare, Turned
from mlgate.gates._model_exact import OfBoth, OfSparse, OfUnseen
from mlgate.gates._model_metrics import Metric
from mlgate.gates._model_quantile import OfQuantile, OfQuantiles
from mlgate.stats import estimates, paired
from mlgate.stats.estimates import Estimate, Moments
from mlgate.stats.quantiles import Window
from mlgate.stats.sparse import FEW, Sparse
from mlgate.stats.unseen import Part

ENOUGH = 30
"""Fewer rows of a class (or rows, or clusters) carry no interval that rests on large samples."""


class Measured(Struct, frozen=True, kw_only=True):
    """One metric on the whole table or a slice, as the worker answers it."""

    measure: int
    slice: str | None
    n: int
    churn: float | None = None
    """The share of rows on which the models' answers differ."""
    why: str | None = None
    """Why there is no value."""
    rarest: int | None = None
    """Rows of the rarest class."""
    clusters: int | None = None
    new: float | None = None
    old: float | None = None
    bias: float = 0.0
    """By how much `new` is too high on average; the bounds are moved by it, the value and
    differences, in which it cancels, are not."""
    off: float = 0.0
    """By how much at most `new` and `old` are off each, where they were computed in bins."""
    right: int | None = None
    of: int | None = None
    gained: int | None = None
    lost: int | None = None
    of_new: Moments | None = None
    of_difference: Moments | None = None
    of_relative: Moments | None = None
    discordant: int | None = None
    """How many rows, or clusters, the models differ on, where they are few."""
    sparse: Sparse | None = None
    """What these change, where that can be bounded."""
    right_old: int | None = None
    """Of numbers alone: of how many of the `of` rows the old share is."""
    errors: Sparse | None = None
    """What the new model's errors take, where they are few."""
    recalls: tuple[tuple[int, int], ...] = ()
    """Of the mean of the classes' recalls: right rows of each, and its rows."""
    ordered: Window | None = None
    ordered_old: Window | None = None
    """Of quantiles: the values that bound the new model's and the old one's."""
    unseen: tuple[Part, ...] | None = None
    """Where no row was discordant, what may be so unseen; empty where nothing bounds that."""
    draws: tuple[float, ...] = ()
    """Of a bootstrap: values of the new model in rising order; below, of differences."""
    draws_of_difference: tuple[float, ...] = ()
    draws_of_relative: tuple[float, ...] = ()


def too_few(found: Measured, by_class: bool) -> str | None:
    """Why large-sample bounds would mean nothing here; None where they do."""
    if found.clusters is not None and found.clusters < ENOUGH:
        return f"{found.clusters} clusters, fewer than {ENOUGH}"
    if by_class and found.rarest is not None and found.rarest < ENOUGH:
        return f"{found.rarest} rows of the rarest class, fewer than {ENOUGH}"
    if found.n < ENOUGH:
        return f"{found.n} rows, fewer than {ENOUGH}"
    return None


def few_differ(found: Measured, metric: str | None, needed: int) -> str:
    """Why a difference that few rows make is not judged, and what would do."""
    units = "cluster" if found.clusters is not None else "row"
    differs = counted(found.discordant or 0, f"differing {units}")
    do = f"about {needed:,} rows would have {FEW}"
    if metric == "mean":
        do += "; of scores of 0 and 1 ask for `share` with `filter`"
    return f"{differs}, fewer than {FEW}, and no exact bound for this metric: {do}"


def labels_of(found: Measured, metric: str | None, needed: int) -> int | None:
    """How many of `needed` rows have to be labelled: those on which the answers differ, where equal
    answers add nothing to the difference; None where all rows have to be."""
    if found.churn is None or metric not in BY_ANSWER:
        return None
    return max(round(needed * found.churn), 1)


BY_ANSWER = (
    "accuracy",
    "hamming_loss",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_pinball_loss",
    "mean_squared_error",
)
"""Means over rows of what the answer and the label decide. The difference of a metric with another
denominator, as recall or F1, also depends on rows on which both models are right; that of one of
scores on rows with the same answer."""


def of_one(found: Measured, metric: Metric, f1: bool = False) -> Evidence | None:
    """What is known of the new model's value; None without an interval."""
    if found.ordered is not None and found.new is not None:
        return OfQuantile(found.new, found.ordered)
    if found.draws and found.draws[0] < found.draws[-1]:
        return OfDraws(found.draws, found.n)
    if found.right is not None and found.of:
        return OfShare(found.right, found.of, found.n, f1)
    if still(found, found.of_new):
        return OfUnseen(found.new or 0.0, found.unseen, found.n) if found.unseen else None
    if found.of_new is None or found.new is None:
        return None
    if found.errors is not None:
        start = found.new - found.errors.change
        return OfSparse(found.errors, found.n, start, "few errors, beta")
    if found.recalls:
        return OfRecalls(found.recalls, found.n)
    one = estimates.estimate(
        found.new - found.bias, found.of_new, scale=metric.scale, skewed_mean=metric.skewed
    )
    return OfMoments(one, found.n, _by(found))


def of_difference(found: Measured, better: int) -> Evidence | None:
    """What is known of new minus old, so turned that more is better."""
    straight: Evidence
    alone = _alone(found, 1.0)
    if alone is not None:
        straight = alone
    elif still(found, found.of_difference):
        if not found.unseen:
            return None
        straight = OfUnseen((found.new or 0.0) - (found.old or 0.0), found.unseen, found.n)
    elif found.discordant:
        if found.sparse is None:
            return None
        straight = OfSparse(found.sparse, found.n)
    elif found.draws_of_difference and not found.gained == found.lost == 0:
        straight = OfDraws(found.draws_of_difference, found.n)
    elif found.gained is not None and found.lost is not None and found.of:
        counts = paired.Discordant(found.gained, found.lost, found.of)
        straight = OfPairs(counts, found.n)
    elif found.of_difference is not None and found.new is not None and found.old is not None:
        one = estimates.estimate(found.new - found.old, found.of_difference)
        straight = OfMoments(one, found.n, _by(found))
    else:
        return None
    return straight if better > 0 else Turned(straight)


def of_relative(found: Measured, share: float, better: int) -> Evidence | None:
    """What is known of new minus `share` of old, so turned that more is better."""
    straight: Evidence
    if found.new is None or found.old is None:
        return None
    equal = found.gained == found.lost == 0 or still(found, found.of_difference)
    if found.draws_of_relative and not equal and not found.discordant:
        drawn = OfDraws(found.draws_of_relative, found.n)
        return drawn if better > 0 else Turned(drawn)
    alone = _alone(found, share)
    if alone is not None:
        return alone if better > 0 else Turned(alone)
    moments = found.of_relative
    if moments is None and found.gained is not None and found.lost is not None and found.of:
        moments = _of_counts(found, share)
    if moments is None:
        return None
    if found.sparse is not None:
        kept = estimates.estimate((1 - share) * found.old, moments)
        straight = OfBoth(OfSparse(found.sparse, found.n), OfMoments(kept, found.n, _by(found)))
        return straight if better > 0 else Turned(straight)
    bias = (1 - share) * found.bias  # both are too high by nearly the same
    one = estimates.estimate(found.new - share * found.old - bias, moments)
    straight = OfMoments(one, found.n, _by(found))
    if equal:
        straight = _unseen_relative(found, share, one)
    return straight if better > 0 else Turned(straight)


def _alone(found: Measured, share: float) -> OfQuantiles | OfTwoShares | None:
    """Evidence that each model's own brings, not what the rows of both do together."""
    if found.right is not None and found.right_old is not None and found.of:
        return OfTwoShares(found.right, found.right_old, found.of, share)
    if found.ordered is None or found.ordered_old is None:
        return None
    new = OfQuantile(found.new or 0.0, found.ordered)
    return OfQuantiles(new, OfQuantile(found.old or 0.0, found.ordered_old), share)


def still(found: Measured, moments: Moments | None) -> bool:
    """True if every row's influence is nothing but rounding: a spread of 0 that proves nothing."""
    if moments is None or found.unseen is None:
        return False
    size = max(abs(found.new or 0.0), abs(found.old or 0.0))
    return moments.second * moments.units**2 <= _ROUNDING * size * size


_ROUNDING = 1e-20


def _unseen_relative(found: Measured, share: float, one: Estimate) -> OfBoth:
    """`new - share * old` as the change that was not seen, and `(1 - share) * old`."""
    parts = found.unseen or (Part(units=found.of or 0),)
    seen: OfMoments | OfUnseen = OfMoments(one, found.n, _by(found))
    if one.se == 0 or still(found, found.of_relative):
        scaled = tuple(replace(part, weight=abs(1 - share) * part.weight) for part in parts)
        seen = OfUnseen(one.value, scaled, found.n)
    return OfBoth(OfUnseen(0.0, parts, found.n), seen)


def _of_counts(found: Measured, share: float) -> Moments:
    """The moments of `new - share * old` of rows that are right or wrong."""
    n = found.of or 1
    gained, lost = found.gained or 0, found.lost or 0
    both = (found.right or 0) - gained
    mean = (found.new or 0.0) - share * (found.old or 0.0)
    values = ((gained, 1.0), (lost, -share), (both, 1 - share), (n - gained - lost - both, 0.0))
    second, third, fourth = (
        sum(count * ((value - mean) / n) ** power for count, value in values) for power in (2, 3, 4)
    )
    return Moments(units=n, second=second, third=third, fourth=fourth)


def _by(found: Measured) -> str:
    by = "cluster-robust, t" if found.clusters is not None else "influence, t"
    return f"{by}; values within {found.off:.0e}" if found.off else by
