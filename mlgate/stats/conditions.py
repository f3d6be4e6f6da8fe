"""Sizes for conditions as ease.ml/ci writes them (Karlas et al. 2019, section 3).

`n` and `o` are the new and the old accuracy, `d` the share of answers that differ; clauses such as
`n - 1.1 * o > 0.01 +/- 0.01` are joined by `/\\`. Each clause gets an equal part of delta, each
variable of a clause an equal part of the clause's, and errors in the ratio of the coefficients.
"""

from __future__ import annotations

import math
import re

from msgspec import Struct

from mlgate.stats.distributions import normal_quantile
from mlgate.stats.sizes import Adaptivity, bennett, hoeffding, labels_needed, share

_CLAUSE = re.compile(r"(.+?)([<>])\s*([\d.]+)\s*(?:\+/-\s*([\d.]+))?$")
_TERM = re.compile(r"\s*([+-]?)\s*(?:([\d.]+)\s*\*\s*)?([nod])\s*")


class Size(Struct, frozen=True):
    """Rows for one clause by one bound."""

    clause: str
    method: str
    rows: int
    labels: str
    """How many labels, in words."""


class _Clause(Struct, frozen=True):
    text: str
    terms: dict[str, float]
    limit: float
    error: float | None


def sizes_of(
    text: str, delta: float, uses: int, adaptivity: Adaptivity, churn: float | None = None
) -> list[Size]:
    """The sizes of every clause of `text` (at least one with an error). Raises `ValueError`."""
    clauses = [_clause(part.strip()) for part in text.split("/\\")]
    measured = [one for one in clauses if one.error]
    if not measured:
        raise ValueError("no clause has an error, as `+/- 0.01`")
    each = share(delta, uses, adaptivity) / len(measured)
    declared = [one.limit for one in clauses if set(one.terms) == {"d"}]
    bound = churn or (min(declared) if declared else None)
    found = []
    for one in measured:
        found += _sizes(one, each, bound)
    return found


def _clause(text: str) -> _Clause:
    match = _CLAUSE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no clause")
    left, _, limit, error = match.groups()
    terms: dict[str, float] = {}
    at = 0
    while at < len(left.rstrip()):
        term = _TERM.match(left, at)
        if term is None or (at and not term[1]):
            raise ValueError(f"{left.strip()!r} is no sum of n, o and d")
        sign = -1.0 if term[1] == "-" else 1.0
        terms[term[3]] = terms.get(term[3], 0.0) + sign * float(term[2] or 1)
        at = term.end()
    return _Clause(text, terms, float(limit), float(error) if error else None)


def _sizes(one: _Clause, delta: float, churn: float | None) -> list[Size]:
    error = one.error or 0.0
    spread = sum(abs(weight) for weight in one.terms.values())
    rows = hoeffding(error, delta / len(one.terms), spread)
    labels = "none" if set(one.terms) == {"d"} else f"{rows:,}"
    found = [Size(one.text, "Hoeffding", rows, labels)]
    if one.terms == {"n": 1.0, "o": -1.0} and churn:
        for method, rows in (
            ("Bennett", bennett(error, delta / 2, churn)),
            ("normal", math.ceil(churn * (normal_quantile(1 - delta / 2) / error) ** 2)),
        ):
            words = f"{labels_needed(rows, churn):,}, where answers differ"
            found.append(Size(one.text, f"{method}, {churn:g} differ", rows, words))
    return found
