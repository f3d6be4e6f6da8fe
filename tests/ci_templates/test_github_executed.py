"""GitHub's action, reusable workflow and examples do what they say, executed by act."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path

import pytest
from acted import COMMIT, Act, pull_request
from executors import TEMPLATES
from hub import COMMIT as COMMITTED
from hub import Hub
from projects import Project
from tried import REPORTS, requirement

pytestmark = pytest.mark.heavy
EXAMPLES = TEMPLATES / "github" / "examples"
REUSED = f"""
on: [pull_request]
jobs:
  mlgate:
    uses: OWNER/mlgate/.github/workflows/mlgate-gate.yml@{COMMIT}
    with:
      install: ""
"""


@pytest.fixture
def act(tmp_path, offline):
    return Act(tmp_path / "act", offline)


def example(name, install=""):
    """An example's text with another requirement; as a rule mlgate is installed already."""
    text = (EXAMPLES / f"{name}.yml").read_text()
    assert "stage: m" in text
    lines = [line for line in text.splitlines(True) if " install:" not in line]
    return "".join(
        line + f"          install: {json.dumps(install)}\n" if " stage: m" in line else line
        for line in lines
    )


def test_a_good_change_passes_and_its_reports_are_kept(act, change):
    workflow = example("pull-request", install=requirement())
    acted = act(change, workflow, "pull_request", pull_request(change))
    assert acted.code == 0, acted.out
    assert acted.exit_code() == 0
    assert {path.name for path in (acted.kept / "mlgate").iterdir()} == REPORTS
    report = json.loads((acted.kept / "mlgate" / "report.json").read_text())
    assert report["base"] == change.git("rev-parse", "origin/main").strip()
    assert report["stage"] == "merge"


def shallow(change, tmp_path, reachable):
    """A clone of the feature branch alone, one commit deep, as most CIs make it."""
    origin = Path(change.git("remote", "get-url", "origin").strip())
    change.git("push", "-q", "origin", "feature")
    clone = tmp_path / "shallow"
    argv = ["git", "clone", "-q", "--depth=1", "--branch=feature", origin.as_uri(), str(clone)]
    subprocess.run(argv, check=True, capture_output=True)
    project = Project(clone)
    if not reachable:
        project.git("remote", "set-url", "origin", (tmp_path / "nowhere").as_uri())
    return project


def test_a_base_that_is_missing_is_could_not_tell_and_never_passed(act, change, tmp_path):
    project = shallow(change, tmp_path, reachable=False)
    acted = act(project, example("pull-request"), "pull_request", pull_request(project))
    assert (acted.code, acted.exit_code()) == (1, 3), acted.out
    assert "fetch-depth: 0" in acted.out


def test_a_shallow_clone_is_deepened_until_the_base_is_found(act, change, tmp_path):
    project = shallow(change, tmp_path, reachable=True)
    acted = act(project, example("pull-request"), "pull_request", pull_request(project))
    assert (acted.code, acted.exit_code()) == (0, 0), acted.out


@pytest.mark.parametrize("name", ["stage", "base", "install"])
def test_inputs_are_never_code(act, change, offline, name):
    hostile = "'; touch $PWNED; $(touch $PWNED) `touch $PWNED` \" --help"
    lines = example("pull-request").splitlines(True)
    at = next(i for i, line in enumerate(lines) if " stage: m" in line)
    lines = [line for line in lines if f"          {name}:" not in line]
    lines.insert(at, f"          {name}: {json.dumps(hostile)}\n")
    acted = act(change, "".join(lines), "pull_request", pull_request(change))
    assert acted.code == 1, acted.out
    assert acted.exit_code() in (2, 3), acted.out
    assert not Path(offline["PWNED"]).exists()


def test_what_cannot_be_installed_is_could_not_tell(act, change):
    workflow = example("pull-request", install="mlgate==99")
    acted = act(change, workflow, "pull_request", pull_request(change))
    assert (acted.code, acted.exit_code()) == (1, 3), acted.out


def test_a_merge_queue_is_judged_against_the_commit_it_names(act, change):
    base = change.git("rev-parse", "origin/main").strip()
    event = {
        "repository": {"full_name": "us/project", "default_branch": "main"},
        "merge_group": {"base_sha": base, "base_ref": "refs/heads/main", "head_sha": "2" * 40},
    }
    acted = act(change, example("merge-queue"), "merge_group", event)
    assert acted.code == 0, acted.out
    report = json.loads((acted.kept / "mlgate-queue" / "report.json").read_text())
    assert report["base"] == base


def test_a_monorepo_is_judged_project_by_project_under_one_name(act, change):
    origin = Project(Path(change.git("remote", "get-url", "origin").strip()))
    files = {"mlgate.toml": 'projects = ["models/churn", "models/fraud"]\n[gates.files]\n'}
    files |= {f"models/{name}/mlgate.toml": "[gates.files]\n" for name in ("churn", "fraud")}
    origin.put(files).commit("a monorepo")
    change.git("fetch", "-q")
    change.git("rebase", "-q", "origin/main")
    change.put({"models/fraud/a.py": "x = 1   \n", "models/churn/a.py": "x = 1\n"}).commit("more")
    acted = act(change, example("monorepo"), "pull_request", pull_request(change))
    assert acted.code == 1, acted.out
    assert acted.exit_code("mlgate-churn") == 0, acted.out
    assert acted.exit_code("mlgate-fraud") == 1, acted.out
    assert "Every project has passed" in acted.out


@pytest.mark.parametrize(("policy", "retrains"), [("y = 2", 0), ("y = 2   ", 1), ("", None)])
def test_the_monitor_retrains_on_one_alone(act, change, policy, retrains):
    gates = '[gates.files]\nstages = ["monitor"]\n' if retrains is not None else "[gates.nothing]\n"
    change.write(mlgate_DOT_toml=gates, b_DOT_py=policy + "\n", requirements_DOT_txt="").commit("m")
    workflow = example("monitor").replace("dvc repro --pull", 'touch "$KEPT/retrained"')
    event = {"repository": {"full_name": "us/project", "default_branch": "main"}}
    acted = act(change, workflow, "schedule", event)
    expected = {0: 0, 1: 1, None: 2}[retrains]
    assert acted.exit_code("mlgate-monitor") == expected, acted.out
    assert (acted.kept / "retrained").exists() is (retrains == 1), acted.out


def test_what_init_writes_needs_no_action(act, change):
    assert change.run("ci", "init", "--provider", "github").code == 0
    change.commit("use mlgate")
    path = change.folder / ".github/workflows/mlgate.yml"
    assert "OWNER/mlgate" not in path.read_text()
    workflow = path.read_text().replace("MLGATE_STAGE: merge", "MLGATE_INSTALL: ''")
    acted = act(change, workflow, "pull_request", pull_request(change))
    assert (acted.code, acted.exit_code()) == (0, 0), acted.out
    change.write(b_DOT_py="y = 2   \n").commit("bad")
    acted = act(change, workflow, "pull_request", pull_request(change))
    assert (acted.code, acted.exit_code()) == (1, 1), acted.out


def test_the_comment_on_a_fork_is_written_by_a_run_of_its_own(act, change):
    hub = Hub()
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    api = f"GITHUB_API_URL: http://127.0.0.1:{hub.server_port}\n          GITHUB_TOKEN: x"
    workflow = (EXAMPLES / "comment.yml").read_text()
    workflow = workflow.replace("GITHUB_TOKEN: ${{ github.token }}", api)
    head = {"head_sha": COMMITTED, "head_branch": "$(touch $PWNED)"}
    run = {"id": 5, "event": "pull_request", "head_repository": {"owner": {"login": "them"}}}
    event = {"repository": {"full_name": "us/project"}, "workflow_run": run | head}
    change.git("remote", "set-url", "origin", "https://github.com/us/project")
    acted = act(change, workflow, "workflow_run", event)
    hub.shutdown()
    hub.server_close()
    assert acted.code == 0, acted.out
    assert "commented on pull request 7" in acted.out
    assert hub.comments[0]["body"].startswith("<!-- mlgate -->\n## ❌ mlgate: ")


def test_the_reusable_workflow_gives_the_same_verdict(act, change):
    assert act(change, REUSED, "pull_request", pull_request(change)).exit_code() == 0
    change.write(b_DOT_py="y = 2   \n").commit("bad")
    acted = act(change, REUSED, "pull_request", pull_request(change))
    assert (acted.code, acted.exit_code()) == (1, 1), acted.out
