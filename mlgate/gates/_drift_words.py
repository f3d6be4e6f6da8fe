"""Drift in words and pictures: each difference with its floor, and what is uncertain of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlgate.core.finding import Figure, Finding, Location, Measurement
from mlgate.core.text import counted, shown
from mlgate.core.words import Level, Result
from mlgate.stats import divergence
from mlgate.stats.drift import Judged

if TYPE_CHECKING:
    from mlgate.gates._drift_columns import Bin

_NAMES = {"ks": "KS distance", "share": "share", "nulls": "null rate"}
_DRAWN = 40
_NAMED = 10


def finding(path: str, one: Judged, bins: Sequence[Bin] | None) -> Finding:
    """One difference: an alarm, undecided, or met."""
    effect = one.effect
    result = Result.FAIL if one.alarm else Result.OPEN if one.open else Result.PASS
    said = f"{shown(effect.column)}: {_difference(one)}, floor {effect.floor:g}"
    if one.alarm:
        said += f"; p = {one.adjusted:.2g} after Holm"
    if effect.high - effect.value > 5e-5:
        said += f"; the bins hide at most {effect.high - effect.value:.4f}"
    if result is Result.PASS and one.detectable > effect.floor:
        said += f"; the smallest detectable effect is {one.detectable:.3g}"
    if bins and one.alarm and effect.what == "ks":
        said += f" ({_apart(bins)})"
    return Finding(
        rule=f"drift/{effect.what}",
        message=said,
        result=result,
        level=Level.NOTE if result is Result.PASS else Level.ERROR,
        location=Location(path=path),
        measurement=Measurement(
            name=f"{effect.what} {effect.column}",
            value=effect.value,
            low=effect.value,
            high=effect.high,
            at_most=effect.floor,
            n=effect.m,
            needed=one.needed if one.open else None,
            method="histogram" if effect.high > effect.value else "exact",
        ),
        help=_mend() if result is Result.FAIL else None,
    )


def within(path: str, found: Sequence[Judged]) -> Finding:
    """All differences that are met, by the one that comes nearest to its floor."""
    nearest = max(found, key=lambda one: one.effect.value / one.effect.floor)
    effect = nearest.effect
    return Finding(
        rule="drift/within",
        message=f"{counted(len(found), 'difference')}, none above its floor; the nearest is"
        f" {shown(effect.column)}: {_difference(nearest)}, floor {effect.floor:g}"
        " (all of them: --format json, or html)",
        result=Result.PASS,
        level=Level.NOTE,
        location=Location(path=path),
        measurement=Measurement(
            name="nearest to its floor", value=effect.value, low=effect.value, high=effect.high,
            at_most=effect.floor, n=effect.m,
        ),
    )  # fmt: skip


def _difference(one: Judged) -> str:
    effect = one.effect
    if effect.what == "share":
        return f"the share of {shown(effect.level or '')} moved by {effect.value:.4f}"
    if effect.what == "nulls":
        return f"the null rate moved by {effect.value:.4f}"
    return f"{_NAMES[effect.what]} {effect.value:.4f}"


def _apart(bins: Sequence[Bin]) -> str:
    cells = [one.cell for one in bins]
    js = divergence.jensen_shannon(divergence.grouped(cells, 64))
    return f"Jensen-Shannon {js:.3f}, Wasserstein {divergence.wasserstein(cells):.4g}"


def _mend() -> str:
    from mlgate.gates.drift import rules

    return rules["ks"].mend


def too_few(path: str, found: Sequence[Judged]) -> Finding:
    """The differences that would matter, and that so few rows cannot tell from chance."""
    worst = max(found, key=lambda one: one.needed)
    names = ", ".join(
        f"{shown(one.effect.column)} ({_NAMES[one.effect.what]} {one.effect.value:.3f}, smallest"
        f" detectable {one.detectable:.3f})"
        for one in found[:_NAMED]
    )
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    effect = worst.effect
    return Finding(
        rule="drift/too-few",
        message=f"{counted(len(found), 'difference')} above the floor that may be chance: {names}"
        f"{more}",
        result=Result.OPEN,
        level=Level.WARNING,
        location=Location(path=path),
        measurement=Measurement(
            name=_NAMES[effect.what], value=effect.value, at_most=effect.floor, n=effect.m,
            needed=worst.needed,
        ),
        help=f"{worst.needed:,} rows on each side would decide; or raise the floors",
    )  # fmt: skip


def psi(path: str, column: str, bins: Sequence[Bin], limit: float) -> Finding:
    """The population stability index of a column, without what chance adds to it."""
    cells = divergence.grouped([one.cell for one in bins], 10)
    value = divergence.stability_index(cells)
    drifted = value > limit
    return Finding(
        rule="drift/psi",
        message=f"{shown(column)}: PSI {value:.4f} (bias taken off, {len(cells)} groups), at most"
        f" {limit:g}",
        result=Result.FAIL if drifted else Result.PASS,
        level=Level.ERROR if drifted else Level.NOTE,
        location=Location(path=path),
        measurement=Measurement(
            name=f"psi {column}", value=value, at_most=limit, n=sum(cell.after for cell in cells)
        ),
        help=_mend() if drifted else None,
    )


def figure(column: str, bins: Sequence[Bin]) -> Figure:
    """Both samples of a column in a few bins, as shares."""
    groups = max(1, len(bins) // _DRAWN)
    parts = [bins[i : i + groups] for i in range(0, len(bins), groups)]
    n = sum(one.before for one in bins) or 1
    m = sum(one.after for one in bins) or 1
    return Figure(
        id=f"drift-{column}",
        title=f"{column}: reference and table",
        kind="histogram",
        columns={
            "low": [float(part[0].low) for part in parts],
            "high": [float(part[-1].high) for part in parts],
            "reference": [sum(one.before for one in part) / n for part in parts],
            "table": [sum(one.after for one in part) / m for part in parts],
        },
    )
