"""`mlgate ci`: what is written, what is left alone, what is told, and the comment of a fork."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest
import yaml
from hub import COMMIT, REPORT, Hub, archive

from mlgate.cli import _ci_templates

PROVIDERS = ["github", "gitlab", "jenkins", "azure", "buildkite", "codebuild"]
ACTION = "us/mlgate@" + "1" * 40
GATE = (Path(__file__).resolve().parents[2] / "ci-templates" / "gate.sh").read_text()


@pytest.fixture
def repository(git, tmp_path):
    git("commit", "-q", "--allow-empty", "-m", "one")
    return tmp_path


def files(folder):
    found = folder.rglob("*")
    return {str(p.relative_to(folder)) for p in found if p.is_file() and ".git/" not in f"{p}"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_writes_what_a_ci_needs_and_finds_it_current(repository, mlgate, provider):
    assert mlgate("ci", "init", "--provider", provider, "--check").code == 1
    assert files(repository) == set()
    ran = mlgate("ci", "init", "--provider", provider)
    assert ran.code == 0, ran.err
    assert files(repository)
    assert mlgate("ci", "init", "--provider", provider, "--check").code == 0
    for path in files(repository):
        assert "OWNER/mlgate" not in (repository / path).read_text()
        assert f"wrote     {path}" in ran.out


def test_the_provider_is_found_by_its_files(repository, mlgate):
    ran = mlgate("ci", "init")
    assert (ran.code, "no CI" in ran.err) == (2, True)
    (repository / ".gitlab-ci.yml").write_text("")
    assert mlgate("ci", "init").code == 0
    assert (repository / ".gitlab/mlgate.yml").exists()
    (repository / "Jenkinsfile").write_text("")
    assert "gitlab and jenkins" in mlgate("ci", "init").err


def test_a_ci_without_a_template_is_named_with_the_lines_for_it(repository, mlgate):
    (repository / ".circleci").mkdir()
    (repository / ".circleci" / "config.yml").write_text("version: 2.1\n")
    ran = mlgate("ci", "init")
    assert ran.code == 2
    assert ".circleci/config.yml is of CircleCI, for which there is no template" in ran.err
    said = " ".join(ran.err.split())
    assert "check --deepen" in said
    assert "/tmp" not in said  # where others may have put a program of that name
    (repository / ".gitlab-ci.yml").write_text("")
    assert mlgate("ci", "init").code == 0


def test_without_an_action_the_lines_stand_in_the_step(repository, mlgate):
    mlgate("ci", "init", "monorepo", "--provider", "github")
    form = yaml.safe_load((repository / ".github/workflows/mlgate-monorepo.yml").read_text())
    step = next(s for s in form["jobs"]["gate"]["steps"] if s["name"] == "mlgate")
    assert step["run"] == GATE
    assert step["env"]["MLGATE_PROJECT"] == "${{ matrix.project.folder }}"
    assert step["id"] == "mlgate"


def test_an_action_takes_the_place_of_the_lines(repository, mlgate):
    mlgate("ci", "init", "gate", "code-scanning", "--provider", "github", "--action", ACTION)
    text = (repository / ".github/workflows/mlgate.yml").read_text()
    assert f"uses: us/mlgate/ci-templates/github@{'1' * 40}\n" in text
    text = (repository / ".github/workflows/mlgate-code-scanning.yml").read_text()
    assert f"uses: us/mlgate/.github/workflows/mlgate-gate.yml@{'1' * 40}\n" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--provider", "githup"], "github"),
        (["nightly", "--provider", "github"], "no template"),
        (["code-scanning", "--provider", "github"], "--action"),
        (["--provider", "github", "--action", "x; y"], "OWNER/REPO@COMMIT"),
    ],
)
def test_what_is_not_there_is_said(repository, mlgate, arguments, says):
    ran = mlgate("ci", "init", *arguments)
    assert ran.code == 2
    assert says in ran.err
    assert files(repository) == set()


def test_what_somebody_changed_stays(repository, mlgate):
    mlgate("ci", "init", "--provider", "gitlab")
    path = repository / ".gitlab/mlgate.yml"
    path.write_text(path.read_text().replace("python:3.12", "ours:1"))
    for extra in ([], ["--upgrade"]):
        ran = mlgate("ci", "init", "--provider", "gitlab", *extra)
        assert (ran.code, "not as mlgate wrote it" in ran.err) == (2, True)
    assert "ours:1" in path.read_text()
    assert "changed" in mlgate("ci", "init", "--provider", "gitlab", "--check").out


def test_what_an_earlier_version_wrote_is_renewed_when_asked(repository, mlgate, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(_ci_templates, "__version__", "0.0.1")
        mlgate("ci", "init", "--provider", "gitlab")
    ran = mlgate("ci", "init", "--provider", "gitlab")
    assert (ran.code, "--upgrade" in ran.err) == (2, True)
    assert "older" in mlgate("ci", "init", "--provider", "gitlab", "--check").out
    assert mlgate("ci", "init", "--provider", "gitlab", "--upgrade").code == 0
    assert mlgate("ci", "init", "--provider", "gitlab", "--check").code == 0


def test_nothing_is_written_behind_a_link(repository, mlgate, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (repository / ".gitlab").symlink_to(outside)
    assert mlgate("ci", "init", "--provider", "gitlab").code == 2
    assert list(outside.iterdir()) == []


def test_hooks_of_the_plugin_can_be_started(repository, mlgate):
    mlgate("ci", "init", "--provider", "buildkite")
    hook = next(repository.rglob("post-command"))
    assert hook.stat().st_mode & stat.S_IXUSR
    assert hook.read_text().startswith("#!/bin/sh\n")


def test_doctor_says_that_there_is_no_ci(repository, mlgate, monkeypatch):
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    assert "none is seen here" in mlgate("ci", "doctor").out


def test_doctor_tells_the_change_the_base_and_the_surfaces(repository, mlgate, monkeypatch):
    told = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    told |= {"CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    ran = mlgate("ci", "doctor")
    assert ran.code == 3
    assert "GitLab CI" in ran.out
    assert "pull request 7 into main, from a fork: no secrets" in ran.out
    assert "main, is not here" in " ".join(ran.out.split())
    assert "codequality.json" in ran.out


# The comment


@pytest.fixture
def hub(monkeypatch, tmp_path):
    hub = Hub()
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    head = {
        "head_sha": COMMIT,
        "head_branch": "a&b",
        "head_repository": {"owner": {"login": "them"}},
    }
    (tmp_path / "event.json").write_text(json.dumps({"workflow_run": {"id": 5, **head}}))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{hub.server_port}")
    monkeypatch.setenv("GITHUB_REPOSITORY", "us/project")
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    yield hub
    hub.shutdown()
    hub.server_close()


def test_the_verdict_is_written_and_then_renewed(hub, mlgate):
    ran = mlgate("ci", "comment")
    assert (ran.code, ran.out) == (0, "commented on pull request 7\n")
    body = hub.comments[0]["body"]
    assert body.startswith("<!-- mlgate -->\n## ❌ mlgate: ")
    assert "`@everyone <b>x</b> ::error::y`" in body
    assert mlgate("ci", "comment").out == "renewed the comment on pull request 7\n"
    assert len(hub.comments) == 1
    assert "pulls?state=open&per_page=100&head=them%3Aa%26b" in dict(hub.asked)


def test_no_other_host_sees_the_token(hub, mlgate):
    mlgate("ci", "comment")
    seen = dict(hub.asked)
    assert seen["/blob"] is None
    assert seen["actions/artifacts/0/zip"] == "Bearer secret"
    assert "actions/artifacts/1/zip" not in seen
    assert "actions/artifacts/2/zip" not in seen


def test_a_comment_of_somebody_else_is_not_taken_for_ours(hub, mlgate):
    hub.comments.append({"id": 1, "body": "<!-- mlgate -->\nx", "user": {"type": "User"}})
    mlgate("ci", "comment")
    assert len(hub.comments) == 2


def test_a_commit_that_is_no_longer_the_head_gets_no_comment(hub, mlgate):
    hub.pulls = [{"number": 7, "head": {"sha": "b" * 40}}]
    ran = mlgate("ci", "comment")
    assert (ran.code, "no open pull request" in ran.out) == (0, True)
    assert hub.comments == []


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"PK\x03\x04broken",
        archive("{}", "other.json"),
        archive("[" * 100_000),
        archive('{"stage": "no", "verdicts": []}'),
        archive('{"stage": "merge", "verdicts": [{"gate": 1}]}'),
        archive(b"\xff\xfe"),
        archive(" " * (17 << 20)),
    ],
    ids=["empty", "broken", "other", "deep", "stage", "shape", "bytes", "bomb"],
)
def test_an_artefact_that_is_no_report_is_refused(hub, mlgate, packed):
    hub.archive = packed
    ran = mlgate("ci", "comment")
    assert ran.code == 3
    assert "broke" not in ran.err
    assert hub.comments == []


def test_a_report_that_forges_ends_up_as_text(hub, mlgate):
    forged = json.loads(json.dumps(REPORT))
    forged["version"] = "<img src=x> @us/team"
    forged["policy"] = "` </details> @us/team"
    forged["verdicts"][0]["gate"] = "x`\n## ✅ passed\n<!-- mlgate -->"
    hub.archive = archive(json.dumps(forged))
    assert mlgate("ci", "comment").code == 0
    body = hub.comments[0]["body"]
    assert "<img" not in body
    assert "\n## ✅" not in body


def test_a_token_that_may_not_write_is_said(hub, mlgate):
    hub.writes = 403
    ran = mlgate("ci", "comment")
    assert ran.code == 3
    assert "403" in ran.err
    assert "pull-requests: write" in ran.err


def test_without_a_token_nothing_is_asked(hub, mlgate, monkeypatch):
    monkeypatch.delenv("GITHUB_TOKEN")
    ran = mlgate("ci", "comment")
    assert (ran.code, hub.asked) == (2, [])
    assert "GITHUB_TOKEN or GITHUB_REPOSITORY is not set" in ran.err
    assert "env: GITHUB_TOKEN: ${{ github.token }}" in ran.err


def test_outside_of_such_a_run_it_says_so(mlgate, monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "none"))
    assert mlgate("ci", "comment").code == 2
