"""`feedback = "verdict"`: one word on all rules instead of figures, so that no label leaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding
from mlgate.core.text import shown
from mlgate.core.words import Level, Result
from mlgate.gates import _model_parts as parts
from mlgate.gates import _model_pieces as pieces
from mlgate.tables.table import FORMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot

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
    if _tables(ctx.subject, path):
        raise GateError(
            f'feedback = "verdict" hides nothing: {shown(path)}, which holds the labels, is in '
            "the commit",
            _OUTSIDE,
        )
    evaluate = None if ctx.options.labels else ctx.options.evaluate
    if evaluate is not None and all(_in_git(ctx.subject, one) for one in evaluate.inputs):
        raise GateError(
            'feedback = "verdict" hides nothing: `evaluate` reads what is in the commit and '
            "nothing else, so the labels are there",
            _OUTSIDE,
        )


_OUTSIDE = (
    "name a table outside of it as `labels`, which only CI can fetch, or leave `feedback` out"
)


def _tables(snapshot: Snapshot, path: str) -> list[str]:
    """The tables at `path`, a file, a folder or a pattern, that git itself holds."""
    if path.startswith("mlflow:"):
        return []
    names = pieces.tracked(snapshot, path)
    return [one for one in names if one == path or parts.suffix_of(one) in FORMS]


def _in_git(snapshot: Snapshot, path: str) -> bool:
    """True if git holds all of it, so that no part of it is brought from elsewhere."""
    return 0 < len(pieces.tracked(snapshot, path)) == len(pieces.known(snapshot, path))


def verdict(found: Iterable[Finding | Figure]) -> Iterator[Finding]:
    """What stands instead of all findings and figures: the worst result, and that it is all.

    Raises `GateError` where they cannot be judged, in words that quote nothing.
    """
    from mlgate.gates._model_judged import Quoted

    try:
        findings = [one for one in found if isinstance(one, Finding)]
    except Quoted:
        raise GateError(
            "what the tables hold does not fit together or does not fit the rules; what it is may "
            'tell labels, and is hidden by feedback = "verdict"',
            "look for rows without an id or a prediction, ids that are there twice or in one table "
            "only, values outside the classes; who may read the labels sees it without `feedback`",
        ) from None
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
