from __future__ import annotations

import os
import re
import sys
import tomllib

import pytest

from mlgate.cli import _pre_commit
from mlgate.store.store import store_folder

CONFIG = """\
repos:
  # basics
  - repo: https://github.com/pre-commit/pre-commit-hooks
    rev: v4.5.0
    hooks:
      - id: trailing-whitespace
      - id: name-tests-test
"""


@pytest.fixture
def repository(git, tmp_path, monkeypatch):
    """One that uses pre-commit's basics, and has an old fault."""
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / _pre_commit.FILE).write_text(CONFIG)
    (tmp_path / "a.py").write_text("x = 1   \n")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    return tmp_path


def policy(folder):
    return tomllib.loads((folder / "mlgate.toml").read_text())


def test_writes_a_policy_an_entry_and_a_census(repository, mlgate):
    ran = mlgate("init")
    assert ran.code == 0, ran.err
    assert "files" in policy(repository)["gates"]
    assert "id: mlgate\n" in (repository / _pre_commit.FILE).read_text()
    assert "pre-commit install -t pre-commit -t pre-push" in ran.out
    assert "git add mlgate.toml .pre-commit-config.yaml && mlgate check" in ran.out
    assert "covered  trailing-whitespace (by files)" in ran.out
    assert "1 finding · 1 file · mostly trailing-whitespace (1)" in ran.out
    assert re.search(r"a\.py:1 +files/trailing-whitespace\n +\S", ran.out)


def test_legacy_findings_make_it_new_only(repository, mlgate):
    assert "new_only = true is set: " in mlgate("init").out
    assert policy(repository)["new_only"] is True
    assert mlgate("check", "--gate", "files").code == 0


def test_a_clean_repository_stays_strict(repository, mlgate, git):
    (repository / "a.py").write_text("x = 1\n")
    git("commit", "-q", "-a", "-m", "two")
    mlgate("init")
    assert "new_only" not in policy(repository)


def test_a_policy_is_never_overwritten_unasked(repository, mlgate):
    (repository / "mlgate.toml").write_text("# mine\n")
    ran = mlgate("init")
    assert ran.code == 2
    assert "--force" in ran.err
    assert (repository / "mlgate.toml").read_text() == "# mine\n"
    assert mlgate("init", "--force").code == 0
    assert "files" in policy(repository)["gates"]


def test_a_policy_in_pyproject_is_respected(repository, mlgate):
    (repository / "pyproject.toml").write_text("[tool.mlgate.gates.files]\n")
    for args in ([], ["--force"]):
        ran = mlgate("init", *args)
        assert ran.code == 2
        assert "pyproject.toml" in ran.err
    assert not (repository / "mlgate.toml").exists()


def test_replace_removes_covered_hooks_only(repository, mlgate):
    mlgate("init")
    ran = mlgate("init", "--replace")
    assert ran.code == 0, ran.err
    after = (repository / _pre_commit.FILE).read_text()
    assert "trailing-whitespace" not in after
    assert "name-tests-test" in after
    assert "# basics" in after


_FOREIGN = """\
  - repo: https://github.com/pycqa/pylint
    rev: v2.99.0
    hooks:
      - id: pylint
"""


@pytest.mark.parametrize("again", [False, True])
def test_a_hook_stays_whose_gate_does_not_block_yet(repository, mlgate, again):
    """Its tool is not here, so the gate is commented out."""
    config = repository / _pre_commit.FILE
    config.write_text(CONFIG + _FOREIGN)
    if again:
        mlgate("init")
    ran = mlgate("init", "--replace")
    assert ran.code == 0, ran.err
    assert "id: pylint" in config.read_text()
    assert "trailing-whitespace" not in config.read_text()


def test_twice_adds_one_entry(repository, mlgate):
    mlgate("init")
    mlgate("init", "--force")
    assert (repository / _pre_commit.FILE).read_text().count("id: mlgate\n") == 1


def test_a_dry_run_writes_nothing(repository, mlgate, git):
    ran = mlgate("init", "--dry-run")
    assert "files" in tomllib.loads(ran.out)["gates"]
    assert git("status", "--porcelain") == ""


def test_a_configuration_that_cannot_be_edited_is_shown(repository, mlgate):
    (repository / _pre_commit.FILE).write_text("repos: []\n")
    ran = mlgate("init", "--no-census")
    assert ran.code == 0
    assert "add it by hand" in ran.out
    assert "id: mlgate" in ran.out
    assert (repository / _pre_commit.FILE).read_text() == "repos: []\n"


def test_an_empty_repository(git, mlgate, tmp_path):
    ran = mlgate("init")
    assert ran.code == 0, ran.err
    assert (tmp_path / "mlgate.toml").exists()


def test_doctor_on_a_sound_repository(repository, mlgate):
    mlgate("init")
    mlgate("install")
    (repository / _pre_commit.FILE).write_text(CONFIG)
    ran = mlgate("doctor")
    for label in ("mlgate", "git", "policy", "base", "store", "project", "pre-commit", "CI"):
        assert f" {label} " in ran.out
    assert "mlgate's own" in ran.out
    assert f"open, in {store_folder(os.environ)}" in " ".join(ran.out.split())


def test_doctor_names_a_missing_tool(repository, mlgate):
    (repository / "mlgate.toml").write_text("[gates.format]\nversion = '1.2.3'\n")
    ran = mlgate("doctor")
    assert ran.code == 3
    assert "1.2.3" in ran.out
    assert "pip install" in ran.out


def test_doctor_sees_a_hook_that_was_never_installed(repository, mlgate):
    mlgate("init", "--no-census")
    ran = mlgate("doctor")
    assert ran.code == 3
    assert "pre-commit install --hook-type pre-commit" in ran.out


def test_doctor_says_whose_stash_it_is(repository, mlgate):
    said = "pre-commit takes unstaged changes out of the tree"
    assert said not in mlgate("doctor").out
    mlgate("init")
    assert said in " ".join(mlgate("doctor").out.split())


def test_doctor_compares_with_the_hooks_environment_and_ci(repository, mlgate):
    (repository / "mlgate.toml").write_text("[gates.lint]\n")
    (repository / _pre_commit.FILE).write_text(
        "repos:\n- repo: https://example.org/mlgate\n  rev: v0.0.1\n  hooks:\n"
        "  - id: mlgate\n    additional_dependencies: [flake8==3.0.0]\n"
    )
    workflows = repository / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "ci.yml").write_text("run: pip install flake8==4.0.0 && mlgate check\n")
    out = " ".join(mlgate("doctor").out.split())
    assert "pins v0.0.1" in out
    assert "hook mlgate uses 3.0.0" in out
    assert "ci.yml uses 4.0.0" in out
    assert "mlgate is called in .github/workflows/ci.yml" in out


def test_doctor_outside_a_repository(mlgate, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = mlgate("doctor")
    assert ran.code == 3
    assert "not a git repository" in ran.out


def test_doctor_with_a_broken_policy(repository, mlgate):
    (repository / "mlgate.toml").write_text("gates = 1\n")
    ran = mlgate("doctor")
    assert ran.code == 3
    assert "mlgate.toml" in ran.out


@pytest.fixture
def tested(repository, git, monkeypatch):
    """One with tests, run by the interpreter of these tests."""
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    (repository / "tests").mkdir()
    (repository / "requirements.txt").write_text("nowhere-to-be-found==1.0\n")

    def write(source, **others):
        (repository / "tests" / "test_a.py").write_text(f"{source}\n\ndef test(): pass\n")
        for name, text in others.items():
            (repository / f"{name}.py").write_text(text)
        git("add", "-A")
        git("commit", "-q", "-m", "tests")
        return repository

    return write


@pytest.mark.parametrize(
    ("source", "others"),
    [
        ("import nowhere_to_be_found", {}),
        ("import own", {"own": "from nowhere_to_be_found.deep import x\n"}),
    ],
)
def test_tests_that_cannot_run_are_told_of_beforehand(tested, mlgate, source, others):
    folder = tested(source, **others)
    ran = mlgate("init")
    assert ran.code == 0, ran.err
    assert "lacks nowhere_to_be_found" in re.sub(r"\s+", " ", ran.out)
    assert "-m pip install -r requirements.txt" in re.sub(r"\s+", " ", ran.out)
    assert "tests" not in policy(folder)["gates"]
    written = (folder / "mlgate.toml").read_text()
    assert "lacks nowhere_to_be_found" in re.sub(r"\s+", " ", written.replace("\n#", ""))
    assert "# [gates.tests]\n# paths = " in written
    assert sys.prefix not in written


@pytest.mark.parametrize(
    "source",
    [
        "import json, own, pytest",
        "try:\n    import nowhere_to_be_found\nexcept ImportError:\n    pass",
        "import pytest\npytest.importorskip('nowhere_to_be_found')\nimport nowhere_to_be_found",
        "from . import helpers",
    ],
)
def test_tests_that_may_run_stay(tested, mlgate, source):
    folder = tested(source, own="x = 1\n")
    assert "tests" in policy_after(mlgate("init", "--no-census"), folder)["gates"]


def policy_after(ran, folder):
    assert ran.code == 0, ran.err
    return policy(folder)


def test_no_pytest_is_told_of_beforehand(tested, mlgate, tmp_path_factory, monkeypatch):
    folder = tested("import json")
    empty = tmp_path_factory.mktemp("empty")
    (empty / "bin").mkdir()
    (empty / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setenv("VIRTUAL_ENV", str(empty))
    ran = mlgate("init", "--no-census")
    assert "-m pip install pytest" in re.sub(r"\s+", " ", ran.out)
    assert "tests" not in policy(folder)["gates"]


def test_a_gate_that_cannot_judge_today_is_commented_out(repository, mlgate, git):
    (repository / "pyproject.toml").write_text("[tool.flake8]\nmax-line-length = 100\n")
    (repository / "tox.ini").write_text("[testenv]\ncommands = flake8\n")
    git("add", "-A")
    git("commit", "-q", "-m", "lint")
    ran = mlgate("init")
    assert "lint" not in policy(repository)["gates"]
    assert "pip install Flake8-pyproject" in ran.out
    git("add", "mlgate.toml")
    assert mlgate("check").code != 3


def test_data_whose_remote_cannot_be_asked_is_judged_by_what_is_here(repository, mlgate, git):
    stale = "stages:\n  train:\n    cmd: 'true'\n    outs: [model.bin]\n"
    config = "[core]\n    remote = store\n['remote \"store\"']\n    url = /nowhere/at/all\n"
    pointer = "outs:\n- md5: 0123456789abcdef0123456789abcdef\n  size: 1\n  path: rows.csv\n"
    for name, text in (
        (".dvc/config", config),
        ("dvc.yaml", stale),
        ("rows.csv.dvc", pointer),
        (".gitignore", "/rows.csv\n"),
    ):
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(text)
    git("add", "-A")
    git("commit", "-q", "-m", "data")
    ran = mlgate("init")
    assert policy(repository)["gates"]["data-version"] == {"retrievable": False}
    written = " ".join((repository / "mlgate.toml").read_text().replace("#", " ").split())
    assert "Once that is mended, remove the line `retrievable = false`" in written
    assert re.search(r"most worth mending\n  dvc\.yaml:2 +data-version/no-lock", ran.out)
    told = ran.out.partition("judged in part, as mlgate.toml says")[2]
    assert "data-version  the remote store" in told and "mend" in told
    assert mlgate("check", "--gate", "data-version").code == 0
