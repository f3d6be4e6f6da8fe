"""`feedback = "verdict"`: one word on all rules instead of figures, so that no label leaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding
from mlgate.core.text import shown
from mlgate.core.words import Level, Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlgate.core.gate import Context

_SAID = {
    Result.PASS: "passed",
    Result.FAIL: "failed: at least one requirement is shown to be missed",
    Result.OPEN: "inconclusive: at least one requirement is not decided",
}
_LEVELS = {Result.FAIL: Level.ERROR, Result.OPEN: Level.WARNING}
_MEND = {
    Result.FAIL: "improve the model; who may read the labels can see where: mlgate model compare",
    Result.OPEN: "label more rows (mlgate model plan), or widen the margin",
}
_HARMLESS = "model/no-baseline"


def check_labels(ctx: Context) -> None:
    """Raise `GateError` where the labels lie in the commit: nothing is hidden then."""
    path = ctx.options.labels or ctx.options.predictions or ctx.options.metrics
    if path in ctx.subject.files:
        raise GateError(
            f'feedback = "verdict" hides nothing: {shown(path)}, which holds the labels, is in '
            "the commit",
            "name a table outside of it as `labels`, which only CI can fetch, or leave `feedback` "
            "out",
        )


def verdict(found: Iterable[Finding | Figure]) -> Iterator[Finding]:
    """What stands instead of all findings and figures: the worst result, and that it is all."""
    findings = [one for one in found if isinstance(one, Finding)]
    yield from (one for one in findings if one.rule == _HARMLESS)
    judged = [one for one in findings if one.rule != _HARMLESS]
    results = {one.result for one in judged if one.level is not Level.NOTE}
    worst = next((one for one in (Result.FAIL, Result.OPEN) if one in results), Result.PASS)
    yield Finding(
        rule="model/verdict",
        result=worst,
        level=_LEVELS.get(worst, Level.NOTE),
        message=f'{_SAID[worst]}; figures are hidden by feedback = "verdict"',
        help=_MEND.get(worst),
        undecided=_strictest(judged) if worst is Result.OPEN else None,
    )


def _strictest(findings: list[Finding]) -> str | None:
    """The word for what is open; where rules disagree, it blocks."""
    words = {one.undecided for one in findings if one.result is Result.OPEN}
    return words.pop() if len(words) == 1 else "block"
