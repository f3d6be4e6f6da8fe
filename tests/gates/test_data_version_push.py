"""A real `git push` is asked about the data of every commit that it brings, whatever is pushed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from projects import Project
from test_data_version_history import POINTER, versioned

GONE, OTHER = "ab" * 16, "cd" * 16
HOOK = f"""#!/bin/sh
exec {sys.executable} -m mlgate check --stage push --push-refs - --format json > report.json
"""


class Pushing:
    """A clone whose origin is a bare repository, with the native hook in it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.whole = versioned(project)
        self.origin = project.folder.parent / "origin.git"
        project.put({".git/info/exclude": "report.json\n"})
        project.git("init", "-q", "--bare", "-b", "main", str(self.origin))
        project.git("remote", "add", "origin", str(self.origin))
        project.git("push", "-q", "origin", "main")
        self.install(project.folder)

    def install(self, folder: Path) -> None:
        hook = folder / ".git" / "hooks" / "pre-push"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(HOOK)
        hook.chmod(0o755)

    def lacking(self, md5: str = GONE) -> Pushing:
        """A commit that names a version which no remote has."""
        self.project.put({"data.txt.dvc": POINTER.format(md5=md5)}).commit("lacking")
        (self.project.folder / "data.txt").unlink(missing_ok=True)
        return self

    def mended(self) -> Pushing:
        self.project.put({"data.txt.dvc": self.whole}).commit("mended")
        return self

    def __call__(self, *args: str, folder: Path | None = None) -> tuple[int, list[str]]:
        """Push: how it ended, and what the failing findings say."""
        here = folder or self.project.folder
        (here / "report.json").unlink(missing_ok=True)
        done = subprocess.run(["git", "push", "-q", "origin", *args], cwd=here, capture_output=True)
        report: Any = json.loads((here / "report.json").read_text())
        found = [f for v in report["verdicts"] for f in v["findings"] if f["result"] == "fail"]
        wrong = [v["reason"] for v in report["verdicts"] if v["outcome"] == "errored"]
        return done.returncode, [f["message"] for f in found if f["level"] != "note"] + wrong

    def tips(self) -> str:
        return self.project.git("ls-remote", "origin")


@pytest.fixture
def push(project: Project) -> Pushing:
    return Pushing(project)


def test_every_commit_of_the_range_is_asked_about(push: Pushing) -> None:
    push.lacking().lacking(OTHER).mended()
    before = push.tips()
    code, said = push("main")
    assert code == 1 and push.tips() == before
    assert len(said) == 2 and all("as of commit" in one for one in said), said


def test_what_the_remote_has_already_is_not_asked_about_again(push: Pushing) -> None:
    """The lacking commit was pushed once, past the hook: it is in no later range."""
    push.lacking().mended()
    push.project.git("push", "-q", "--no-verify", "origin", "main")
    push.project.put({"note.md": "more\n"}).commit("a note")
    assert push("main") == (0, [])


def test_a_new_branch_brings_what_no_branch_of_the_remote_has(push: Pushing) -> None:
    push.project.git("checkout", "-q", "-b", "topic")
    push.lacking().mended()
    code, said = push("topic")
    assert code == 1 and len(said) == 1 and "as of commit" in said[0]
    push.project.git("reset", "-q", "--hard", "main")
    push.project.put({"note.md": "more\n"}).commit("a note")
    assert push("topic") == (0, [])


def test_a_branch_that_is_deleted_brings_nothing(push: Pushing) -> None:
    push.project.git("checkout", "-q", "-b", "topic")
    push.lacking()
    push.project.git("push", "-q", "--no-verify", "origin", "topic")
    assert push("--delete", "topic") == (0, [])
    assert "topic" not in push.tips()


@pytest.mark.parametrize("kind", [("v1",), ("-a", "v1", "-m", "first")])
def test_a_tag_brings_the_commits_that_it_names(push: Pushing, kind: tuple[str, ...]) -> None:
    push.lacking().mended()
    push.project.git("tag", *kind)
    code, said = push("v1")
    assert code == 1 and len(said) == 1 and "as of commit" in said[0], said
    assert "v1" not in push.tips()
    push.project.git("reset", "-q", "--hard", "origin/main")
    push.project.git("tag", "-f", *kind)
    assert push("v1") == (0, [])


def test_a_forced_push_brings_what_replaces(push: Pushing) -> None:
    push.project.put({"note.md": "more\n"}).commit("a note")
    assert push("main") == (0, [])
    push.project.git("reset", "-q", "--hard", "HEAD~1")
    push.lacking().mended()
    before = push.tips()
    code, said = push("--force", "main")
    assert code == 1 and len(said) == 1 and push.tips() == before
    push.project.git("reset", "-q", "--hard", "HEAD~2")
    push.project.put({"other.md": "instead\n"}).commit("instead")
    assert push("--force", "main") == (0, [])


def test_a_shallow_clone_is_asked_about_what_it_adds(push: Pushing, tmp_path: Path) -> None:
    push.project.put({"note.md": "more\n"}).commit("a note")
    assert push("main") == (0, [])
    shallow = tmp_path / "shallow" / "clone"
    push.project.git("clone", "-q", "--depth", "1", push.origin.as_uri(), str(shallow))
    (shallow.parent.parent / "shallow" / "remote").symlink_to(push.origin.parent / "remote")
    push.install(shallow)
    clone = Project(shallow)
    clone.put({".git/info/exclude": "report.json\n"})
    clone.put({"data.txt.dvc": POINTER.format(md5=GONE)}).commit("lacking")
    clone.put({"data.txt.dvc": push.whole}).commit("mended")
    code, said = push("main", folder=shallow)
    assert code == 1 and len(said) == 1 and "as of commit" in said[0], said
    clone.git("reset", "-q", "--hard", "origin/main")
    clone.put({"other.md": "more\n"}).commit("more")
    assert push("main", folder=shallow) == (0, [])
