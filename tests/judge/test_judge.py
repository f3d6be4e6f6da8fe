"""The judge: levels, waivers, what is open, what blocks, and the exit code that follows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgate.core.finding import Finding, Location
from mlgate.core.report import Report, Subject, Verdict
from mlgate.core.words import Level, Outcome, Result, Stage, State
from mlgate.judge.judge import Accepted, Draft, Terms, fails, judge

TODAY = "2026-03-10"


def finding(rule: str = "lint/F401", path: str | None = "a.py", **more: Any) -> Finding:
    location = Location(path=path, line=1) if path else None
    return Finding(rule=rule, message="m", location=location, **more)


def waiver(rule: str = "lint/F401", path: str = "", most: int = 1, until: str = TODAY) -> Accepted:
    return Accepted(rule=rule, path=path, most=most, until=until, reason="known")


def judged(*findings: Finding, draft: dict[str, Any] | None = None, **terms: Any) -> Verdict:
    given_ = Draft(gate="lint", kind="lint", findings=findings, **(draft or {}))
    return judge(given_, Terms(**terms), TODAY)


FINDINGS = st.builds(
    finding,
    rule=st.sampled_from(["lint/F401", "lint/E501", "lint/F4", "lint"]),
    path=st.sampled_from(["a.py", "src/b.py", "src/deep/c.py", None]),
    level=st.sampled_from(Level),
    result=st.sampled_from(Result),
    state=st.sampled_from([State.NEW, State.OLD]),
)
WAIVERS = st.builds(
    waiver,
    rule=st.sampled_from(["lint/F401", "lint/", "lint", "security/B1", "lint/F"]),
    path=st.sampled_from(["", "a.py", "src/*", "*.py", "[a].py"]),
    most=st.integers(1, 4),
    until=st.sampled_from(["2026-03-09", TODAY, "2027-01-01"]),
)
MANY = st.lists(FINDINGS, max_size=8)


# -- properties ------------------------------------------------------------------------------------


@given(MANY, st.lists(WAIVERS, max_size=3), st.sampled_from(Level))
def test_the_outcome_follows_from_the_findings_that_count(
    findings: list[Finding], waivers: list[Accepted], level: Level
) -> None:
    verdict = judged(*findings, waivers=tuple(waivers), level=level)
    left = [f for f in verdict.findings if f.state is State.NEW]
    if any(f.result is Result.FAIL and f.level.rank >= level.rank for f in left):
        assert verdict.outcome is Outcome.FAILED
    elif any(f.result is Result.OPEN for f in left):
        assert verdict.outcome is Outcome.INCONCLUSIVE
    else:
        assert verdict.outcome is Outcome.PASSED


@given(MANY, st.lists(WAIVERS, max_size=3))
def test_nothing_is_lost_or_invented(findings: list[Finding], waivers: list[Accepted]) -> None:
    verdict = judged(*findings, waivers=tuple(waivers))
    assert len(verdict.findings) + verdict.hidden == len(findings)
    assert verdict.hidden == sum(f.state is State.OLD for f in findings)
    assert verdict.waived == sum(f.state is State.WAIVED for f in verdict.findings)
    assert verdict.waived <= sum(w.most for w in waivers if w.until >= TODAY)
    new = [f for f in findings if f.state is not State.OLD]
    for before, after in zip(new, verdict.findings, strict=True):
        assert (before.rule, before.location) == (after.rule, after.location)


@given(MANY, st.lists(WAIVERS, max_size=3))
def test_a_waiver_never_makes_it_worse(findings: list[Finding], waivers: list[Accepted]) -> None:
    order = [Outcome.PASSED, Outcome.INCONCLUSIVE, Outcome.FAILED]
    without = judged(*findings).outcome
    assert order.index(judged(*findings, waivers=tuple(waivers)).outcome) <= order.index(without)


@given(MANY, st.sampled_from([({"error": "e"}, "errored"), ({"skipped": "s"}, "skipped")]))
def test_an_error_or_a_skip_outweighs_all_findings(
    findings: list[Finding], case: tuple[dict[str, str], str]
) -> None:
    verdict = judged(*findings, draft=case[0])
    assert verdict.outcome.value == case[1]
    assert verdict.reason in case[0].values()


def test_an_error_outweighs_a_skip() -> None:
    assert judged(draft={"error": "e", "skipped": "s"}).outcome is Outcome.ERRORED


# -- levels, waivers -------------------------------------------------------------------------------


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("found", Level)
def test_a_finding_fails_from_its_level_on(level: Level, found: Level) -> None:
    counts = list(Level).index(found) >= list(Level).index(level)
    assert fails(finding(level=found), level) is counts
    assert (judged(finding(level=found), level=level).outcome is Outcome.FAILED) is counts


@pytest.mark.parametrize(
    ("rule", "path", "covers"),
    [
        ("lint/F401", "", True),
        ("lint/", "", True),
        ("lint", "", True),
        ("lint/F4", "", False),  # the beginning of an id, not of a word
        ("lint/E501", "", False),
        ("security/F401", "", False),
        ("lint/F401", "src/a.py", True),
        ("lint/F401", "src/*.py", True),
        ("lint/F401", "src/[id].py", False),
        ("lint/F401", "a.py", False),
        ("lint/F401", "SRC/a.py", False),
    ],
)
def test_what_a_waiver_covers(rule: str, path: str, covers: bool) -> None:
    verdict = judged(finding(path="src/a.py"), waivers=(waiver(rule, path),))
    assert (verdict.outcome is Outcome.PASSED) is covers
    assert verdict.waived == int(covers)


def test_a_path_with_brackets_is_itself() -> None:
    verdict = judged(finding(path="src/[id].py"), waivers=(waiver(path="src/[id].py"),))
    assert verdict.outcome is Outcome.PASSED


def test_a_finding_without_a_place_is_waived_everywhere_only() -> None:
    assert judged(finding(path=None), waivers=(waiver(),)).outcome is Outcome.PASSED
    assert judged(finding(path=None), waivers=(waiver(path="*"),)).waived == 1
    assert judged(finding(path=None), waivers=(waiver(path="a.py"),)).waived == 0


def test_at_most_so_many_are_waived() -> None:
    three = [finding(path=f"{n}.py") for n in range(3)]
    verdict = judged(*three, waivers=(waiver(most=2),))
    assert verdict.outcome is Outcome.FAILED and verdict.waived == 2
    assert verdict.notes == ("the waiver for lint/F401 covers 2 of 3 findings",)
    assert judged(*three, waivers=(waiver(most=3),)).outcome is Outcome.PASSED


def test_two_waivers_waive_different_findings() -> None:
    verdict = judged(finding(), finding(), waivers=(waiver(), waiver()))
    assert verdict.waived == 2 and verdict.outcome is Outcome.PASSED


@pytest.mark.parametrize(("until", "holds"), [("2026-03-09", False), (TODAY, True)])
def test_a_waiver_holds_through_its_last_day(until: str, holds: bool) -> None:
    verdict = judged(finding(), waivers=(waiver(until=until),))
    assert (verdict.outcome is Outcome.PASSED) is holds
    assert any("ended on 2026-03-09" in note for note in verdict.notes) is not holds


def test_a_waiver_that_matches_nothing_is_told() -> None:
    told = ("the waiver for lint/F401 b.py matches nothing: remove it",)
    assert judged(finding(), waivers=(waiver(path="b.py"),)).notes == told
    for silent in ({"narrowed": True}, {"draft": {"skipped": "s"}}, {"draft": {"error": "e"}}):
        assert judged(waivers=(waiver(path="b.py"),), **silent).notes == ()
    assert judged(waivers=(waiver("security/B1"),)).notes == ()


def test_what_is_met_or_old_uses_up_no_waiver() -> None:
    verdict = judged(
        finding(result=Result.PASS), finding(state=State.OLD), finding(), waivers=(waiver(),)
    )
    assert verdict.outcome is Outcome.PASSED and verdict.waived == 1


def test_an_open_finding_can_be_waived() -> None:
    assert judged(finding(result=Result.OPEN)).outcome is Outcome.INCONCLUSIVE
    assert judged(finding(result=Result.OPEN), waivers=(waiver(),)).outcome is Outcome.PASSED


# -- what blocks -----------------------------------------------------------------------------------

CASES: list[tuple[str, dict[str, Any], list[Finding], dict[str, str]]] = [
    ("failed", {}, [finding()], {}),
    ("inconclusive", {}, [finding(result=Result.OPEN)], {}),
    ("errored", {}, [], {"error": "e"}),
]


@pytest.mark.parametrize(
    ("outcome", "terms", "code"),
    [
        ("failed", {}, 1),
        ("failed", {"blocking": False}, 0),
        ("failed", {"errors_block": False}, 1),
        ("inconclusive", {}, 0),
        ("inconclusive", {"inconclusive_blocks": True}, 1),
        ("inconclusive", {"inconclusive_blocks": True, "blocking": False}, 0),
        ("errored", {}, 3),
        ("errored", {"blocking": False}, 0),
        ("errored", {"errors_block": False}, 0),
    ],
)
def test_what_blocks(outcome: str, terms: dict[str, Any], code: int) -> None:
    _, _, findings, draft = next(case for case in CASES if case[0] == outcome)
    verdict = judged(*findings, draft=draft, **terms)
    assert verdict.outcome.value == outcome
    assert report(verdict).exit_code == code


def report(*verdicts: Verdict, base_problem: str | None = None) -> Report:
    return Report(
        stage=Stage.MERGE,
        verdicts=verdicts,
        subject=Subject(label="x"),
        base_problem=base_problem,
    )


def verdict_of(outcome: Outcome, blocks: bool) -> Verdict:
    return Verdict(gate="g", kind="g", outcome=outcome, blocks=blocks)


VERDICTS = st.lists(st.builds(verdict_of, st.sampled_from(Outcome), st.booleans()), max_size=6)


@given(VERDICTS, st.booleans())
def test_exit_codes(verdicts: list[Verdict], lost: bool) -> None:
    code = report(*verdicts, base_problem="no base" if lost else None).exit_code
    blocking = {v.outcome.value for v in verdicts if v.blocks}
    if blocking & {"failed", "inconclusive"}:
        assert code == 1
    else:
        assert code == (3 if "errored" in blocking or lost else 0)
    again = report(*reversed(verdicts), base_problem="no base" if lost else None)
    assert again.exit_code == code


def test_stages_ask_for_decisions_at_promote_only() -> None:
    """What the runner makes of the policy: an open question warns at merge, blocks at promote."""
    from types import SimpleNamespace

    from mlgate.policy.model import GatePolicy, Policy
    from mlgate.runner.terms import terms_for

    policy = GatePolicy(name="lint", kind="lint")
    whole = Policy(source=None, digest="", gates=(policy,))
    for stage in Stage:
        session = SimpleNamespace(
            stage=stage,
            narrowed=None,
            policy=whole,
            protected=None,
            policy_of=lambda gate: whole,
        )
        terms = terms_for(session, policy)  # type: ignore[arg-type]
        assert terms.inconclusive_blocks is (stage is Stage.PROMOTE)
