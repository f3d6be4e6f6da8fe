"""`check` and `fix`, killed at every step: tree and index are as before, or will be as after."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("killed.py")
BAD = "x = 1   \n" + "".join(f"n{n} = {n}\n" for n in range(8))


@pytest.fixture
def half(project):
    """Files that are staged, half-staged and not staged, all to be mended."""
    project.put({"mlgate.toml": "[gates.files]\n", "old.py": BAD, "mode.py": BAD}).commit()
    project.put({"new.py": BAD, "mode.py": BAD + "more = 1\n", "half.py": BAD})
    (project.folder / "mode.py").chmod(0o755)
    project.git("add", "new.py", "half.py", "mode.py")
    return project.put({"half.py": BAD + "loose = 1   \n", "loose.py": BAD})


def kill(project, how: str, number: int, *args: str) -> int:
    done = subprocess.run(
        [sys.executable, str(DRIVER), str(project.folder), how, str(number), *args],
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("args", [("fix", "--staged"), ("fix",)])
def test_fix_killed_at_each_call_that_changes_a_file(half, args):
    assert kill(half, "points", 0, *args) > 20


@pytest.mark.parametrize("stage", ["merge", "commit"])
def test_check_makes_no_call_that_changes_a_file(half, stage):
    """Its store is SQLite's, which is killed at random moments; see also the store's own tests."""
    assert kill(half, "points", 0, "check", "--stage", stage) == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("args", "moments"), [(("fix", "--staged"), 60), (("fix",), 30)])
def test_fix_killed_at_random_moments(half, args, moments):
    assert kill(half, "moments", moments, *args) == moments


@pytest.mark.parametrize("stage", ["merge", "commit"])
def test_check_killed_at_random_moments(half, stage):
    assert kill(half, "moments", 30, "check", "--no-cache", "--stage", stage) == 30
