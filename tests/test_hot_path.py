"""The way of a check that finds nothing changed: what it must not import, counted, not timed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

HEAVY = {
    "asyncio", "bandit", "black", "concurrent.futures", "dataclasses", "email", "flake8",
    "importlib.metadata", "json", "logging", "multiprocessing", "packaging", "pathlib", "pathspec",
    "rich", "shutil", "tempfile", "yaml",
}  # fmt: skip
NEEDLESS = re.compile(
    r"mlgate\.(gates|stats|signing|tables|sources|registries)\..*|mlgate\.tools\.[a-z].*"
)
POLICY = "[gates.format]\n[gates.lint]\n[gates.security]\n[gates.files]\n"


@pytest.fixture
def warm(project: Project) -> Project:
    """A project in which everything was judged before."""
    files = {f"part{n}.py": f'"""Part {n}."""\n\nNUMBER = {n}\n' for n in range(3)}
    project.put({"mlgate.toml": POLICY, "notes.txt": "a\n", **files}).commit()
    for stage in ("merge", "commit"):
        assert project.run("check", "--stage", stage, "--all").code == 0
    assert project.run("check").code == 0
    return project


def imported(project: Project, *args: str) -> set[str]:
    """The modules that `mlgate ARGS` has imported when it ends, but for those of a bare start."""
    return _modules(project, "-m", "mlgate", *args) - _modules(project, "-c", "import click")


def _modules(project: Project, *argv: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *argv],
        cwd=project.folder,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {
        line.rpartition("|")[2].strip()
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }


@pytest.mark.parametrize("args", [("--help",), ("--version",)])
def test_help_imports_no_room(project: Project, args: tuple[str, ...]) -> None:
    found = imported(project, *args)
    assert not found & HEAVY
    assert "mlgate.runner.run" not in found


@pytest.mark.parametrize("args", [(), ("--stage", "commit", "--all")])
def test_a_warm_check_imports_neither_gates_nor_what_is_heavy(
    warm: Project, args: tuple[str, ...]
) -> None:
    found = imported(warm, "check", *args)
    assert "mlgate.runner.run" in found, "this test must see what is imported"
    assert sorted(found & HEAVY) == []
    assert sorted(filter(NEEDLESS.fullmatch, found)) == []


def test_a_warm_check_imports_few_modules(warm: Project) -> None:
    """A number, so that none creeps in unseen; raise it only for a reason."""
    assert len(imported(warm, "check")) <= MOST


MOST = 97
