from __future__ import annotations

import itertools

import pytest
import sample
from defusedxml import ElementTree
from msgspec.structs import replace

from mlgate.core.words import Level
from mlgate.reporters import junit


def tree(*verdicts, **more):
    return ElementTree.fromstring(junit.render(sample.report(*verdicts, **more)))


EVERY = [replace(v, blocks=blocks) for v in sample.VERDICTS for blocks in (True, False)]


@pytest.mark.parametrize("problem", [None, "gone"])
@pytest.mark.parametrize("pair", list(itertools.combinations(EVERY, 2)), ids=lambda pair: "")
def test_nothing_fails_in_it_where_the_exit_code_is_zero_and_only_there(pair, problem):
    report = sample.report(*pair, base_problem=problem)
    suites = ElementTree.fromstring(junit.render(report))
    wrong = int(suites.get("failures")) + int(suites.get("errors"))
    assert (wrong == 0) == (report.exit_code == 0)


def test_a_name_lasts_while_lines_move():
    moved = replace(sample.LINT.findings[0].location, line=77)
    findings = (replace(sample.LINT.findings[0], location=moved), *sample.LINT.findings[1:])
    names = [
        sorted(case.get("name") for case in tree(lint).iter("testcase"))
        for lint in (sample.LINT, replace(sample.LINT, findings=findings))
    ]
    assert names[0] == names[1]


def test_what_is_measured_and_met_has_passed():
    cases = {case.get("name"): len(case) for case in tree(sample.CHURN).iter("testcase")}
    assert cases["model/f1: f1 0.78 is at least 0.7"] == 0


def test_notes_do_not_fail_beside_what_does():
    note = sample.finding("lint/N1", "by the way", level=Level.NOTE)
    lint = replace(sample.LINT, findings=(note, sample.LINT.findings[0]))
    assert "by the way" not in junit.render(sample.report(lint))
    assert "by the way" in junit.render(sample.report(replace(lint, findings=(note,))))
