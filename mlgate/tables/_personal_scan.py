"""Counts personal data in a column: an engine finds what looks like it, Python decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from mlgate.tables.aggregates import Value
from mlgate.tables.personal import Kind, Sighting, chosen, sightings

_MOST = 20_000
"""Values that are looked at one by one, each round."""
_COMMON = 0.01
"""A form in a greater share of those is counted by them; for the others the engine looks again."""


class Scan(Struct, frozen=True):
    """What the engine does: both take a pattern that a value must match."""

    count: Callable[[str], int]
    first: Callable[[str, int], list[str]]


class _Tally:
    """What was seen of one form."""

    def __init__(self) -> None:
        self.seen = self.certain = self.right = 0
        self.numbers: dict[str, bool] = {}

    def add(self, value: str, one: Sighting) -> None:
        """Take in one value that holds the form, or what looks like it."""
        self.seen += 1
        self.certain += one.proven and not one.bare
        self.right += one.proven and one.bare
        if one.bare:
            self.numbers[value] = one.proven

    def row(self, form: str, scale: float) -> list[str | int]:
        """The counts, those of values projected on all of them."""
        values = (round(self.certain * scale), round(self.right * scale))
        return [form, *values, len(self.numbers), sum(self.numbers.values()), int(scale == 1.0)]


def counted(names: Iterable[str], scan: Scan) -> Value:
    """The answer to `Personal`.

    Where more values look like personal data than can be looked at, what is common among the first
    ones is projected from them, and the engine looks for the rest again, without what is common:
    a few card numbers between millions of addresses are found.
    """
    left, answer = list(chosen(names)), []
    while left:
        pattern = "|".join(f"(?:{kind.pattern})" for kind in left)
        values = scan.first(pattern, _MOST + 1)
        whole = len(values) <= _MOST
        tallies = _looked_at(values[:_MOST], left)
        scale = 1.0 if whole else scan.count(pattern) / _MOST
        usual = {form: t for form, t in tallies.items() if whole or t.seen > _COMMON * _MOST}
        usual = usual or tallies
        answer += [t.row(form, scale) for form, t in usual.items() if t.certain or t.numbers]
        left = [] if whole else [kind for kind in left if kind.form not in usual]
    return sorted(answer)


def _looked_at(values: list[str], kinds: list[Kind]) -> dict[str, _Tally]:
    tallies = {kind.form: _Tally() for kind in kinds}
    for value in values:
        for one in sightings(value, kinds):
            tallies[one.form].add(value, one)
    return tallies
