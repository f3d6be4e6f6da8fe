"""GitLab's template does what it says, executed by gitlab-ci-local."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from executors import TEMPLATES
from local import include, merge_request, pipeline
from projects import Project
from tried import REPORTS, requirement

pytestmark = pytest.mark.heavy
EXAMPLE = TEMPLATES / "gitlab" / "examples" / "gitlab-ci.yml"


def included(**inputs):
    return yaml.safe_dump(
        {"include": [{"local": ".gitlab/mlgate.yml", "inputs": {"install": "", **inputs}}]}
    )


def kept(project):
    """Exit code and reports that the job left."""
    folder = project.folder / "mlgate-out"
    code = (folder / "exit-code.env").read_text().strip().removeprefix("MLGATE_EXIT_CODE=")
    return int(code), {path.name for path in folder.iterdir()}


def test_a_good_merge_request_passes_and_its_reports_are_kept(change, offline):
    include(change, included(install=requirement()))
    code, out = pipeline(change, offline, **merge_request(change))
    assert code == 0, out
    assert kept(change) == (0, REPORTS)
    report = json.loads((change.folder / "mlgate-out" / "report.json").read_text())
    assert report["base"] == change.git("rev-parse", "origin/main").strip()


@pytest.mark.parametrize(("content", "expected"), [("y = 2\n", 0), ("y = 2   \n", 1)])
def test_the_main_branch_is_judged_after_the_merge(change, offline, content, expected):
    change.write(b_DOT_py=content)
    include(change, included())
    code, out = pipeline(change, offline, CI_PIPELINE_SOURCE="push", CI_COMMIT_BRANCH="main")
    assert (code != 0) == bool(expected), out
    assert kept(change) == (expected, REPORTS)


def test_a_branch_without_a_merge_request_has_no_job(change, offline):
    include(change, included())
    pipeline(change, offline, CI_PIPELINE_SOURCE="push", CI_COMMIT_BRANCH="feature")
    assert not (change.folder / "mlgate-out").exists()


def test_a_base_that_is_missing_is_could_not_tell(change, offline, tmp_path):
    origin = Path(change.git("remote", "get-url", "origin").strip())
    told = merge_request(change)
    change.git("push", "-q", "origin", "feature")
    argv = ["git", "clone", "-q", "--depth=1", "--branch=feature", origin.as_uri()]
    subprocess.run([*argv, str(tmp_path / "shallow")], check=True, capture_output=True)
    project = Project(tmp_path / "shallow")
    project.git("remote", "set-url", "origin", "git@127.0.0.1:no/where.git")
    include(project, included())
    code, out = pipeline(project, offline, **told)
    assert (code, kept(project)[0]) == (1, 3), out
    assert "GIT_DEPTH" in out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stage", "release"),
        ("project", "'; touch pwned"),
        ("base", "$(touch pwned)"),
        ("install", "mlgate; touch pwned"),
        ("install", "--index-url=http://x"),
        ("out", "a b"),
        ("job", "x: y"),
        ("run", "perhaps"),
    ],
)
def test_inputs_are_checked_before_there_is_a_pipeline(change, offline, name, value):
    include(change, included(**{name: value}))
    code, out = pipeline(change, offline, "--preview", **merge_request(change))
    assert code == 1, out
    assert name in out
    assert not (change.folder / "pwned").exists()


def test_the_job_that_is_there_already_ends_with_it(change, offline):
    text = EXAMPLE.read_text()
    text = text.replace("run: false", "run: false\n      install: ''")
    text = text.replace("install: mlgate[code,dvc,data,model]==0.1.0", "install: ''")
    include(change, text)
    code, out = pipeline(change, offline, **merge_request(change))
    assert (code, kept(change)[0]) == (0, 0), out
    assert "mlgate-monitor" not in out
    change.write(b_DOT_py="y = 2   \n").commit("bad")
    assert pipeline(change, offline, **merge_request(change))[0] == 1


@pytest.mark.parametrize(("content", "expected"), [("y = 2", 0), ("y = 2   ", 1), (None, 2)])
def test_the_monitor_retrains_on_one_alone(change, offline, content, expected):
    gates = '[gates.files]\nstages = ["monitor"]\n' if content else "[gates.nothing]\n"
    change.write(mlgate_DOT_toml=gates, b_DOT_py=f"{content}\n", requirements_DOT_txt="")
    change.commit("m")
    text = EXAMPLE.read_text()
    text = text.replace("install: mlgate[code,dvc,data,model]==0.1.0", "install: ''")
    include(change, text.replace("dvc repro --pull", "touch retrained"))
    _, out = pipeline(change, offline, CI_PIPELINE_SOURCE="schedule", CI_COMMIT_BRANCH="main")
    assert kept(change)[0] == expected, out
    assert (change.folder / "retrained").exists() is (expected == 1), out
