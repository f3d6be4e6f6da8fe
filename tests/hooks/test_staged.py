"""What is judged at a commit is what will be committed, under each way to run the hook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from projects import Project

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


@pytest.fixture
def native(project):
    return Committer(project, "native")


class Scene(NamedTuple):
    """How a commit is made ready, and what becomes of it."""

    prepare: Callable[[Any], None]
    passes: bool
    args: tuple[str, ...] = ()
    says: str = ""


def _half(project, staged: str, loose: str, name: str = "a.py") -> None:
    project.put({name: staged}).git("add", "-A")
    project.put({name: loose})


def _intended(project) -> None:
    project.put({"b.py": UNUSED, "c.py": CLEAN})
    project.git("add", "--intent-to-add", "b.py")
    project.git("add", "c.py")


def _faulty(project) -> None:
    project.put({"b.py": UNUSED, "c.py": CLEAN}).git("add", "-A")
    project.git("commit", "-q", "--no-verify", "-m", "faulty")


def _deleted(project) -> None:
    _faulty(project)
    project.git("rm", "-q", "b.py")


def _deleted_and_there(project) -> None:
    _deleted(project)
    project.put({"b.py": UNUSED})


def _renamed(project) -> None:
    _faulty(project)
    project.git("mv", "b.py", "d.py")


def _two_staged(project) -> None:
    project.put({"b.py": UNUSED, "c.py": CLEAN}).git("add", "b.py", "c.py")


def _merging(project, resolved: str) -> None:
    project.git("checkout", "-q", "-b", "other")
    project.put({"theirs.py": CLEAN, "a.py": CLEAN + "THEIRS = 1\n"}).git("add", "-A")
    project.git("commit", "-q", "--no-verify", "-m", "theirs")
    project.git("checkout", "-q", "main")
    project.put({"a.py": CLEAN + "OURS = 1\n"}).git("add", "-A")
    project.git("commit", "-q", "--no-verify", "-m", "ours")
    subprocess.run(["git", "merge", "other"], cwd=project.folder, capture_output=True)
    project.put({"a.py": resolved}).git("add", "a.py")


SCENES = {
    "a clean index, a faulty tree": Scene(lambda p: _half(p, CLEAN + "MORE = 2\n", UNUSED), True),
    "a faulty index, a clean tree": Scene(lambda p: _half(p, UNUSED, CLEAN), False, says="a.py:3"),
    "commit -a, faulty": Scene(lambda p: p.put({"a.py": UNUSED}), False, ("-a",), "a.py:3"),
    "commit -a, clean": Scene(lambda p: p.put({"a.py": CLEAN + "MORE = 2\n"}), True, ("-a",)),
    "commit of the clean PATH": Scene(_two_staged, True, ("c.py",)),
    "commit of the faulty PATH": Scene(_two_staged, False, ("b.py",), "b.py:3"),
    "a faulty file merely intended": Scene(_intended, True),
    "a faulty file deleted": Scene(_deleted, True),
    "a faulty file deleted, and there": Scene(_deleted_and_there, True),
    "a faulty file renamed": Scene(_renamed, False, says="d.py:3"),
    "a notebook, clean as staged": Scene(
        lambda p: _half(p, notebook("x = 1"), notebook("x = 1", "import os"), "n.ipynb"), True
    ),
    "a notebook, faulty as staged": Scene(
        lambda p: _half(p, notebook("x = 1", "import os"), notebook("x = 1"), "n.ipynb"),
        *(False, (), "n.ipynb"),
    ),
    "a merge, resolved well": Scene(lambda p: _merging(p, CLEAN), True),
    "a merge, resolved badly": Scene(lambda p: _merging(p, UNUSED), False, says="a.py:3"),
}


@pytest.fixture(scope="module")
def committers():
    """The repositories that are there already, one for each way."""
    return {}


@pytest.fixture(params=["native", "pre-commit", "prek"])
def hooked(request, committers, tmp_path_factory, monkeypatch):
    """One repository for all scenes, since a runner takes its time to set up."""
    if request.param not in committers:
        folder = tmp_path_factory.mktemp(request.param)
        monkeypatch.setenv("PRE_COMMIT_HOME", str(folder / "pre-commit"))
        monkeypatch.setenv("PREK_HOME", str(folder / "prek"))
        committers[request.param] = Committer(Project(folder / "project"), request.param)
    return committers[request.param]


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_ends_alike(hooked, scene):
    """And leaves what is not committed in the tree as it was."""
    project, (prepare, passes, args, says) = hooked.project, SCENES[scene]
    start = project.git("rev-list", "--max-parents=0", "HEAD").strip()
    for undo in (["merge", "--abort"], ["checkout", "-qf", "main"], ["branch", "-qD", "other"]):
        subprocess.run(["git", *undo], cwd=hooked.folder, capture_output=True)
    project.git("reset", "-q", "--hard", start)
    project.git("clean", "-fdq")
    prepare(project)
    before = contents(hooked.folder)
    passed, said = hooked(*args)
    assert passed is passes, said
    assert says in said
    assert contents(hooked.folder) == before


def contents(folder):
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


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


@pytest.mark.parametrize("way", ["--no-verify", "core.hooksPath", "uninstalled"])
def test_what_the_hook_never_saw_is_found_at_the_merge(native, way):
    project = native.project
    start = project.git("rev-parse", "HEAD").strip()
    project.put({"a.py": UNUSED})
    if way == "core.hooksPath":
        project.git("config", "core.hooksPath", "nowhere")
    if way == "uninstalled":
        (native.folder / ".git" / "hooks" / "pre-commit").unlink()
    assert native("-a", *(["--no-verify"] if way == "--no-verify" else []))[0]
    ended = project.run("check", "--base", start, "--new", SKIP="mlgate")
    assert ended.code == 1 and "a.py:3" in ended.out


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
