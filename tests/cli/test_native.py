"""What a CI shows of itself: on by default, on top of the verdict, never instead of it."""

from __future__ import annotations

import json
import os

import pytest

from mlgate.cli import _native
from mlgate.core.finding import Finding
from mlgate.core.report import Report, Subject, Verdict
from mlgate.core.words import Outcome, Stage
from mlgate.repo.ci import CI
from mlgate.reporters import github as github_format

POLICY = "[gates.files]\n"
RULE = "files/trailing-whitespace"


@pytest.fixture
def folder(git, tmp_path):
    """A repository with one finding, and one in a file that is named to forge a command."""
    repository = tmp_path / "repository"
    repository.mkdir()
    git("init", "-q", "-b", "main", cwd=repository)
    git("config", "user.name", "A Person", cwd=repository)
    git("config", "user.email", "person@example.org", cwd=repository)
    for name in ("a.py", "::error::x #1.py"):
        (repository / name).write_text("x = 1   \n")
    (repository / "mlgate.toml").write_text(POLICY)
    git("add", "-A", cwd=repository)
    git("commit", "-q", "-m", "one", cwd=repository)
    return repository


@pytest.fixture
def check(started, folder, tmp_path):
    """`check(*args, **environ)` with a store of its own."""

    def call(*args, **environ):
        environ = {"XDG_CACHE_HOME": str(tmp_path / "cache"), **environ}
        return started("check", *args, cwd=folder, **environ)

    return call


def github(path):
    return {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(path)}


def test_outside_of_a_ci_nothing_is_added(check, tmp_path):
    ran = check(GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
    assert ran.code == 1
    assert "::error" not in ran.out
    assert not (tmp_path / "summary.md").exists()


def test_github_gets_annotations_after_the_text_and_a_summary(check, tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("earlier\n")
    ran = check(**github(summary))
    assert ran.code == 1
    lines = ran.out.splitlines()
    commands = [line for line in lines if line.startswith("::")]
    assert lines[-len(commands) :] == commands
    assert commands[0].startswith("::error title=mlgate::blocked by files")
    assert any(line.startswith("::warning file=a.py,line=1,") for line in commands)
    assert any("file=\\x3a%3Aerror" in line for line in commands), commands
    text = summary.read_text()
    assert text.startswith("earlier\n## ❌ mlgate: blocked by `files`")
    assert ran.err == ""


@pytest.mark.parametrize("ci", ["GITHUB_ACTIONS", "TF_BUILD"])
def test_silent_where_standard_output_is_for_a_program(check, tmp_path, ci):
    environ = {ci: "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    ran = check("--format", "json", **environ, AGENT_TEMPDIRECTORY=str(tmp_path))
    assert json.loads(ran.out)["exit_code"] == ran.code == 1
    assert (tmp_path / "summary.md").exists() is (ci == "GITHUB_ACTIONS")


def test_a_format_in_a_file_leaves_the_annotations_on(check, tmp_path):
    ran = check("--format", f"sarif:{tmp_path}/out.sarif", **github(tmp_path / "s.md"))
    assert "::error title=mlgate" in ran.out
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"


@pytest.mark.parametrize("bad", [False, True])
def test_a_summary_that_cannot_be_written_is_a_note(check, git, folder, tmp_path, bad):
    if not bad:
        for path in folder.glob("*.py"):
            path.write_text("x = 1\n")
        git("commit", "-qam", "two", cwd=folder)
    ran = check(**github(tmp_path))
    assert ran.code == int(bad)
    assert ran.err.startswith(" note: not shown on the page of the run: Is a directory")
    assert len(ran.err.splitlines()) == 1


def test_a_summary_that_is_full_is_left_as_it_is(check, tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("x" * 1_000_000)
    ran = check(**github(summary))
    assert ran.code == 1
    assert "the step's summary is full" in ran.err
    assert summary.stat().st_size == 1_000_000


@pytest.mark.parametrize("used", [0, 500_000, 975_000])
def test_a_report_that_is_too_long_for_the_summary_is_cut_behind_the_verdict(tmp_path, used):
    summary = tmp_path / "summary.md"
    summary.write_text("x" * used)
    finding = Finding(rule="lint/F401", message="'os' imported but unused " * 90)
    verdict = Verdict(
        gate="lint", kind="lint", outcome=Outcome.FAILED, blocks=True, findings=(finding,) * 5_000
    )
    report = Report(stage=Stage.MERGE, verdicts=(verdict,), subject=Subject(label="x"))
    environ = {"GITHUB_STEP_SUMMARY": str(summary)}
    _native.show(CI(name="GitHub Actions", event="push"), report, environ, speak=False)
    written = summary.read_text()[used:]
    assert written.startswith("## ❌ mlgate: blocked by `lint`\n")
    assert used + 2_000 < summary.stat().st_size <= 1024 * 1024


def test_where_azure_keeps_nothing_the_issues_are_there(check, tmp_path):
    ran = check(TF_BUILD="True", AGENT_TEMPDIRECTORY=str(tmp_path / "none"))
    assert ran.code == 1
    assert ran.out.count("##vso[task.logissue type=error") == 1
    assert "note: not shown on the page of the run: No such file" in ran.err


def test_azure_gets_issues_and_a_summary(check, tmp_path):
    ran = check(TF_BUILD="True", AGENT_TEMPDIRECTORY=str(tmp_path))
    assert ran.code == 1
    *issues, upload = [line for line in ran.out.splitlines() if line.startswith("##vso[")]
    assert issues[0].startswith("##vso[task.logissue type=error;code=mlgate;]blocked by files")
    path = upload.removeprefix("##vso[task.uploadsummary]")
    assert os.path.isabs(path)
    with open(path, encoding="utf-8") as file:
        assert file.read().startswith("## ❌ mlgate")


def test_not_even_a_defect_changes_the_verdict(monkeypatch, capsys):
    report = Report(stage=Stage.MERGE, verdicts=(), subject=Subject(label="x"))
    monkeypatch.setattr(github_format, "render", lambda report: 1 / 0)
    _native.show(CI(name="GitHub Actions", event="push"), report, {}, speak=True)
    assert "note: not shown on the page of the run: division by zero" in capsys.readouterr().err


AGENT = """#!/bin/sh
[ "$BUILDKITE_AGENT_ACCESS_TOKEN" = t ] || exit 9
printf '%s\\n' "$@" > "$0.args"
cat > "$0.body"
exit ${BUILDKITE_STUB_CODE:-0}
"""


@pytest.fixture
def agent(tmp_path):
    path = tmp_path / "bin" / "buildkite-agent"
    path.parent.mkdir()
    path.write_text(AGENT)
    path.chmod(0o755)
    return path


def buildkite(agent, **more):
    path = f"{agent.parent}:{os.environ['PATH']}"
    return {"BUILDKITE": "true", "PATH": path, "BUILDKITE_AGENT_ACCESS_TOKEN": "t", **more}


def test_buildkite_gets_an_annotation(check, agent):
    assert check(**buildkite(agent)).code == 1
    first = agent.with_name("buildkite-agent.args").read_text().split()
    assert first[0] == "annotate"
    assert first[-1] == "error"
    assert agent.with_name("buildkite-agent.body").read_text().startswith("## ❌ mlgate")
    check(**buildkite(agent))
    assert agent.with_name("buildkite-agent.args").read_text().split() == first
    check(**buildkite(agent, BUILDKITE_PARALLEL_JOB="2"))
    assert agent.with_name("buildkite-agent.args").read_text().split() != first


def test_an_annotation_that_buildkite_refuses_is_a_note(check, agent):
    ran = check(**buildkite(agent, BUILDKITE_STUB_CODE="1"))
    assert (ran.code, "annotate ended with 1" in ran.err) == (1, True)
    agent.unlink()
    ran = check(**buildkite(agent))
    assert (ran.code, "buildkite-agent is not on PATH" in ran.err) == (1, True)


def test_sarif_carries_what_the_rules_of_the_gates_mean(check):
    ran = check("--format", "sarif")
    rules = json.loads(ran.out)["runs"][0]["tool"]["driver"]["rules"]
    (told,) = (rule["help"]["text"] for rule in rules if rule["id"] == RULE)
    assert told not in ("", f"mlgate explain {RULE}")
