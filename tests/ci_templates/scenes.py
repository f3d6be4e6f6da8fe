"""What a template is tried on: a change, and the verdict that every CI must come to."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from projects import Project
from tried import CHURN

HOSTILE = "'; touch $PWNED; $(touch $PWNED) `touch $PWNED`"


def good(change: Project) -> Project:
    return change


def bad(change: Project) -> Project:
    return change.write(b_DOT_py="y = 2   \n").commit("bad")


def _undecided(change: Project, said: str) -> Project:
    """A model of which forty rows say too little; that is so on the main branch already."""
    origin = Project(Path(change.git("remote", "get-url", "origin").strip()))
    files = {"mlgate.toml": CHURN.format(said), "metrics.json": '{"accuracy": 0.86}'}
    origin.put(dict(files)).commit("a model")
    change.git("fetch", "-q")
    change.git("rebase", "-q", "origin/main")
    return change


def warned(change: Project) -> Project:
    return _undecided(change, "warn")


def blocked(change: Project) -> Project:
    return _undecided(change, "block")


def shallow(change: Project) -> Project:
    """A clone of the branch alone, one commit deep, whose origin cannot be reached any more."""
    origin = Path(change.git("remote", "get-url", "origin").strip())
    change.git("push", "-q", "origin", "feature")
    clone = change.folder.parent / "shallow"
    argv = ["git", "clone", "-q", "--depth=1", "--branch=feature", origin.as_uri(), str(clone)]
    subprocess.run(argv, check=True, capture_output=True)
    project = Project(clone)
    project.git("remote", "set-url", "origin", "git@127.0.0.1:us/project.git")
    return project


def hostile(change: Project) -> Project:
    """Names of branch, file and commit that would like to be code, or a command to the CI."""
    change.git("checkout", "-q", "-b", 'x";touch${IFS}$PWNED;`touch${IFS}$PWNED`')
    names = ('b";touch $PWNED;.py', "c # d\n::set-output name=x::y\n##vso[task.complete].py")
    change.put(dict.fromkeys(names, "y = 2   \n"))
    return change.commit("$(touch $PWNED)")


class Scene(Struct, frozen=True):
    """A change, and what mlgate says of it: its exit code, the outcome of the one gate, and words
    that must stand in the log."""

    name: str
    prepare: Callable[[Project], Project]
    code: int
    outcome: str
    said: str
    fork: bool = False
    """The change comes from a fork. No scene has a token: what needs one is left out."""
    broken: bool = False
    """Whatever is to be uploaded cannot be."""


SCENES = (
    Scene("a good change", good, 0, "passed", "merge base with origin/main"),
    Scene("a bad change", bad, 1, "failed", "trailing-whitespace"),
    Scene("inconclusive warns", warned, 0, "inconclusive", "not decided"),
    Scene("inconclusive blocks", blocked, 1, "inconclusive", "not decided"),
    Scene("no base", shallow, 3, "passed", "could not be judged"),
    Scene("a bad change of a fork", bad, 1, "failed", "trailing-whitespace", fork=True),
    Scene("hostile names", hostile, 1, "failed", "trailing-whitespace"),
    Scene("a good change, no upload", good, 0, "passed", "merge base with", broken=True),
    Scene("a bad change, no upload", bad, 1, "failed", "trailing-whitespace", broken=True),
)
