"""An open finding blocks where its own rule says so, else where the stage does."""

from __future__ import annotations

import pytest

from mlgate.core.finding import Finding
from mlgate.core.words import Outcome, Result
from mlgate.judge.judge import Draft, Terms, judge


@pytest.mark.parametrize(
    ("undecided", "stage", "blocks"),
    [
        (None, False, False), (None, True, True), ("warn", True, False), ("block", False, True),
        ("approve", False, True),
    ],
)  # fmt: skip
def test_what_is_open(undecided: str | None, stage: bool, blocks: bool) -> None:
    one = Finding(rule="model/min", message="", result=Result.OPEN, undecided=undecided)
    draft = Draft(gate="churn", kind="model", findings=(one,))
    verdict = judge(draft, Terms(inconclusive_blocks=stage), "2026-01-01")
    assert (verdict.outcome, verdict.blocks) == (Outcome.INCONCLUSIVE, blocks)
    quiet = judge(draft, Terms(inconclusive_blocks=stage, blocking=False), "2026-01-01")
    assert not quiet.blocks
