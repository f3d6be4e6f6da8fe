"""A run is kept small, and says what it left out."""

from __future__ import annotations

from typing import Any

import pytest

from mlgate.core.finding import Finding
from mlgate.core.report import Report, Subject, Verdict
from mlgate.core.words import Level, Outcome, Result, Stage
from mlgate.runner.kept import FINDINGS, bounded


def kept(*findings: Finding) -> Verdict:
    verdict = Verdict(
        gate="lint", kind="lint", outcome=Outcome.FAILED, blocks=True, findings=findings
    )
    subject = Subject(label="work tree", commit=None)
    return bounded(Report(verdicts=(verdict,), stage=Stage.MERGE, subject=subject)).verdicts[0]


def finding(number: int, **more: Any) -> Finding:
    return Finding(rule="lint/E501", message=f"number {number}", **more)


def test_few_findings_are_kept_as_they_are() -> None:
    few = tuple(finding(number) for number in range(FINDINGS))
    assert kept(*few).findings == few
    assert kept(*few).notes == ()


def test_of_many_the_gravest_are_kept_in_their_order_and_the_rest_is_counted() -> None:
    calm = [finding(number, result=Result.PASS, level=Level.NOTE) for number in range(50_000)]
    grave = [finding(100_000 + number, level=Level.ERROR) for number in range(3)]
    verdict = kept(grave[0], *calm, *grave[1:])
    assert len(verdict.findings) == FINDINGS
    assert [one for one in verdict.findings if one.level is Level.ERROR] == grave
    assert verdict.findings[-1] == grave[-1]
    assert verdict.outcome is Outcome.FAILED
    assert verdict.notes == ("49,803 more findings not kept with the run: mlgate check shows all",)


@pytest.mark.parametrize("length", [10, 5_000_000])
def test_a_long_message_is_cut(length: int) -> None:
    (one,) = kept(Finding(rule="lint/E501", message="x" * length)).findings
    assert len(one.message) == min(length, 2_000)
