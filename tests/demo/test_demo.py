"""The demo tells the truth: every fault is stopped, the clean commit passes, no secret is shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlgate.core import parts
from mlgate.core.finding import Finding, Location
from mlgate.core.report import Report, Subject, Verdict
from mlgate.core.words import Outcome, Stage
from mlgate.demo.faults import FAULTS, found, unclean

if TYPE_CHECKING:
    from conftest import Ended, Project


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The project that the demo left behind, and what it said."""
    import os
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("demo") / "project"
    done = subprocess.run(
        [sys.executable, "-m", "mlgate", "demo", str(folder)],
        env={**os.environ, "MLGATE_CACHE_DIR": str(tmp_path_factory.mktemp("store"))},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


def test_every_fault_is_stopped_and_named(told: tuple[Path, str]) -> None:
    story = told[1].partition("What was planted")[2]
    for fault in FAULTS:
        assert re.search(f"✓ {re.escape(fault.what)} +{fault.gate} +{fault.rule}", story)
    assert "every planted fault was stopped, the clean commit passed" in story


def test_no_secret_is_shown(told: tuple[Path, str]) -> None:
    folder, story = told
    secret = re.search(r"AKIA\w+", (folder / "diagnosis" / "upload.py").read_text())
    assert secret
    assert secret[0] not in story


def test_the_project_has_a_history(told: tuple[Path, str], project: Project) -> None:
    project.folder = told[0]
    assert project.git("log", "--format=%s", "main").splitlines()[-1] == "Load the measurements"
    assert project.git("status", "--porcelain") == ""


def test_a_folder_that_is_not_empty_is_refused(project: Project) -> None:
    project.put({"a.txt": "mine\n"})
    ended: Ended = project.run("demo", str(project.folder))
    assert ended.code == 2
    assert "not empty" in ended.err


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.rule)
def test_a_fault_counts_as_stopped_only_where_its_gate_names_it(fault) -> None:
    finding = Finding(rule=fault.rule, message="", location=Location(path=fault.path))
    elsewhere = Finding(rule=fault.rule, message="", location=Location(path="other.py"))
    assert found(fault, _report(fault.gate, Outcome.FAILED, finding))
    assert not found(fault, _report(fault.gate, Outcome.FAILED, elsewhere))
    assert not found(fault, _report(fault.gate, Outcome.PASSED, finding))
    assert not found(fault, _report("other", Outcome.FAILED, finding))


def test_whatever_did_not_pass_is_unclean() -> None:
    assert list(unclean(_report("lint", Outcome.PASSED))) == []
    for outcome in set(Outcome) - {Outcome.PASSED}:
        assert list(unclean(_report("lint", outcome))) == [f"lint {outcome}"]


def test_every_fault_has_a_gate_and_a_rule_that_exist() -> None:
    for fault in FAULTS:
        assert fault.rule.startswith(f"{fault.gate}/")
        assert fault.gate in parts.names("gates")


def _report(gate: str, outcome: Outcome, *findings: Finding) -> Report:
    verdict = Verdict(gate=gate, kind=gate, outcome=outcome, blocks=True, findings=findings)
    return Report(stage=Stage.MERGE, verdicts=(verdict,), subject=Subject(label="index"))
