"""What the evidence leaves open, and a rule leaves to people: it blocks until somebody approves."""

from __future__ import annotations

import os
from typing import Any

import pytest
from projects import Ended, Project

from mlgate.core.report import Report, Verdict
from mlgate.core.words import Outcome, Stage

PROTECT = '[protect]\nsigners = ["keys/lead.pub"]\n'


@pytest.fixture
def waiting(judged: Any) -> Any:
    """A gate with an open finding that waits for an approval; the base names a signer."""
    project: Project = judged.project
    for path in ("d0/00.txt", "d1/07.txt"):
        (project.folder / path).write_text("fine\n")
    made = project.run("keys", "new", str(project.folder.parent / "lead"), "--no-password")
    assert made.code == 0, made
    public = (project.folder.parent / "lead.pub").read_text()
    judged.policy(probe='inconclusive = "approve"', other="")
    policy = (project.folder / "mlgate.toml").read_text()
    project.put({"mlgate.toml": PROTECT + policy, "keys/lead.pub": public}).commit()
    project.git("checkout", "-q", "-b", "topic")
    project.put({"d0/00.txt": "open 1\n"}).commit()
    return judged


def approve(project: Project, *args: str, key: str = "lead") -> Ended:
    return project.run("approve", *args, "--key", str(project.folder.parent / key))


def of(report: Report) -> Verdict:
    return next(v for v in report.verdicts if v.gate == "probe")


def wanted(verdict: Verdict) -> str:
    return next(n for n in verdict.notes if "waits" in n).rpartition("MLGATE_APPROVED to ")[2]


@pytest.mark.parametrize("stage", [Stage.MERGE, Stage.PROMOTE])
def test_it_blocks_until_it_is_approved(waiting: Any, stage: Stage) -> None:
    report = waiting.run(stage=stage)
    assert (of(report).outcome, report.exit_code) == (Outcome.INCONCLUSIVE, 1)
    at = "" if stage is Stage.MERGE else " --stage promote"
    assert f"mlgate approve probe{at} --key" in " ".join(of(report).notes)
    given = approve(waiting.project, "probe", "--stage", stage.value)
    assert given.code == 0, given
    assert "probe: bad" in given.out
    for _ in range(2):  # anew, and from the store
        report = waiting.run(stage=stage)
        assert (of(report).outcome, of(report).waived) == (Outcome.PASSED, 1)
        assert any("keys/lead.pub" in note for note in of(report).notes)
    waiting.project.git("update-ref", "-d", "refs/mlgate/approvals")
    assert of(waiting.run(stage=stage)).outcome is Outcome.INCONCLUSIVE


def test_it_holds_for_this_finding_on_this_content_only(waiting: Any) -> None:
    assert approve(waiting.project, "probe").code == 0
    waiting.project.put({"d0/00.txt": "fine\nopen 1\n"}).commit()
    assert of(waiting.run()).outcome is Outcome.INCONCLUSIVE
    waiting.project.put({"d0/00.txt": "open 1\n", "readme.md": "unseen"}).commit()
    assert of(waiting.run()).outcome is Outcome.PASSED
    waiting.project.put({"d0/00.txt": "open 1\n", "d0/03.txt": "judged"}).commit()
    assert of(waiting.run()).outcome is Outcome.INCONCLUSIVE


def test_it_is_no_approval_of_what_fails(waiting: Any) -> None:
    assert approve(waiting.project, "probe").code == 0
    waiting.project.put({"d0/00.txt": "open 1\nbad\n"}).commit()
    assert of(waiting.run()).outcome is Outcome.FAILED
    digest = wanted(of(waiting.run()))
    os.environ["MLGATE_APPROVED"] = digest
    try:
        verdict = of(waiting.run())
    finally:
        del os.environ["MLGATE_APPROVED"]
    assert (verdict.outcome, verdict.waived) == (Outcome.FAILED, 1)


def test_a_signed_commit_and_the_variable(waiting: Any, monkeypatch: Any) -> None:
    digest = wanted(of(waiting.run()))
    waiting.project.commit(f"Agreed\n\nMlgate-Approves: {digest}")
    verdict = of(waiting.run())
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert any("by no key" in note for note in verdict.notes)
    monkeypatch.setenv("MLGATE_APPROVED", digest)
    assert of(waiting.run()).outcome is Outcome.PASSED


def test_only_a_signer_of_the_base(waiting: Any) -> None:
    project = waiting.project
    made = project.run("keys", "new", str(project.folder.parent / "mine"), "--no-password")
    assert made.code == 0
    refused = approve(project, "probe", key="mine")
    assert (refused.code, "do not name this key" in refused.err) == (2, True)
    public = (project.folder.parent / "mine.pub").read_text()
    project.put({"keys/lead.pub": public}).commit()
    assert approve(project, "probe", key="mine").code == 2
    assert approve(project, "probe").code == 0


def test_the_policy_of_the_approval_counts(waiting: Any) -> None:
    assert approve(waiting.project, "probe").code == 0
    policy = (waiting.project.folder / "mlgate.toml").read_text()
    waiting.project.put({"mlgate.toml": 'exclude = ["d9/"]\n' + policy}).commit()
    assert of(waiting.run()).outcome is Outcome.INCONCLUSIVE


def test_nothing_that_waits(waiting: Any) -> None:
    refused = approve(waiting.project, "other")
    assert refused.code == 2
    assert "nothing of it waits for an approval" in refused.err
    assert "Traceback" not in refused.err
