"""The base is named and not here: what needs it has errored, the rest is judged."""

from __future__ import annotations

import json
import subprocess

import pytest

GOOD, BAD = "x = 1\n", "x = 1   \n"
NEW_ONLY = "[gates.files]\nnew_only = true\n[gates.lint]\nargs = ['--select=F']\n"


@pytest.fixture
def origin(project):
    """Sixty commits on main, and a branch of two."""
    project.put({"mlgate.toml": NEW_ONLY, "old.py": BAD}).commit("first")
    for n in range(60):
        project.git("commit", "-q", "--allow-empty", "-m", f"n{n}")
    project.git("checkout", "-q", "-b", "topic")
    project.put({"new.py": GOOD}).commit("one")
    project.git("commit", "-q", "--allow-empty", "-m", "two")
    return project


def clone(origin, make_project, *options, branch="topic"):
    made = make_project("clone")
    subprocess.run(["rm", "-rf", str(made.folder)], check=True)
    url = f"file://{origin.folder}"
    subprocess.run(
        ["git", "clone", "-q", "-b", branch, *options, url, str(made.folder)], check=True
    )
    return made


GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_BASE_REF": "main",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_COMMIT_BRANCH": "topic",
}
SHALLOW = ("--depth", "1")


def report(ended):
    found = json.loads(ended.out)
    return found, {verdict["gate"]: verdict for verdict in found["verdicts"]}


@pytest.mark.parametrize(
    ("ci", "command"), [(GITHUB, "`fetch-depth: 0`"), (GITLAB, "`GIT_DEPTH: 0`")]
)
def test_a_shallow_clone(origin, make_project, ci, command):
    """What needs the base has errored, lint is judged; the report is written and says how."""
    there = clone(origin, make_project, *SHALLOW)
    ended = there.run("check", "--format", "json", **ci)
    assert ended.code == 3, ended
    found, verdicts = report(ended)
    assert found["base"] is None
    assert command in found["base_help"]
    assert "git fetch --unshallow" in found["base_help"]
    assert verdicts["files"]["outcome"] == "errored"
    assert "main" in verdicts["files"]["reason"]
    assert verdicts["lint"]["outcome"] == "passed"


def test_a_failure_counts_more(origin, make_project):
    origin.put({"bad.py": "import os\n"}).commit()
    ended = clone(origin, make_project, *SHALLOW).run("check", **GITHUB)
    assert ended.code == 1, ended
    assert "F401" in ended.out
    assert "the base cannot be found" in " ".join(ended.out.split())


@pytest.mark.parametrize("ci", [GITHUB, GITLAB])
def test_deepening_finds_it(origin, make_project, ci):
    there = clone(origin, make_project, *SHALLOW)
    state = there.git("status", "--porcelain")
    ended = there.run("check", "--deepen", "--new", "--format", "json", **ci)
    assert ended.code == 0, ended
    found, verdicts = report(ended)
    assert found["base"] == origin.git("rev-parse", "main").strip()
    assert verdicts["files"]["hidden"] == 1
    assert there.git("status", "--porcelain") == state
    assert int(there.git("rev-list", "--count", "HEAD")) < 60


def test_deepening_ends_with_the_whole_history(origin, make_project):
    """The base lies sixty commits back: the second step, of 200, has it all."""
    first = origin.git("rev-list", "--max-parents=0", "HEAD").strip()
    there = clone(origin, make_project, *SHALLOW)
    assert there.run("check", "--base", first, "--gate", "files").code == 3
    ended = there.run("check", "--deepen", "--base", first, "--gate", "files")
    assert ended.code == 0, ended
    assert int(there.git("rev-list", "--count", "HEAD")) == 63


def test_offline_nothing_is_fetched(origin, make_project):
    there = clone(origin, make_project, *SHALLOW)
    assert there.run("check", "--deepen", "--offline", "--gate", "files", **GITHUB).code == 3
    assert there.git("rev-list", "--count", "HEAD").strip() == "1"


def test_without_being_asked_nothing_is_fetched(origin, make_project):
    there = clone(origin, make_project, *SHALLOW)
    there.run("check", **GITHUB)
    assert there.git("rev-list", "--count", "HEAD").strip() == "1"


def test_a_branch_that_was_not_cloned(origin, make_project):
    there = clone(origin, make_project, "--single-branch")
    ended = there.run("check", "--gate", "files", **GITHUB)
    assert ended.code == 3
    assert "git fetch origin +refs/heads/main:refs/remotes/origin/main" in " ".join(
        ended.out.split()
    )
    assert there.run("check", "--deepen", "--gate", "files", **GITHUB).code == 0


def test_an_unknown_name(origin):
    ended = origin.run("check", "--base", "nowhere", "--gate", "files")
    assert ended.code == 3
    assert "nowhere" in ended.out
    assert "old.py" in ended.out or "errored" in ended.out or "could not be judged" in ended.out


@pytest.mark.parametrize("name", ["--upload-pack=touch x", "a b", "$(touch x)", "\n"])
def test_a_name_that_is_none(origin, name):
    ended = origin.run("check", "--deepen", "--base", name, "--gate", "files")
    assert ended.code == 3, ended
    assert not (origin.folder / "x").exists()


def test_unrelated_histories(origin):
    origin.git("checkout", "-q", "--orphan", "other")
    origin.git("commit", "-q", "-m", "unrelated")
    ended = origin.run("check", "--base", "main", "--gate", "files")
    assert ended.code == 3
    assert "unrelated" in ended.out


def test_only_changed_files_are_not_all_files(origin):
    """Without the base nobody knows what changed: neither all nor nothing is judged."""
    origin.put({"mlgate.toml": "[gates.files]\n"}).commit()
    ended = origin.run("check", "--changed", "--base", "nowhere", "--format", "json")
    assert ended.code == 3
    assert report(ended)[1]["files"]["outcome"] == "errored"
    assert report(ended)[1]["files"]["findings"] == []


def test_whether_it_is_asked_depends_on_the_base(origin):
    when = '[gates.own]\nkind = "command"\nrun = ["true"]\nwhen = ["src/"]\nstages = ["merge"]\n'
    origin.put({"mlgate.toml": when}).commit()
    ended = origin.run("check", "--base", "nowhere", "--format", "json")
    assert ended.code == 3
    assert report(ended)[1]["own"]["outcome"] == "errored"
    passed = origin.run("check", "--base", "main", "--format", "json")
    assert report(passed)[1]["own"]["outcome"] == "skipped"


def test_large_files_that_were_there_are_not_told_from_added_ones(origin):
    origin.put({"mlgate.toml": '[gates.files]\nmax_size = "1 kB"\n', "old.py": GOOD})
    origin.put({"big.py": "x = 1\n" * 500}).commit()
    ended = origin.run("check", "--base", "nowhere", "--format", "json")
    assert report(ended)[1]["files"]["outcome"] == "errored"
    origin.git("checkout", "-q", "-b", "later")
    assert origin.run("check", "--base", "topic").code == 0


def test_a_gate_without_findings_needs_no_base(origin):
    """Nothing was found, so nothing could be old; the run has errored all the same."""
    origin.put({"old.py": GOOD}).commit()
    ended = origin.run("check", "--base", "nowhere", "--gate", "files", "--format", "json")
    assert ended.code == 3
    assert report(ended)[1]["files"]["outcome"] == "passed"
