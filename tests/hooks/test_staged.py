"""What is judged at a commit is what will be committed, under each way to run the hook."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

CLEAN = '"""Nothing to object to."""\n\nNUMBER = 1\n'
UNUSED = '"""Imports what it does not use."""\n\nimport os\n'
POLICY = "[gates.lint]\n[gates.files]\n"
HOOK = (
    "repos:\n- repo: local\n  hooks:\n  - id: mlgate\n    name: mlgate\n    language: system\n"
    "    entry: mlgate check --stage commit\n    pass_filenames: false\n    always_run: true\n"
)


class Committer:
    """A repository with a hook; `commit` is git's own, with a time limit."""

    def __init__(self, project, way: str) -> None:
        self.project = project
        self.folder = project.folder
        binaries = os.path.dirname(sys.executable)
        self.env = {**os.environ, "PATH": os.pathsep.join([binaries, os.environ["PATH"]])}
        project.put({"mlgate.toml": POLICY, ".pre-commit-config.yaml": HOOK, "a.py": CLEAN})
        project.commit("first")
        argv = ["mlgate", "install"] if way == "native" else [way, "install"]
        done = subprocess.run(argv, cwd=self.folder, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done

    def __call__(self, *args: str) -> tuple[bool, str]:
        """Whether `git commit ARGS` went through, and what it said."""
        done = subprocess.run(
            ["git", "commit", "-m", "change", *args],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(params=["native", "pre-commit", "prek"])
def commit(request, project, monkeypatch, tmp_path):
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("PREK_HOME", str(tmp_path / "prek"))
    return Committer(project, request.param)


@pytest.fixture
def native(project):
    return Committer(project, "native")


def test_the_same_everywhere(commit):
    """A clean index with a faulty tree passes, a faulty index with a clean tree does not."""
    project = commit.project
    project.put({"a.py": CLEAN + "MORE = 2\n"}).git("add", "a.py")
    project.put({"a.py": UNUSED})
    assert commit()[0]
    assert (commit.folder / "a.py").read_text() == UNUSED
    project.git("add", "a.py")
    project.put({"a.py": CLEAN})
    passed, said = commit()
    assert not passed
    assert "F401" in said
    assert (commit.folder / "a.py").read_text() == CLEAN


def test_all_that_is_tracked(commit):
    commit.project.put({"a.py": UNUSED})
    passed, said = commit("-a")
    assert not passed and "F401" in said
    commit.project.put({"a.py": CLEAN + "MORE = 2\n"})
    assert commit("-a")[0]


def test_a_commit_of_one_path(native):
    """Git makes a temporary index: the other staged file is no part of this commit."""
    native.project.put({"b.py": UNUSED, "c.py": CLEAN}).git("add", "b.py", "c.py")
    assert native("c.py")[0]
    passed, said = native("b.py")
    assert not passed and "b.py:3" in said


def test_from_a_folder_below(native):
    native.project.put({"sub/b.py": UNUSED}).git("add", "-A")
    done = subprocess.run(
        ["git", "commit", "-qm", "x", "b.py"],
        cwd=native.folder / "sub",
        env=native.env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "sub/b.py:3" in done.stdout + done.stderr


def test_a_file_that_is_merely_intended(native):
    native.project.put({"b.py": UNUSED, "c.py": CLEAN})
    native.project.git("add", "--intent-to-add", "b.py")
    native.project.git("add", "c.py")
    assert native()[0]
    assert (native.folder / "b.py").read_text() == UNUSED
    assert " A b.py" in native.project.git("status", "--porcelain")


def test_deletions_and_renames(native):
    native.project.put({"b.py": UNUSED, "c.py": UNUSED}).git("add", "-A")
    native.project.git("commit", "-q", "--no-verify", "-m", "faulty")
    native.project.git("rm", "-q", "b.py")
    native.project.put({"b.py": UNUSED})
    assert native()[0], "what is deleted is not judged, though it lies in the tree"
    native.project.git("mv", "c.py", "d.py")
    passed, said = native()
    assert not passed and "d.py:3" in said and "c.py" not in said


def notebook(*sources: str) -> str:
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{n}",
            "metadata": {},
            "outputs": [],
            "source": [source],
        }
        for n, source in enumerate(sources)
    ]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1) + "\n"


def test_a_notebook_staged_in_part(native):
    native.project.put({"n.ipynb": notebook("x = 1")}).git("add", "-A")
    native.project.put({"n.ipynb": notebook("x = 1", "import os")})
    assert native()[0]
    native.project.git("add", "-A")
    native.project.put({"n.ipynb": notebook("x = 1")})
    passed, said = native()
    assert not passed and "F401" in said


def test_a_merge(native):
    project = native.project
    project.git("checkout", "-q", "-b", "other")
    project.put({"theirs.py": CLEAN, "a.py": CLEAN + "THEIRS = 1\n"}).git("add", "-A")
    assert native()[0]
    project.git("checkout", "-q", "main")
    project.put({"a.py": CLEAN + "OURS = 1\n"}).git("add", "-A")
    assert native()[0]
    subprocess.run(["git", "merge", "other"], cwd=native.folder, capture_output=True)
    ended = project.run("check", "--stage", "commit")
    assert ended.code == 2
    assert "merge conflicts" in ended.err
    project.put({"a.py": UNUSED}).git("add", "a.py")
    passed, said = native()
    assert not passed and "a.py:3" in said
    project.put({"a.py": CLEAN}).git("add", "a.py")
    assert native()[0]
    assert len(project.git("log", "-1", "--format=%P").split()) == 2


def test_nothing_but_our_store_is_written(native):
    project = native.project
    project.put({"b.py": UNUSED}).git("add", "b.py")
    project.put({"b.py": CLEAN, "loose.py": UNUSED})
    before = state(native.folder)
    assert project.run("check", "--stage", "commit", "--no-cache").code == 1
    assert state(native.folder) == before


def state(folder):
    return {
        str(path): (path.lstat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }
