"""What the `drift` gate states: which reference there is, what differs from it, and how gravely."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding, Location
from mlgate.core.text import shown
from mlgate.core.words import Level, Result
from mlgate.gates import _drift_saved
from mlgate.gates import _drift_words as words
from mlgate.gates._drift_columns import Bin
from mlgate.gates._drift_measure import Comparison, Measured
from mlgate.gates._drift_saved import Both
from mlgate.sources._tables import at, locate
from mlgate.stats import drift
from mlgate.stats.drift import Judged
from mlgate.tables.table import Located

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates.drift import Options


def facts(ctx: Context) -> Iterator[Finding | Figure]:
    """What the gate states."""
    options: Options = ctx.options
    after = locate(ctx, options.table)
    saved = _drift_saved.reference(ctx)
    if saved is not None:
        yield _note(options, "reference", _drift_saved.told(saved))
        if after.origin == "work tree":
            yield _elsewhere(options, after)
        yield from _judged(options, Both(ctx, saved, after))
        return
    before = _reference(ctx)
    if _same(before, after):
        yield _note(options, "same", f"{shown(options.table)} is the reference, byte by byte")
        return
    for table in (before, after):
        if table.origin == "work tree":
            yield _elsewhere(options, table)
    yield from _judged(options, Both(ctx, before, after))


def _elsewhere(options: Options, table: Located) -> Finding:
    said = f"{shown(table.path)} is not in the commit: the {table.origin}'s file was judged"
    return _note(options, "origin", said)


def _reference(ctx: Context) -> Located:
    path = ctx.options.against
    if path != "base":
        return locate(ctx, path)
    found = at(ctx, ctx.base, ctx.options.table) if ctx.base is not None else None
    if found is None:
        raise GateError(
            f"there is no reference: the base holds no {shown(ctx.options.table)}",
            'name one: against = "data/reference.parquet"',
        )
    return found


def _same(before: Located, after: Located) -> bool:
    digests = [[part.digest for part in table.parts] for table in (before, after)]
    return None not in digests[0] and digests[0] == digests[1] and before.query == after.query


def _note(options: Options, rule: str, message: str) -> Finding:
    return Finding(
        rule=f"drift/{rule}",
        message=message,
        result=Result.PASS,
        level=Level.NOTE,
        location=Location(path=options.table),
    )


def _judged(options: Options, both: Both) -> Iterator[Finding | Figure]:
    found = Comparison(options, both).measured()
    yield from found.odd
    yield from _stated(options, found)
    if options.psi is not None:
        for name, bins in found.bins.items():
            yield words.psi(options.table, name, bins, options.psi)
    if found.texts:
        listed = ", ".join(map(shown, found.texts))
        yield _note(options, "not-compared", f"too many different texts to compare: {listed}")


def _stated(options: Options, measured: Measured) -> Iterator[Finding | Figure]:
    """Every difference, decided together with all others."""
    found = sorted(drift.judged(measured.effects, options.alpha), key=_gravest)
    bins: dict[str, list[Bin]] = measured.bins
    small = []
    for one in found:
        if one.open and one.effect.value >= one.effect.floor:
            small.append(one)
        else:
            yield words.finding(options.table, one, bins.get(one.effect.column))
        if one.alarm and one.effect.what == "ks":
            yield words.figure(one.effect.column, bins[one.effect.column])
    if small:
        yield words.too_few(options.table, small)
    if found and not any(one.alarm or one.open for one in found):
        yield words.within(options.table, found)


def _gravest(one: Judged) -> tuple[bool, float, str, str]:
    return (not one.alarm, one.rank, one.effect.column, one.effect.what)
